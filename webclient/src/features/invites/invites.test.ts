import { afterEach, beforeEach, expect, test } from "vitest";

import { me, setting, stateEvent, type Setting, soon } from "../../testing/client";
import { InvitesState } from "./state";

let current: Setting;
let invites: InvitesState;

beforeEach(async () => {
  const events = [
    stateEvent("m.room.name", "@ann:test", { name: "Tea" }),
    stateEvent("m.room.member", "@ann:test", { membership: "join", displayname: "Ann" }, "@ann:test"),
    stateEvent("m.room.member", "@ann:test", { membership: "invite" }, me),
  ];
  current = await setting({ invite: { "!tea": { invite_state: { events } } } });
  invites = new InvitesState(current.client);
});
afterEach(async () => {
  invites.dispose();
  await current.end();
});

const invite = { roomId: "!tea", roomName: "Tea", picture: null, inviterId: "@ann:test", inviterName: "Ann" };

test("an invite names the room and who sent it", () => {
  expect(invites.invites).toEqual([invite]);
});

test("accepting joins through the inviter's server, for the room's id may name none", async () => {
  current.homeserver.on("POST", /^\/join\/!tea$/, () => ({ body: { room_id: "!tea" } }));

  expect(await invites.accept(invite)).toBe(true);

  const request = current.homeserver.requests.find(({ path }) => path === "/join/!tea");
  expect(request?.query.getAll("via")).toEqual(["test"]);
});

test("declining leaves the room, and the invite goes", async () => {
  current.homeserver.on("POST", /^\/rooms\/!tea\/leave$/, () => ({ body: {} }));

  expect(await invites.decline(invite)).toBe(true);

  const left = stateEvent("m.room.member", me, { membership: "leave" }, me);
  current.homeserver.sync({ rooms: { leave: { "!tea": { state: { events: [] }, timeline: { events: [left] } } } } });
  await soon(() => expect(invites.invites).toEqual([]));
});

test("a refusal leaves the invite with the server's sentence", async () => {
  current.homeserver.on("POST", /^\/join\//, () => ({
    status: 403,
    body: { errcode: "M_FORBIDDEN", error: "You are banned." },
  }));

  expect(await invites.accept(invite)).toBe(false);

  expect(invites.failure.value).toEqual({ roomId: "!tea", sentence: "You are banned." });
  expect(invites.answering.value).toBeNull();
});
