import { afterEach, expect, test } from "vitest";

import { language, languageOf, speak, t } from ".";
import { de } from "./de";
import { en } from "./en";

afterEach(() => speak("en"));

/** Each key with what it holds: `timeline.deleted string`, `typing.two function/2`. */
function keysOf(table: object, path = ""): string[] {
  return Object.entries(table).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value === "object" && value !== null) return keysOf(value, `${path}${key}.`);
    const kind = typeof value === "function" ? `function/${value.length}` : typeof value;
    return [`${path}${key} ${kind}`];
  });
}

function textsOf(table: object): string[] {
  return Object.values(table).flatMap((value: unknown) => {
    if (typeof value === "object" && value !== null) return textsOf(value);
    return typeof value === "string" ? [value] : [];
  });
}

test("both languages have the same keys, with the same parameters", () => {
  expect(keysOf(de).sort()).toEqual(keysOf(en).sort());
});

test("no text is empty", () => {
  expect([...textsOf(en), ...textsOf(de)].filter((text) => text.trim() === "")).toEqual([]);
});

test.each([
  [["de-AT", "en"], "de"],
  [["fr", "EN-gb"], "en"],
  [["fr"], "en"],
  [[], "en"],
])("somebody who reads %j gets %s", (preferred, expected) => {
  expect(languageOf(preferred)).toBe(expected);
});

test("after a change of the language texts and plurals are of that language", async () => {
  expect(t().roomHeader.members(1)).toBe("1 member");

  await speak("de");

  expect(language()).toBe("de");
  expect([0, 1, 2].map((count) => t().roomHeader.members(count))).toEqual([
    "0 Mitglieder",
    "1 Mitglied",
    "2 Mitglieder",
  ]);
});
