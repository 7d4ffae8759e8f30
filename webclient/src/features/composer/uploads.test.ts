import { afterEach, beforeEach, expect, test } from "vitest";

import type { JsonObject } from "../../core/api";
import { encryptedFileIn } from "../../core/media/attachment";
import { join, joined, me, roomId, setting, type Setting, soon } from "../../testing/client";
import { Uploads } from "./uploads";

let current: Setting;
let isEncrypted = false;
let uploads: Uploads;
let sent: JsonObject[];

beforeEach(async () => {
  current = await setting({ join: { [roomId]: joined([join(me)]) } });
  isEncrypted = false;
  sent = [];
  uploads = new Uploads(current.client, () => isEncrypted);
  let count = 0;
  current.homeserver.on("GET", /\/media\/config$/, () => ({ body: { "m.upload.size": 1000 } }));
  current.homeserver.on("POST", /media/, () => ({ body: { content_uri: `mxc://test/${++count}` } }));
});
afterEach(() => current.end());

const send = (content: JsonObject): Promise<unknown> => Promise.resolve(sent.push(content));
const text = (name: string, content = name): File => new File([content], name, { type: "text/plain" });

test("files go up one after the other; a text goes with the first as its caption", async () => {
  uploads.stage([text("one.txt"), text("two.txt")]);

  uploads.sendStaged({ msgtype: "m.text", body: "look" }, send);

  await soon(() => expect(sent).toHaveLength(2));
  expect(sent[0]).toMatchObject({ msgtype: "m.file", body: "look", filename: "one.txt", url: "mxc://test/1" });
  expect(sent[1]).toMatchObject({ body: "two.txt", url: "mxc://test/2", info: { mimetype: "text/plain", size: 7 } });
  expect(uploads.list.value).toEqual([]);
});

test("what the server would not take is not sent, with the limit; the rest goes on", async () => {
  uploads.stage([text("big.txt", "x".repeat(2000)), text("small.txt")]);

  uploads.sendStaged(null, send);

  await soon(() => expect(sent).toHaveLength(1));
  expect(uploads.list.value).toMatchObject([{ phase: "failed", failure: expect.stringMatching(/too large.*1/) }]);
});

test("what failed can be tried again", async () => {
  current.homeserver.on("POST", /media/, () => ({ status: 500, body: { errcode: "M_UNKNOWN", error: "Disk full." } }));
  uploads.stage([text("a.txt")]);
  uploads.sendStaged(null, send);
  await soon(() => expect(uploads.list.value).toMatchObject([{ phase: "failed", failure: "Disk full." }]));

  current.homeserver.on("POST", /media/, () => ({ body: { content_uri: "mxc://test/again" } }));
  uploads.retry(uploads.list.value[0]!.id);

  await soon(() => expect(sent).toMatchObject([{ url: "mxc://test/again" }]));
});

test("a file taken back is not sent", async () => {
  uploads.stage([text("a.txt"), text("b.txt")]);
  uploads.remove(uploads.list.value[0]!.id);

  uploads.sendStaged(null, send);

  await soon(() => expect(sent).toMatchObject([{ body: "b.txt" }]));
});

test("in an encrypted room the server is given nothing that it could read", async () => {
  isEncrypted = true;
  uploads.stage([text("secret.txt", "the plan")]);

  uploads.sendStaged(null, send);

  await soon(() => expect(sent).toHaveLength(1));
  expect(encryptedFileIn(sent[0]?.["file"])?.url).toBe("mxc://test/1");
  expect(sent[0]).not.toHaveProperty("url");
  const uploaded = current.homeserver.requests.filter(({ method, path }) => method === "POST" && path.includes("media"));
  expect(JSON.stringify(uploaded.map(({ body, query }) => [body, [...query]]))).not.toMatch(/plan|secret/);
});
