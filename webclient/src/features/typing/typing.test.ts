import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { join, joined, me, roomId, setting, soon } from "../../testing/client";
import { TypingNotices, TypingWatch, typingSentence } from "./state";

describe("notices to the server", () => {
  let told: boolean[];
  let notices: TypingNotices;

  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    notices = new TypingNotices((isTyping) => told.push(isTyping));
  });
  afterEach(() => vi.useRealTimers());

  test("many keys are one notice, a pause ends it", () => {
    for (const text of ["h", "he", "hel"]) notices.changed(text);
    expect(told).toEqual([true]);

    vi.advanceTimersByTime(5_000);
    expect(told).toEqual([true, false]);
  });

  test("who goes on typing is told again before the server forgets", () => {
    for (let second = 0; second <= 12; second++) {
      notices.changed(`text ${second}`);
      vi.advanceTimersByTime(1_000);
    }
    expect(told).toEqual([true, true]);
  });

  test("an emptied or sent text ends it at once, and only once", () => {
    notices.changed("h");
    notices.changed("");
    notices.stopped();
    expect(told).toEqual([true, false]);

    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([true, false]);
  });
});

test.each([
  [[], ""],
  [["Ann"], "Ann is typing…"],
  [["Ann", "Bo"], "Ann and Bo are typing…"],
  [["Ann", "Bo", "Cy"], "Ann, Bo and Cy are typing…"],
  [["Ann", "Bo", "Cy", "Di"], "Several people are typing…"],
])("%j", (names, sentence) => {
  expect(typingSentence(names)).toBe(sentence);
});

test("others who type are named, ourselves not", async () => {
  const { client, homeserver, end } = await setting({
    join: { [roomId]: joined([join(me), join("@ann:test", "Ann")]) },
  });
  const room = client.getRoom(roomId);
  if (!room) throw new Error("no room");
  const watch = new TypingWatch(client, room);
  const typing = (...userIds: string[]) => ({
    rooms: { join: { [roomId]: { ephemeral: { events: [{ type: "m.typing", content: { user_ids: userIds } }] } } } },
  });

  homeserver.sync(typing("@ann:test", me));
  await soon(() => expect(watch.names).toEqual(["Ann"]));
  homeserver.sync(typing());
  await soon(() => expect(watch.names).toEqual([]));

  watch.dispose();
  await end();
});
