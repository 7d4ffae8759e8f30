import { afterEach, beforeEach, expect, test } from "vitest";

import { event, join, joined, me, roomId, setting, type Setting } from "../../testing/client";
import { markedParts, SearchState } from "./state";

let current: Setting;
let search: SearchState;

beforeEach(async () => {
  current = await setting({ join: { [roomId]: joined([join(me), join("@ann:test", "Ann")]) } });
  search = new SearchState(current.client);
});
afterEach(() => current.end());

function answerWith(bodies: readonly string[], next?: string): void {
  const results = bodies.map((body) => ({
    rank: 1,
    result: { ...event("m.room.message", "@ann:test", { msgtype: "m.text", body }), room_id: roomId },
    context: { events_before: [], events_after: [], profile_info: {} },
  }));
  const found = { results, count: 3, highlights: ["tea"], ...(next && { next_batch: next }) };
  current.homeserver.on("POST", /^\/search$/, () => ({ body: { search_categories: { room_events: found } } }));
}

test("what the server finds is there with its number, page by page", async () => {
  answerWith(["tea one", "tea two"], "n");
  await search.search(" tea ", roomId);
  expect(search.hits.value.map((hit) => hit.event.getContent()["body"])).toEqual(["tea one", "tea two"]);
  expect(search.count.value).toBe(3);
  expect(search.hasMore.value).toBe(true);

  answerWith(["tea three"]);
  await search.loadMore();

  expect(search.hits.value).toHaveLength(3);
  expect(search.hasMore.value).toBe(false);
  const [asked] = current.homeserver.bodies("POST", /^\/search$/);
  expect(asked).toMatchObject({
    search_categories: { room_events: { search_term: "tea", filter: { rooms: [roomId] } } },
  });
});

test("everywhere is in no room in particular", async () => {
  answerWith([]);
  await search.search("tea", null);

  expect(JSON.stringify(current.homeserver.bodies("POST", /^\/search$/))).not.toContain(roomId);
  expect(search.count.value).toBe(3);
});

test("a refusal is told in the server's words", async () => {
  current.homeserver.on("POST", /^\/search$/, () => ({ status: 403, body: { errcode: "M_FORBIDDEN", error: "Not here." } }));
  await search.search("tea", null);

  expect(search.searching.failure.value).toBe("Not here.");
  expect(search.hits.value).toEqual([]);
});

test("words are marked wherever they stand, and only as words, not as patterns", () => {
  expect(markedParts("Tea and tea (x)", ["tea", "(x)"])).toEqual([
    { text: "Tea", isMarked: true },
    { text: " and ", isMarked: false },
    { text: "tea", isMarked: true },
    { text: " ", isMarked: false },
    { text: "(x)", isMarked: true },
  ]);
  expect(markedParts(`${"x".repeat(500)} tea`, ["tea"])[0]?.text.length).toBeLessThan(70);
});
