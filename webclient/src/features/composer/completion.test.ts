import { expect, test } from "vitest";

import { bestMatches, completed, queryAt } from "./completion";

test.each([
  ["hi @an", "person", "an"],
  ["@", "person", ""],
  ["(@an", "person", "an"],
  ["see #te", "room", "te"],
  ["well :smi", "emoji", "smi"],
  ["/jo", "command", "jo"],
])("%s asks for a %s", (text, kind, typed) => {
  expect(queryAt(text, text.length)).toMatchObject({ kind, typed });
});

test.each(["mail@an", "12:30", "say /jo", "`@an", "@ann:test", ":s", "@an done"])("%s asks for nothing", (text) => {
  expect(queryAt(text, text.length)).toBeNull();
});

test("a completion takes the place of what was typed, and the cursor stands after it", () => {
  const text = "hi @an and more";
  const query = queryAt(text, 6);

  expect(query && completed(text, query, "@Ann B")).toEqual({ text: "hi @Ann B and more", cursor: 10 });
});

test("names that begin so come first, then ids, then names with it inside; without regard to marks and case", () => {
  const all = [
    { name: "Joanne", id: "@x:t" },
    { name: "Bob", id: "@anna:t" },
    { name: "Änne", id: "@y:t" },
    { name: "Carl", id: "@z:t" },
  ];

  expect(bestMatches(all, "ann", 5).map(({ name }) => name)).toEqual(["Änne", "Bob", "Joanne"]);
});
