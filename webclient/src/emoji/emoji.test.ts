import { afterEach, expect, test } from "vitest";

import { speak } from "../core/texts";
import { loadEmoji, searchEmoji, withEmoji } from "./data";

afterEach(() => speak("en"));

test.each([
  ["tada", "🎉"],
  ["thumbsup", "👍️"],
  ["crying c", "😿"],
])("“%s” finds %s first", async (typed, character) => {
  expect(searchEmoji(await loadEmoji(), typed, 5)[0]?.character).toBe(character);
});

test("in German they have German names, and the shortcodes that everybody knows", async () => {
  await speak("de");
  const table = await loadEmoji();

  expect(searchEmoji(table, "Daumen hoch", 1)[0]?.character).toBe("👍️");
  expect(searchEmoji(table, "tada", 1)[0]?.character).toBe("🎉");
});

test.each([
  ["well :tada: done", "well 🎉 done"],
  ["10:30:45 and :nothing_like_it:", "10:30:45 and :nothing_like_it:"],
  ["`:tada:` stays", "`:tada:` stays"],
  ["https://a.test/:tada:/", "https://a.test/:tada:/"],
])("%s", async (text, expected) => {
  expect(withEmoji(await loadEmoji(), text)).toBe(expected);
});
