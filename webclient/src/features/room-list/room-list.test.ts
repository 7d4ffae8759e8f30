import { afterEach, expect, test } from "vitest";

import { join, joined, me, message, setting, stateEvent, type Setting, soon } from "../../testing/client";
import { byActivity, RoomListState, sectionsOf, type RoomSummary } from "./state";

let current: Setting | null = null;
afterEach(async () => {
  await current?.end();
  current = null;
});

const named = (name: string): ReturnType<typeof stateEvent> => stateEvent("m.room.name", me, { name });

test("rooms have their names, their unread counts, and the latest activity first", async () => {
  current = await setting({
    join: {
      "!quiet": joined([join(me), named("Quiet")], [message("@a:test", "long ago", 1)]),
      "!busy:test": joined([join(me), named("Busy")], [message("@a:test", "just now", 9)], {
        unread_notifications: { notification_count: 3, highlight_count: 1 },
      }),
    },
  });
  const list = new RoomListState(current.client);

  expect(list.rooms).toMatchObject([
    { roomId: "!busy:test", name: "Busy", unread: 3, highlights: 1 },
    { roomId: "!quiet", name: "Quiet", unread: 0, highlights: 0 },
  ]);

  current.homeserver.sync({ rooms: { join: { "!quiet": joined([], [message("@a:test", "hello", 20)]) } } });
  await soon(() => expect(list.rooms.map(({ name }) => name)).toEqual(["Quiet", "Busy"]));
  list.dispose();
});

test("a room without a name goes by the heroes of its summary", async () => {
  const heroes = {
    summary: { "m.heroes": ["@ann:test", "@bo:test"], "m.joined_member_count": 3, "m.invited_member_count": 0 },
  };
  current = await setting({
    join: { "!r": joined([join(me), join("@ann:test", "Ann"), join("@bo:test", "Bo")], [], heroes) },
  });
  const list = new RoomListState(current.client);

  expect(list.rooms[0]?.name).toBe("Ann and Bo");
  list.dispose();
});

test("rooms that are left, or only invite, are not listed", async () => {
  current = await setting({
    join: { "!r": joined([join(me), named("Here")]) },
    invite: {
      "!i": { invite_state: { events: [stateEvent("m.room.member", "@a:test", { membership: "invite" }, me)] } },
    },
  });
  const list = new RoomListState(current.client);
  expect(list.rooms).toHaveLength(1);

  const left = stateEvent("m.room.member", me, { membership: "leave" }, me);
  current.homeserver.sync({ rooms: { leave: { "!r": joined([], [left]) } } });
  await soon(() => expect(list.rooms).toHaveLength(0));
  list.dispose();
});

test("rooms of equal activity have a steady order", () => {
  const room = (roomId: string, name: string): RoomSummary => ({
    roomId,
    name,
    picture: null,
    unread: 0,
    highlights: 0,
    lastActiveMs: 5,
    isFavourite: false,
    isLowPriority: false,
    isDirect: false,
    isMuted: false,
    isMarkedUnread: false,
  });

  const sorted = [room("!3", "B"), room("!2", "A"), room("!1", "B")].sort(byActivity);

  expect(sorted.map(({ roomId }) => roomId)).toEqual(["!2", "!1", "!3"]);
});

test("favourites, people, other rooms and what is less important have their own headings", async () => {
  const tagged = (tag: string): object => ({ account_data: { events: [{ type: "m.tag", content: { tags: { [tag]: {} } } }] } });
  current = await setting({
    join: {
      "!fav": joined([join(me), named("Fav")], [message("@a:test", "x", 1)], tagged("m.favourite") as never),
      "!low": joined([join(me), named("Low")], [message("@a:test", "x", 2)], tagged("m.lowpriority") as never),
      "!dm": joined([join(me), named("Ann")], [message("@a:test", "x", 3)]),
      "!room": joined([join(me), named("Room")], [message("@a:test", "x", 4)]),
    },
  });
  const list = new RoomListState(current.client);
  current.homeserver.sync({ account_data: { events: [{ type: "m.direct", content: { "@ann:test": ["!dm"], bad: 1 } }] } });

  await soon(() =>
    expect(sectionsOf(list.rooms).map(({ name, rooms }) => [name, rooms.map((room) => room.name)])).toEqual([
      ["favourites", ["Fav"]],
      ["people", ["Ann"]],
      ["rooms", ["Room"]],
      ["lowPriority", ["Low"]],
    ]),
  );
  list.dispose();
});

test("a room becomes a favourite, and is less important no more", async () => {
  const asked: string[] = [];
  current = await setting({ join: { "!low": joined([join(me), named("Low")]) } });
  for (const method of ["PUT", "DELETE"]) {
    current.homeserver.on(method, /\/tags\//, ({ path }) => {
      asked.push(`${method} ${path.split("/").pop()}`);
      return { body: {} };
    });
  }
  const list = new RoomListState(current.client);
  const [room] = list.rooms;

  await list.toggleTag({ ...room!, isLowPriority: true }, "m.favourite");

  expect(asked).toEqual(["PUT m.favourite", "DELETE m.lowpriority"]);
  list.dispose();
});

test("a room is marked as unread, and everything in it as read", async () => {
  current = await setting({ join: { "!r": joined([join(me), named("R")], [message("@a:test", "x", 1)]) } });
  current.homeserver.on("PUT", /account_data/, () => ({ body: {} }));
  current.homeserver.on("POST", /receipt/, () => ({ body: {} }));
  const list = new RoomListState(current.client);
  const [room] = list.rooms;

  await list.toggleRead(room!);
  await list.toggleRead({ ...room!, unread: 2 });

  expect(current.homeserver.bodies("PUT", /m\.marked_unread$/)).toEqual([{ unread: true }, { unread: false }]);
  expect(current.homeserver.bodies("POST", /receipt\/m\.read/)).toEqual([{}]);
  list.dispose();
});
