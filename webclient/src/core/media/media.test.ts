import { afterEach, expect, test, vi } from "vitest";

import { setting, type Setting } from "../../testing/client";
import { decryptAttachment, encryptAttachment, encryptedFileIn } from "./attachment";
import { KeptUrls } from "./kept";
import { Media } from "./media";
import { safeType } from "./types";

let current: Setting | null = null;
afterEach(async () => {
  await current?.end();
  current = null;
});

const bytes = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer;

test("what is encrypted is read again with what was said of it, and only then", async () => {
  const { data, file } = await encryptAttachment(bytes("a secret picture"));
  expect(new TextDecoder().decode(data)).not.toContain("secret");
  const sent = encryptedFileIn(JSON.parse(JSON.stringify({ ...file, url: "mxc://test/a" })));

  expect(new TextDecoder().decode(await decryptAttachment(data, sent!))).toBe("a secret picture");

  new Uint8Array(data)[0]! ^= 1;
  await expect(decryptAttachment(data, sent!)).rejects.toThrow(/damaged/);
});

test("an example made elsewhere is read", async () => {
  // AES-256-CTR of `hello` with a key of 32 bytes 1 and a counter block of 8 bytes 2 and 8 bytes 0.
  const key = await crypto.subtle.importKey("raw", new Uint8Array(32).fill(1), "AES-CTR", false, ["encrypt"]);
  const counter = new Uint8Array(16).fill(2, 0, 8);
  const data = await crypto.subtle.encrypt({ name: "AES-CTR", counter, length: 64 }, key, bytes("hello"));
  const sha256 = Buffer.from(await crypto.subtle.digest("SHA-256", data)).toString("base64");
  const file = encryptedFileIn({
    url: "mxc://test/a",
    key: { alg: "A256CTR", k: Buffer.alloc(32, 1).toString("base64url") },
    iv: Buffer.from(counter).toString("base64"),
    hashes: { sha256 },
  });

  expect(new TextDecoder().decode(await decryptAttachment(data, file!))).toBe("hello");
});

test.each([null, [], "x", {}, { url: 1, key: {}, iv: 2 }, { url: "mxc://a/b", key: { alg: "none", k: "" }, iv: "", hashes: { sha256: "" } }])(
  "%j is no encrypted attachment",
  (content) => expect(encryptedFileIn(content)).toBeNull(),
);

test.each([
  ["image/png", "image/png"],
  ["Image/JPEG; charset=x", "image/jpeg"],
  ["image/svg+xml", "application/octet-stream"],
  ["text/html", "application/octet-stream"],
  ["application/pdf", "application/octet-stream"],
  ["", "application/octet-stream"],
])("content of type %s is given to the page as %s", (claimed, given) => expect(safeType(claimed)).toBe(given));

test("media is asked for with the token, at the endpoints for those who are logged in", async () => {
  current = await setting();
  const { homeserver, client } = current;
  homeserver.on("GET", /^\/media\//, () => ({ body: { content: "picture" } }));

  const media = new Media(client);
  const blob = await media.fetch({ source: "mxc://other:8448/abc" });
  await media.fetch({ source: "mxc://other/abc", thumbnail: { width: 32, height: 32, method: "crop" } });

  expect(await blob.text()).toContain("picture");
  const asked = homeserver.requests.filter(({ path }) => path.startsWith("/media/"));
  expect(asked.map(({ path }) => path)).toEqual(["/media/download/other:8448/abc", "/media/thumbnail/other/abc"]);
  expect(asked[1]?.query.get("method")).toBe("crop");
  expect(asked.map(({ authorization }) => authorization)).toEqual(["Bearer t", "Bearer t"]);
});

test.each(["https://evil.test/x", "mxc://a", "mxc://a/../b", "mxc://a/b?c", ""])(
  "%s is no address that is asked for",
  async (source) => {
    current = await setting();
    await expect(new Media(current.client).fetch({ source })).rejects.toThrow(/address/);
    expect(current.homeserver.requests.filter(({ path }) => path.includes("media"))).toEqual([]);
  },
);

test("an address is fetched once for all, and revoked once nobody shows it and space is wanted", async () => {
  const revoked = vi.spyOn(URL, "revokeObjectURL");
  const kept = new KeptUrls(10);
  const fetchBlob = vi.fn(() => Promise.resolve(new Blob(["12345678"])));
  const first = await kept.acquire("a", fetchBlob);
  expect(await kept.acquire("a", fetchBlob)).toBe(first);
  await kept.acquire("b", fetchBlob);
  expect(fetchBlob).toHaveBeenCalledTimes(2);

  kept.release("a");
  kept.release("b");
  await vi.waitFor(() => expect(revoked).toHaveBeenCalledTimes(1));
  expect(revoked).not.toHaveBeenCalledWith(first);

  kept.release("a");
  expect(await kept.acquire("b", fetchBlob)).not.toBe(first);
  kept.release("b");
  await vi.waitFor(() => expect(revoked).toHaveBeenCalledWith(first));
  revoked.mockRestore();
});

test("what could not be fetched is tried again", async () => {
  const kept = new KeptUrls();
  await expect(kept.acquire("a", () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  kept.release("a");
  expect(await kept.acquire("a", () => Promise.resolve(new Blob(["x"])))).toMatch(/^blob:/);
});
