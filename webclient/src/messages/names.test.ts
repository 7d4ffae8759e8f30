import { expect, test } from "vitest";

import { nameInSentence, tidyName } from "./names";

test.each([
  ["Ann", "Ann"],
  ["Ann\u202egnp.exe", "Anngnp.exe"],
  ["\u2066\u2067Ann\n\nof\tKent", "Ann of Kent"],
  ["\u200b\u2060", ""],
  ["   ", ""],
  ["x".repeat(1000), `${"x".repeat(120)}…`],
])("%j is shown as %j", (name, shown) => {
  expect(tidyName(name)).toBe(shown);
});

test("a name from right to left does not turn the sentence around", () => {
  expect(nameInSentence("דוד")).toBe("\u2068דוד\u2069");
});
