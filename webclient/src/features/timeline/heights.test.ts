import { expect, test } from "vitest";

import { rangeFor, RowHeights } from "./heights";

const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `k${index}`);

test("where a row is follows from the heights of those above it", () => {
  const heights = new RowHeights();
  heights.setKeys(keys(3));
  heights.measured("k0", 10);
  heights.measured("k1", 100);
  heights.measured("k2", 5);

  expect([0, 1, 2, 3].map((index) => heights.topOf(index))).toEqual([0, 10, 110, 115]);
  expect([0, 9, 10, 109, 110, 1000].map((offset) => heights.indexAt(offset))).toEqual([0, 0, 1, 1, 2, 2]);
});

test("a height stays with its row when older rows come in above", () => {
  const heights = new RowHeights();
  heights.setKeys(["b"]);
  heights.measured("b", 300);
  heights.setKeys(["a", "b"]);
  heights.measured("a", 20);

  expect(heights.totalPx).toBe(320);
  expect(heights.measured("b", 300)).toBe(false);
});

test("of a hundred thousand rows a few are drawn, which cover what is in view", () => {
  const heights = new RowHeights();
  heights.setKeys(keys(100_000));

  const { start, end } = rangeFor(heights, 100_000, 2_000_000, 800, 800);

  expect(end - start).toBeLessThan(60);
  expect(heights.topOf(start)).toBeLessThanOrEqual(2_000_000 - 750);
  expect(heights.topOf(end)).toBeGreaterThanOrEqual(2_001_600 - 60);
});

test("no rows, no range", () => {
  expect(rangeFor(new RowHeights(), 0, 0, 800, 800)).toEqual({ start: 0, end: 0 });
});
