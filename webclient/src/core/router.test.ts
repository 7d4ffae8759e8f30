import { expect, test } from "vitest";

import { formatRoute, parseRoute, type Route } from "./router";

const routes: Route[] = [
  { page: "home" },
  { page: "login" },
  { page: "register" },
  { page: "room", roomId: "!abc:example.org" },
  { page: "room", roomId: "!with/slash:example.org:8448" },
  { page: "room", roomId: "!abc:example.org", eventId: "$Abc/+" },
  { page: "room-settings", roomId: "!abc:example.org", section: "access" },
  { page: "settings", section: "sessions" },
  // Since room version 12 a room's id names no server.
  { page: "room", roomId: "!qe7W20DRRrmwcsLIGcvATYRRB7okqarrlDbQPLyzzos" },
];

test.each(routes)("an address leads back to where it was made: %j", (route) => {
  expect(parseRoute(formatRoute(route))).toEqual(route);
});

test.each(["", "#", "#/", "#/nowhere", "#/room/", "#/room/name", "#/room/%E0%A4%A"])("“%s” is home", (hash) => {
  expect(parseRoute(hash)).toEqual({ page: "home" });
});
