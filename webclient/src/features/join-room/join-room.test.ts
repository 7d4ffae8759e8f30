import { afterEach, expect, test } from "vitest";

import { setting, type Setting } from "../../testing/client";
import { JoinRoomState } from "./state";
import { parseTarget } from "./target";

let current: Setting | null = null;
afterEach(async () => {
  await current?.end();
  current = null;
});

test.each([
  ["#tea:example.org", "", "#tea:example.org", []],
  [" !abc:example.org ", "a.test, b.test", "!abc:example.org", ["a.test", "b.test"]],
  [
    "!qe7W20DRRrmwcsLIGcvATYRRB7okqarrlDbQPLyzzos",
    "a.test",
    "!qe7W20DRRrmwcsLIGcvATYRRB7okqarrlDbQPLyzzos",
    ["a.test"],
  ],
  ["https://matrix.to/#/%23tea:example.org", "", "#tea:example.org", []],
  ["https://matrix.to/#/!abc?via=a.test&via=b.test", "b.test", "!abc", ["b.test", "a.test"]],
  ["https://matrix.to/#/!abc/$event?via=a.test", "", "!abc", ["a.test"]],
  ["matrix:r/tea:example.org", "", "#tea:example.org", []],
  ["matrix:roomid/abc?via=a.test", "", "!abc", ["a.test"]],
])("%s through “%s”", (typed, via, room, servers) => {
  expect(parseTarget(typed, via)).toEqual({ room, via: servers });
});

test.each(["", "tea", "#tea", "@ann:example.org", "!a b"])("“%s” is refused with a sentence", (typed) => {
  expect(() => parseTarget(typed, "")).toThrow(/address/);
});

test("a join asks the named servers, and a refusal is the server's sentence", async () => {
  current = await setting();
  const state = new JoinRoomState(current.client);
  current.homeserver.on("POST", /^\/join\/!abc$/, () => ({ body: { room_id: "!abc" } }));

  expect(await state.join("!abc", "a.test")).toBe("!abc");
  const request = current.homeserver.requests.find(({ path }) => path === "/join/!abc");
  expect(request?.query.getAll("via")).toEqual(["a.test"]);

  current.homeserver.on("POST", /^\/join\//, () => ({
    status: 404,
    body: { errcode: "M_NOT_FOUND", error: "No such room." },
  }));
  expect(await state.join("#none:test", "")).toBeNull();
  expect(state.task.failure.value).toBe("No such room.");
});
