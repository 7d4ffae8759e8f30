import { expect, test } from "vitest";

import { roomsBelow, treeOf } from "./state";

const children = new Map([
  ["!top", ["!room1", "!sub"]],
  ["!sub", ["!room2"]],
  ["!other", []],
]);

test("a space stands under the one that it is in", () => {
  expect(treeOf(children)).toEqual([
    { roomId: "!top", depth: 0 },
    { roomId: "!sub", depth: 1 },
    { roomId: "!other", depth: 0 },
  ]);
});

test("the rooms of a space are those of the spaces below it, too", () => {
  expect([...roomsBelow(children, "!top")].sort()).toEqual(["!room1", "!room2", "!sub"]);
});

test("spaces in a ring, or in themselves, are shown once and searched once", () => {
  const ring = new Map([
    ["!a", ["!b", "!a"]],
    ["!b", ["!a", "!room"]],
  ]);

  expect(treeOf(ring).map(({ roomId }) => roomId)).toEqual(["!a", "!b"]);
  expect([...roomsBelow(ring, "!a")].sort()).toEqual(["!a", "!b", "!room"]);
});
