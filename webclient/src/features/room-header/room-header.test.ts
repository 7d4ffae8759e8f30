import type { Room } from "matrix-js-sdk";
import { expect, test } from "vitest";

import { join, joined, me, roomId, setting, stateEvent, soon } from "../../testing/client";
import { RoomHeaderState } from "./state";

test("name and topic follow the room; leaving tells the server", async () => {
  const { client, homeserver, end } = await setting({
    join: {
      [roomId]: joined([
        join(me),
        stateEvent("m.room.name", me, { name: "Tea" }),
        stateEvent("m.room.topic", me, { topic: " " }),
      ]),
    },
  });
  const header = new RoomHeaderState(client, client.getRoom(roomId) as Room);
  expect(header.title).toMatchObject({ name: "Tea", topic: null, memberCount: 1 });

  const changes = [
    stateEvent("m.room.name", me, { name: "Cake" }),
    stateEvent("m.room.topic", me, { topic: "Apples" }),
  ];
  homeserver.sync({ rooms: { join: { [roomId]: joined([], changes) } } });
  await soon(() => expect(header.title).toMatchObject({ name: "Cake", topic: "Apples" }));

  homeserver.on("POST", /^\/rooms\/!room\/leave$/, () => ({ body: {} }));
  expect(await header.leave()).toBe(true);

  homeserver.on("POST", /^\/rooms\/!room\/leave$/, () => ({
    status: 403,
    body: { errcode: "M_FORBIDDEN", error: "You are the last." },
  }));
  expect(await header.leave()).toBe(false);
  expect(header.leaving.failure.value).toBe("You are the last.");
  header.dispose();
  await end();
});
