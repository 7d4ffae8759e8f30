import { signal } from "@preact/signals";

import { en } from "./en";

/** Every text that people read, by feature. A text with something in it is a function of that. */
export type Texts = typeof en;

export const languages = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof languages;

const current = signal<{ language: Language; texts: Texts }>({ language: "en", texts: en });

/** The texts of the language in use; a view that reads them is drawn again when that changes. */
export function t(): Texts {
  return current.value.texts;
}

/** The language in use, for `Intl` and the page's `lang`. */
export function language(): Language {
  return current.value.language;
}

/** The locale for times and numbers: the browser's own where it is one of the language in use, with its region. */
export function locale(): string {
  const browsers = globalThis.navigator?.languages ?? [];
  return browsers.find((tag) => languageOf([tag]) === language() && tag.startsWith(language())) ?? language();
}

/** The first of a browser's languages that there are texts for; English without one. */
export function languageOf(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const name = tag.toLowerCase().split("-")[0] ?? "";
    if (Object.hasOwn(languages, name)) return name as Language;
  }
  return "en";
}

/** Loads the texts of a language and uses them; the page stays in its language when they cannot be loaded. */
export async function speak(wanted: Language): Promise<void> {
  if (wanted === current.peek().language) return;
  const texts = wanted === "de" ? (await import("./de")).de : en;
  current.value = { language: wanted, texts };
}
