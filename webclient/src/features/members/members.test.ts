import type { Room } from "matrix-js-sdk";
import { afterEach, beforeEach, expect, test } from "vitest";

import { join, joined, me, roomId, setting, stateEvent, type Setting } from "../../testing/client";
import { byStanding, MembersState, parseUserId, roleOf, type Member } from "./state";

let current: Setting;
let members: MembersState;

beforeEach(async () => {
  current = await setting({ join: { [roomId]: joined([join(me, "Me")]) } });
  members = new MembersState(current.client, current.client.getRoom(roomId) as Room);
});
afterEach(async () => {
  members.dispose();
  await current.end();
});

const member = (name: string, powerLevel = 0, isInvited = false): Member => ({
  userId: `@${name}:test`,
  name,
  picture: null,
  powerLevel,
  isInvited,
});

test("the powerful come first, the invited last; creators have no end of power", () => {
  const all = [
    member("zed"),
    member("guest", 100, true),
    member("admin", 100),
    member("ann"),
    member("c1", Infinity),
    member("c2", Infinity),
  ];

  expect(all.sort(byStanding).map(({ name }) => name)).toEqual(["c1", "c2", "admin", "ann", "zed", "guest"]);
});

test("roles by power", () => {
  expect([0, 49, 50, 99, 100, Infinity].map((power) => roleOf(member("x", power)))).toEqual([
    null,
    null,
    "Moderator",
    "Moderator",
    "Admin",
    "Admin",
  ]);
});

test("members that lazy loading left out are fetched", async () => {
  expect(members.members.map(({ name }) => name)).toEqual(["Me"]);
  const invited = stateEvent("m.room.member", me, { membership: "invite", displayname: "Bo" }, "@bo:test");
  current.homeserver.on("GET", /^\/rooms\/!room\/members$/, () => ({
    body: { chunk: [join(me, "Me"), join("@ann:test", "Ann"), invited] },
  }));

  await members.load();

  expect(members.members).toMatchObject([
    { name: "Ann", isInvited: false },
    { name: "Me", isInvited: false },
    { name: "Bo", isInvited: true },
  ]);
});

test("an invite goes to the server; what is no user id does not", async () => {
  current.homeserver.on("POST", /^\/rooms\/!room\/invite$/, () => ({ body: {} }));

  expect(await members.invite("bo")).toBe(false);
  expect(members.inviting.failure.value).toContain("@name:example.org");
  expect(await members.invite(" @bo:test ")).toBe(true);

  expect(current.homeserver.bodies("POST", /invite$/)).toEqual([{ user_id: "@bo:test" }]);
});

test("a refused invite is the server's sentence", async () => {
  current.homeserver.on("POST", /invite$/, () => ({
    status: 403,
    body: { errcode: "M_FORBIDDEN", error: "Bo is banned." },
  }));

  expect(await members.invite("@bo:test")).toBe(false);
  expect(members.inviting.failure.value).toBe("Bo is banned.");
});

test("a user id may have a port in its server", () => {
  expect(parseUserId("@bo:test:8448")).toBe("@bo:test:8448");
});
