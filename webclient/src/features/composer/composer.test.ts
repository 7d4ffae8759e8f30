import type { Room } from "matrix-js-sdk";
import { afterEach, beforeEach, expect, test } from "vitest";

import { join, joined, me, roomId, setting, stateEvent, type Setting, soon } from "../../testing/client";
import { ComposerState, isSendKey, silenceIn } from "./state";

let current: Setting;
beforeEach(async () => {
  current = await setting({ join: { [roomId]: joined([join(me)]) } });
});
afterEach(() => current.end());

const key = { key: "Enter", shiftKey: false, isComposing: false };

test("Enter sends; with Shift, or while an input method composes, it does not", () => {
  expect(isSendKey(key)).toBe(true);
  expect(isSendKey({ ...key, shiftKey: true })).toBe(false);
  expect(isSendKey({ ...key, isComposing: true })).toBe(false);
  expect(isSendKey({ ...key, key: "a" })).toBe(false);
});

test("a draft is sent as text and is gone then", async () => {
  current.homeserver.on("PUT", /\/send\/m\.room\.message\//, () => ({ body: { event_id: "$1" } }));
  const composer = new ComposerState(current.client, roomId);
  composer.draft.value = "  two\nlines ";

  expect(composer.send()).toBe(true);

  expect(composer.draft.value).toBe("");
  await soon(() =>
    expect(current.homeserver.bodies("PUT", /send/)).toMatchObject([{ msgtype: "m.text", body: "two\nlines" }]),
  );
});

test("blanks are not sent", () => {
  const composer = new ComposerState(current.client, roomId);
  composer.draft.value = " \n ";

  expect(composer.send()).toBe(false);
});

test("a draft waits in its room", () => {
  new ComposerState(current.client, roomId).draft.value = "half a mess";

  expect(new ComposerState(current.client, "!other").draft.value).toBe("");
  expect(new ComposerState(current.client, roomId).draft.value).toBe("half a mess");
});

test.each([
  [stateEvent("m.room.encryption", "@ann:test", { algorithm: "m.megolm.v1.aes-sha2" }), "encrypted"],
  [stateEvent("m.room.power_levels", "@ann:test", { events_default: 50 }), "not write"],
])("a room that cannot be written in says why", async (state, reason) => {
  const room = current.client.getRoom(roomId) as Room;
  expect(silenceIn(room)).toBeNull();

  current.homeserver.sync({ rooms: { join: { [roomId]: joined([], [state]) } } });

  await soon(() => expect(silenceIn(room)).toContain(reason));
});
