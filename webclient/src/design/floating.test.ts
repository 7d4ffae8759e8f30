import { expect, test } from "vitest";

import { beside } from "./floating";

const view = { width: 1000, height: 800 };
const box = { width: 200, height: 300 };
const at = (left: number, top: number) => ({ left, top, right: left + 20, bottom: top + 20 });

test.each([
  ["below", at(100, 100), { left: 100, top: 124 }],
  ["above, near the lower edge", at(100, 700), { left: 100, top: 396 }],
  ["to the left, near the right edge", at(950, 100), { left: 770, top: 124 }],
])("a box goes %s", (_, place, expected) => {
  expect(beside(place, box, view)).toEqual(expected);
});

test("in a window that is too small it stays at the edge", () => {
  expect(beside(at(100, 100), box, { width: 150, height: 200 })).toEqual({ left: 8, top: 8 });
});
