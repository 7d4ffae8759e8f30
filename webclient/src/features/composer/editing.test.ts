import { expect, test } from "vitest";

import { inserted, marked } from "./editing";

test("Ctrl and a letter put marks around the selection, and take them away again", () => {
  const bold = marked({ text: "a word b", start: 2, end: 6 }, "b");

  expect(bold).toEqual({ text: "a **word** b", start: 4, end: 8 });
  expect(bold && marked(bold, "B")).toEqual({ text: "a word b", start: 2, end: 6 });
  expect(marked({ text: "", start: 0, end: 0 }, "x")).toBeNull();
});

test("what is inserted takes the place of the selection", () => {
  expect(inserted({ text: "a b c", start: 2, end: 3 }, "🎉")).toEqual({ text: "a 🎉 c", start: 4, end: 4 });
});
