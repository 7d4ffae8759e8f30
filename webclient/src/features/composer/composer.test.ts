// @vitest-environment jsdom
import type { Room } from "matrix-js-sdk";
import { afterEach, beforeEach, expect, test } from "vitest";

import { speak } from "../../core/texts";
import { join, joined, me, message, roomId, setting, stateEvent, type Setting, soon } from "../../testing/client";
import { nearestCommand, parseCommand } from "./commands";
import { ComposerState, isSendKey, silenceIn } from "./state";

let current: Setting;
let composer: ComposerState;

beforeEach(async () => {
  localStorage.clear();
  const timeline = [message("@ann:test", "question", 1), message(me, "my words", 2)];
  current = await setting({ join: { [roomId]: joined([join(me), join("@ann:test", "Ann")], timeline) } });
  composer = new ComposerState(current.client, room());
  current.homeserver.on("PUT", /\/send\//, () => ({ body: { event_id: "$sent" } }));
});
afterEach(async () => {
  await speak("en");
  await current.end();
});

const room = (): Room => current.client.getRoom(roomId) as Room;
const idOf = (text: string): string =>
  room().getLiveTimeline().getEvents().find((event) => event.getContent()["body"] === text)?.getId() ?? "";

/** What the server was sent, once it was. */
async function sent(path = /\/send\/m\.room\.message\//, method = "PUT"): Promise<Record<string, unknown>> {
  await soon(() => expect(current.homeserver.bodies(method, path)).toHaveLength(1));
  return current.homeserver.bodies(method, path)[0] ?? {};
}

const key = { key: "Enter", shiftKey: false, isComposing: false };

test("Enter sends; with Shift, or while an input method composes, it does not", () => {
  expect(isSendKey(key)).toBe(true);
  expect(isSendKey({ ...key, shiftKey: true })).toBe(false);
  expect(isSendKey({ ...key, isComposing: true })).toBe(false);
  expect(isSendKey({ ...key, key: "a" })).toBe(false);
});

test("a draft is sent as text and is gone then", async () => {
  composer.write("  two\nlines ");

  expect(await composer.send()).toBe(true);

  expect(composer.draft.value.text).toBe("");
  expect(await sent()).toMatchObject({ msgtype: "m.text", body: "two\nlines" });
});

test("nothing, or only space, is not sent", async () => {
  composer.write(" \n ");

  expect(await composer.send()).toBe(false);
  expect(current.homeserver.bodies("PUT", /\/send\//)).toEqual([]);
});

test("each room and each thread has its draft, which is there again after a look elsewhere and after a reload", async () => {
  composer.write("half a sentence");
  new ComposerState(current.client, room(), "$root").write("in the thread");

  expect(new ComposerState(current.client, room()).draft.value.text).toBe("half a sentence");
  await soon(() => expect(JSON.stringify(localStorage)).toContain("in the thread"));
  const reloaded = await setting({ join: { [roomId]: joined([join(me)]) } });
  const again = new ComposerState(reloaded.client, reloaded.client.getRoom(roomId) as Room, "$root");
  expect(again.draft.value.text).toBe("in the thread");
  await reloaded.end();
});

test("an answer names what it answers", async () => {
  composer.reply(idOf("question"));
  composer.write("answer");
  await composer.send();

  expect(await sent()).toMatchObject({
    body: "answer",
    "m.mentions": { user_ids: ["@ann:test"] },
    "m.relates_to": { "m.in_reply_to": { event_id: idOf("question") } },
  });
  expect(composer.draft.value.replyTo).toBeNull();
});

test("Up takes the newest of our own messages to edit it, Escape puts it back", async () => {
  const eventId = idOf("my words");
  expect(composer.editLast()).toBe(true);
  expect(composer.draft.value).toMatchObject({ text: "my words", editing: eventId });
  composer.cancel();
  expect(composer.draft.value.text).toBe("");

  composer.editLast();
  composer.write("better words");
  await composer.send();

  expect(await sent()).toMatchObject({
    "m.new_content": { body: "better words" },
    "m.relates_to": { rel_type: "m.replace", event_id: eventId },
  });
});

test("what is written in a thread belongs to it", async () => {
  const inThread = new ComposerState(current.client, room(), idOf("question"));
  inThread.write("aside");
  await inThread.send();

  expect(await sent()).toMatchObject({
    "m.relates_to": { rel_type: "m.thread", event_id: idOf("question"), is_falling_back: true },
  });
});

test.each([
  ["/me waves", { msgtype: "m.emote", body: "waves" }],
  ["/shrug", { body: "¯\\_(ツ)_/¯" }],
  ["/plain **x**", { body: "**x**" }],
  ["//me", { msgtype: "m.text", body: "/me" }],
  ["/usr/bin is a path", { msgtype: "m.text", body: "/usr/bin is a path" }],
])("%s", async (text, content) => {
  composer.write(text);
  await composer.send();

  const body = await sent();
  expect(body).toMatchObject(content);
  if (text.startsWith("/plain")) expect(body).not.toHaveProperty("formatted_body");
});

test("a command asks the server for what it says", async () => {
  current.homeserver.on("POST", /\/kick$/, () => ({ body: {} }));
  composer.write("/kick @ann:test too loud");

  expect(await composer.send()).toBe(true);

  expect(await sent(/\/kick$/, "POST")).toEqual({ user_id: "@ann:test", reason: "too loud" });
  expect(current.homeserver.bodies("PUT", /\/send\//)).toEqual([]);
});

test.each([
  ["/topc Tea", /Did you mean \/topic\?/],
  ["/frobnicate", /no command \/frobnicate/],
  ["/invite", /\/invite @user:server/],
  ["/ban nobody", /user id/],
])("%s is not sent, and the reason is told", async (text, reason) => {
  composer.write(text);

  expect(await composer.send()).toBe(false);

  expect(composer.failure.value).toMatch(reason);
  expect(composer.draft.value.text).toBe(text);
});

test("the server's own words say why a command failed, and what was typed is kept", async () => {
  current.homeserver.on("POST", /\/ban$/, () => ({ status: 403, body: { errcode: "M_FORBIDDEN", error: "Too weak." } }));
  composer.write("/ban @ann:test");

  await composer.send();

  expect(composer.failure.value).toBe("Too weak.");
  expect(composer.draft.value.text).toBe("/ban @ann:test");
});

test.each([
  ["jion", "join"],
  ["leav", "leave"],
  ["remov", "remove"],
  ["xyzzyxyzzy", null],
])("%s is most likely %s", (typed, nearest) => {
  expect(nearestCommand(typed)).toBe(nearest);
});

test.each(["hello", "/", "/ join", "/etc/passwd", "a /join"])("%s is no command", (text) => {
  expect(parseCommand(text)).toBeNull();
});

test("what is read-only says so instead of offering to write", async () => {
  current.homeserver.sync({
    rooms: { join: { [roomId]: joined([stateEvent("m.room.power_levels", "@ann:test", { events_default: 50 })]) } },
  });
  await soon(() => expect(silenceIn(room())).toMatch(/read this room/));
});
