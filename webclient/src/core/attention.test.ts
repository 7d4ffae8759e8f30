import { expect, test } from "vitest";

import { titleWith } from "./attention";

test.each([
  ["Hearth", 3, "(3) Hearth"],
  ["(3) Hearth", 12, "(12) Hearth"],
  ["(3) Tea – Hearth", 0, "Tea – Hearth"],
  ["(a) Tea", 0, "(a) Tea"],
])("%s with %d waiting is titled %s", (title, count, expected) => expect(titleWith(title, count)).toBe(expected));
