import { effect } from "@preact/signals";

import type { Preferences } from "./preferences";
import { language, languageOf, speak } from "./texts";

/**
 * Puts the preferences onto the page, now and after each change: `data-theme` and `data-density` for the style sheets,
 * `lang` for browsers and screen readers. Resolves once the page's language is loaded.
 */
export async function followPreferences(preferences: Preferences, page: HTMLElement): Promise<void> {
  effect(() => {
    page.dataset["theme"] = preferences.theme.value;
    page.dataset["density"] = preferences.density.value;
  });
  const wanted = () => (preferences.language.value === "system" ? languageOf(navigator.languages) : preferences.language.value);
  await speak(wanted()).catch(() => undefined);
  effect(() => void speak(wanted()).catch(() => undefined));
  effect(() => {
    page.lang = language();
  });
}
