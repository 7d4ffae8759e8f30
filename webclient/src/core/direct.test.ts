import { afterEach, beforeEach, expect, test } from "vitest";

import { join, joined, setting, soon, type Setting } from "../testing/client";
import { directRoomWith, openDirectRoom } from "./direct";

let current: Setting;
beforeEach(async () => {
  current = await setting({ join: { "!old": joined([join("@me:test"), join("@ann:test", "Ann")]) } });
});
afterEach(() => current.end());

test("a direct chat is found only while it is one", async () => {
  const { client, homeserver } = current;
  expect(directRoomWith(client, "@ann:test")).toBeNull();

  const content = { "@ann:test": ["!gone", 7, "!old"], "@bob:test": "nonsense" };
  homeserver.sync({ account_data: { events: [{ type: "m.direct", content }] } });

  await soon(() => expect(directRoomWith(client, "@ann:test")).toBe("!old"));
  expect(directRoomWith(client, "@bob:test")).toBeNull();
  expect(await openDirectRoom(client, "@ann:test")).toBe("!old");
  expect(homeserver.bodies("POST", /createRoom/)).toEqual([]);
});

test("a new one is a private room with an invite, and noted as direct", async () => {
  const { client, homeserver } = current;
  homeserver.on("POST", /^\/createRoom$/, () => ({ body: { room_id: "!new" } }));
  homeserver.on("PUT", /account_data\/m.direct$/, ({ body }) => {
    homeserver.sync({ account_data: { events: [{ type: "m.direct", content: body }] } });
    return { body: {} };
  });

  expect(await openDirectRoom(client, "@bob:test")).toBe("!new");

  expect(homeserver.bodies("POST", /createRoom/)).toMatchObject([
    { is_direct: true, invite: ["@bob:test"], preset: "trusted_private_chat" },
  ]);
  expect(homeserver.bodies("PUT", /m.direct/)).toEqual([{ "@bob:test": ["!new"] }]);
});
