import type { Room } from "matrix-js-sdk";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import {
  event,
  join,
  joined,
  me,
  message,
  roomId,
  setting,
  stateEvent,
  type Setting,
  soon,
} from "../../testing/client";
import type { MessageEntry } from "../../messages/entry";
import { TimelineState } from "./state";

let current: Setting;
let timeline: TimelineState;

beforeEach(async () => {
  vi.spyOn(console, "error").mockReturnValue();
  current = await setting({
    join: { [roomId]: joined([join(me), join("@ann:test", "Ann")], [message("@ann:test", "first", 100)]) },
  });
  timeline = new TimelineState(current.client, current.client.getRoom(roomId) as Room);
});
afterEach(async () => {
  timeline.dispose();
  vi.restoreAllMocks();
  await current.end();
});

const messages = (): MessageEntry[] =>
  timeline.view.rows.flatMap((row) => (row.kind === "message" ? [row.entry] : []));
const textOf = ({ body }: MessageEntry): string => (body.kind === "text" ? body.text : body.kind);
const texts = (): string[] => messages().map(textOf);
const notices = (): string[] =>
  timeline.view.rows.flatMap((row) => (row.kind === "notice" ? row.notices.map(({ text }) => text) : []));

function arrive(...events: ReturnType<typeof event>[]): void {
  current.homeserver.sync({ rooms: { join: { [roomId]: joined([], events) } } });
}

test("what arrives is shown: messages, changes of the room; reactions are not", async () => {
  arrive(
    message("@ann:test", "second", 101),
    event("m.reaction", "@ann:test", { "m.relates_to": { rel_type: "m.annotation", event_id: "$x", key: "+" } }),
    stateEvent("m.room.topic", "@ann:test", { topic: "Tea" }),
    event("m.room.message", "@ann:test", { msgtype: "m.emote", body: "waves" }),
    event("m.room.message", "@ann:test", { msgtype: "m.image", body: "cat.png", url: "mxc://test/1" }),
    event("m.room.message", "@ann:test", {}),
  );

  await soon(() =>
    expect(texts()).toEqual(["first", "second", "waves", "media", "unshowable"]),
  );
  expect(notices()).toEqual(["Ann set the topic to “Tea”"]);
});

test("an edit replaces the text, a redaction removes it", async () => {
  const [first] = messages();
  const edit = {
    "m.new_content": { msgtype: "m.text", body: "better" },
    "m.relates_to": { rel_type: "m.replace", event_id: first?.eventId },
  };
  arrive(event("m.room.message", "@ann:test", { msgtype: "m.text", body: "* better", ...edit }));
  await soon(() => expect(messages()).toMatchObject([{ body: { text: "better" }, isEdited: true }]));

  arrive({ ...event("m.room.redaction", "@ann:test", { redacts: first?.eventId }), redacts: first?.eventId });
  await soon(() => expect(messages()).toMatchObject([{ body: { kind: "deleted" }, isEdited: false }]));
});

test("our own message is there at once, and stays the same element when the server has it", async () => {
  let accept: (() => void) | null = null;
  current.homeserver.on("PUT", /\/send\//, async () => {
    await new Promise<void>((resolve) => (accept = resolve));
    return { body: { event_id: "$mine" } };
  });
  const sending = current.client.sendTextMessage(roomId, "hello");
  await soon(() => expect(messages()).toMatchObject([{ body: { text: "first" } }, { body: { text: "hello" }, delivery: "sending" }]));
  const { key } = messages()[1] ?? {};

  await soon(() => expect(accept).not.toBeNull());
  (accept as unknown as () => void)();
  await sending;
  await soon(() => expect(messages()[1]).toMatchObject({ delivery: "sent", eventId: "$mine", key }));

  const txnId = current.homeserver.requests
    .find(({ path }) => path.includes("/send/"))
    ?.path.split("/")
    .pop();
  arrive({ ...message(me, "hello", 102), event_id: "$mine", unsigned: { transaction_id: txnId } });
  arrive(message("@ann:test", "hello too", 103));
  await soon(() => expect(texts()).toEqual(["first", "hello", "hello too"]));
  expect(messages()[1]).toMatchObject({ eventId: "$mine", key });
});

test("a message that the server refuses can be sent again, or given up", async () => {
  current.homeserver.on("PUT", /\/send\//, () => ({ status: 403, body: { errcode: "M_FORBIDDEN", error: "No." } }));
  await current.client.sendTextMessage(roomId, "again").catch(() => undefined);
  await current.client.sendTextMessage(roomId, "never").catch(() => undefined);
  await soon(() => expect(messages().map(({ delivery }) => delivery)).toEqual(["sent", "failed", "failed"]));
  const [, again, never] = messages();

  current.homeserver.on("PUT", /\/send\//, () => ({ body: { event_id: "$again" } }));
  timeline.discard(never?.eventId ?? "");
  timeline.retry(again?.eventId ?? "");

  await soon(() =>
    expect(messages()).toMatchObject([
      { body: { text: "first" } },
      { body: { text: "again" }, delivery: "sent", eventId: "$again" },
    ]),
  );
});

test("older messages come page by page until the start", async () => {
  const pages = [
    { chunk: [message("@ann:test", "zero", 99)], start: "p1", end: "p2" },
    { chunk: [message("@ann:test", "minus one", 98)], start: "p2" },
  ];
  current.homeserver.on("GET", /^\/rooms\/!room\/messages$/, () => ({ body: pages.shift() ?? {} }));

  await Promise.all([timeline.loadOlder(), timeline.loadOlder()]);
  expect(texts()).toEqual(["zero", "first"]);
  expect(timeline.view.isAtStart).toBe(false);

  await timeline.loadOlder();
  await timeline.loadOlder();
  expect(texts()).toEqual(["minus one", "zero", "first"]);
  expect(timeline.view.isAtStart).toBe(true);
  const asked = current.homeserver.requests.filter(({ path }) => path.endsWith("/messages"));
  expect(asked.map(({ query }) => [query.get("from"), query.get("dir")])).toEqual([
    ["p1", "b"],
    ["p2", "b"],
  ]);
});

test("a page that cannot be loaded leaves a sentence", async () => {
  current.homeserver.on("GET", /messages$/, () => ({
    status: 403,
    body: { errcode: "M_FORBIDDEN", error: "Not for you." },
  }));

  await timeline.loadOlder();

  expect(timeline.loadingOlder.failure.value).toBe("Not for you.");
});

test("the newest message of somebody else is marked as read, once", async () => {
  current.homeserver.on("POST", /\/receipt\//, () => ({ body: {} }));
  const eventId = messages()[0]?.eventId;

  await timeline.markRead();
  await timeline.markRead();

  const sent = current.homeserver.requests.filter(({ path }) => path.includes("/receipt/"));
  expect(sent.map(({ path }) => path)).toEqual([`/rooms/${roomId}/receipt/m.read/${eventId}`]);
});
