import { expect, test } from "vitest";

import { Preferences } from "./preferences";
import { memoryStorage } from "./storage";

test("what is chosen survives a reload, and is gone once forgotten", () => {
  const area = memoryStorage();
  new Preferences(area).choose({ theme: "dark", language: "de" });
  const reloaded = new Preferences(area);
  expect([reloaded.theme.value, reloaded.density.value, reloaded.language.value]).toEqual(["dark", "cosy", "de"]);

  reloaded.forget();

  expect(reloaded.theme.value).toBe("system");
  expect(area.getItem("hearth.preferences")).toBeNull();
});

test.each(["{", "[]", '{"theme":"pink","density":1,"language":"__proto__"}'])("%s is no choice", (text) => {
  const area = memoryStorage();
  area.setItem("hearth.preferences", text);

  const preferences = new Preferences(area);

  expect([preferences.theme.value, preferences.density.value, preferences.language.value]).toEqual([
    "system",
    "cosy",
    "system",
  ]);
});
