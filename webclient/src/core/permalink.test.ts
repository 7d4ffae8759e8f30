import { expect, test } from "vitest";

import { matrixLink, parseMatrixLink } from "./permalink";

const room = { kind: "room", room: "!abc:test", eventId: null, via: [] };

test.each([
  ["https://matrix.to/#/@ann:test", { kind: "user", userId: "@ann:test" }],
  ["https://matrix.to/#/%40ann%3Atest", { kind: "user", userId: "@ann:test" }],
  ["https://matrix.to/#/!abc:test?via=test&via=b", { ...room, via: ["test", "b"] }],
  ["https://matrix.to/#/!abc:test/$event", { ...room, eventId: "$event" }],
  ["https://matrix.to/#/#tea:test", { ...room, room: "#tea:test" }],
  ["matrix:u/ann:test", { kind: "user", userId: "@ann:test" }],
  ["matrix:r/tea:test", { ...room, room: "#tea:test" }],
  ["matrix:roomid/abc:test/e/event?via=test", { ...room, eventId: "$event", via: ["test"] }],
  ["https://example.org/#/@ann:test", null],
  ["https://matrix.to/#/nobody", null],
  ["javascript:alert(1)//matrix.to/#/@ann:test", null],
  ["https://matrix.to/#/%E0%A4%A", null],
])("%s", (link, target) => {
  expect(parseMatrixLink(link)).toEqual(target);
});

test.each([
  ["@ann/b:test", null],
  ["#tée:test", null],
  ["!room", "$event/with+slash"],
])("a link leads back to what it was made of: %s %s", (id, eventId) => {
  const target = parseMatrixLink(matrixLink(id, eventId, ["a:8448"]));

  if (target?.kind === "user") expect(target.userId).toBe(id);
  else expect(target).toEqual({ kind: "room", room: id, eventId, via: ["a:8448"] });
});
