import { afterEach, expect, test } from "vitest";

import { setting, type Setting } from "../../testing/client";
import { CreateRoomState, creationRequest, suggestedAlias } from "./state";

let current: Setting | null = null;
afterEach(async () => {
  await current?.end();
  current = null;
});

const form = { name: " Tea ", topic: "", isPublic: false, isEncrypted: true, aliasLocalpart: "tea" };

test("a private room has no alias and is encrypted, unless that is not wanted", () => {
  const plain = { name: "Tea", preset: "private_chat", visibility: "private" };
  expect(creationRequest(form)).toEqual({
    ...plain,
    initial_state: [
      { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
    ],
  });
  expect(creationRequest({ ...form, isEncrypted: false })).toEqual(plain);
});

test("a public room is listed and has an alias", () => {
  expect(creationRequest({ ...form, topic: "Cake", isPublic: true })).toEqual({
    name: "Tea",
    topic: "Cake",
    preset: "public_chat",
    visibility: "public",
    room_alias_name: "tea",
  });
});

test.each([
  ["Tea & Cake", "tea-cake"],
  ["  Über uns!  ", "uber-uns"],
  ["日本語 room", "日本語-room"],
  ["!!!", ""],
])("the alias suggested for “%s” is “%s”", (name, alias) => {
  expect(suggestedAlias(name)).toBe(alias);
});

test("the server's answer is the new room's id, its refusal a sentence", async () => {
  current = await setting();
  const state = new CreateRoomState(current.client);
  current.homeserver.on("POST", /^\/createRoom$/, () => ({ body: { room_id: "!new" } }));
  expect(await state.create(form)).toBe("!new");

  current.homeserver.on("POST", /^\/createRoom$/, () => ({
    status: 400,
    body: { errcode: "M_ROOM_IN_USE", error: "That address is taken." },
  }));
  expect(await state.create({ ...form, isPublic: true })).toBeNull();
  expect(state.task.failure.value).toBe("That address is taken.");
});
