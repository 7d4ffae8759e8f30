import { afterEach, beforeEach, expect, test } from "vitest";

import { join, joined, me, roomId, setting, type Setting, soon } from "../../testing/client";
import { DirectoryState } from "./state";

let current: Setting;
let directory: DirectoryState;

beforeEach(async () => {
  current = await setting({ join: { [roomId]: joined([join(me)]) } });
  directory = new DirectoryState(current.client);
});
afterEach(() => current.end());

const here = { kind: "server", server: null } as const;
const listed = (id: string, name: string): object => ({ room_id: id, name, num_joined_members: 2 });

test("rooms come page by page, and those that one is in are marked", async () => {
  const pages = [
    { chunk: [listed(roomId, "Mine"), listed("!a", "A")], next_batch: "n" },
    { chunk: [listed("!b", "B")] },
  ];
  current.homeserver.on("GET", /^\/publicRooms$/, () => ({ body: pages.shift() ?? {} }));

  await directory.search("", here);
  expect(directory.rooms.value).toMatchObject([{ name: "Mine", isJoined: true }, { name: "A", isJoined: false }]);
  expect(directory.hasMore.value).toBe(true);
  await directory.loadMore();

  expect(directory.rooms.value.map(({ name }) => name)).toEqual(["Mine", "A", "B"]);
  expect(directory.hasMore.value).toBe(false);
});

test("the words that are searched for and the server go to the server", async () => {
  current.homeserver.on("POST", /^\/publicRooms$/, () => ({ body: { chunk: [listed("!a", "Tea")] } }));

  await directory.search("tea", { kind: "server", server: "other.test" });

  const [asked] = current.homeserver.requests.filter(({ path }) => path === "/publicRooms");
  expect(asked?.body).toMatchObject({ filter: { generic_search_term: "tea" } });
  expect(asked?.query.get("server")).toBe("other.test");
  expect(directory.rooms.value).toMatchObject([{ name: "Tea", via: ["other.test"] }]);
});

test("a late answer to an earlier question does not take the place of the newer one", async () => {
  let answerFirst: (() => void) | null = null;
  current.homeserver.on("POST", /^\/publicRooms$/, async ({ body }) => {
    const term = (body["filter"] as { generic_search_term: string }).generic_search_term;
    if (term === "slow") await new Promise<void>((resolve) => (answerFirst = resolve));
    return { body: { chunk: [listed("!x", term)] } };
  });

  const slow = directory.search("slow", here);
  await soon(() => expect(answerFirst).not.toBeNull());
  await directory.search("quick", here);
  (answerFirst as unknown as () => void)();
  await slow;

  expect(directory.rooms.value.map(({ name }) => name)).toEqual(["quick"]);
});

test("a server that cannot be asked is told of in its own words", async () => {
  current.homeserver.on("GET", /^\/publicRooms$/, () => ({ status: 502, body: { errcode: "M_UNKNOWN", error: "No such server." } }));

  await directory.search("", { kind: "server", server: "nowhere.test" });

  expect(directory.loading.failure.value).toBe("No such server.");
});
