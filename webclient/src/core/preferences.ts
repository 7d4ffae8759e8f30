import { signal, type Signal } from "@preact/signals";

import { asObject } from "./api";
import { StoredRecord, type StorageArea } from "./storage";
import { languages, type Language } from "./texts";

const themes = ["system", "light", "dark"] as const;
const densities = ["cosy", "compact"] as const;

export type Theme = (typeof themes)[number];
export type Density = (typeof densities)[number];

interface Chosen {
  readonly theme: Theme;
  readonly density: Density;
  /** `system` is what the browser asks for. */
  readonly language: Language | "system";
  /** Desktop notifications, which the browser has allowed. */
  readonly notifies: boolean;
}

const unchosen: Chosen = { theme: "system", density: "cosy", language: "system", notifies: false };

/** How this browser shows the client: kept here only, for a phone and a desk want different things. */
export class Preferences {
  readonly theme: Signal<Theme>;
  readonly density: Signal<Density>;
  readonly language: Signal<Language | "system">;
  readonly notifies: Signal<boolean>;
  private readonly record: StoredRecord<Chosen>;

  constructor(area: StorageArea) {
    this.record = new StoredRecord(area, "hearth.preferences", parseChosen);
    const chosen = this.record.find() ?? unchosen;
    this.theme = signal(chosen.theme);
    this.density = signal(chosen.density);
    this.language = signal(chosen.language);
    this.notifies = signal(chosen.notifies);
  }

  /** Changes some of them, and keeps them. */
  choose(change: Partial<Chosen>): void {
    const chosen = { ...this.all(), ...change };
    this.theme.value = chosen.theme;
    this.density.value = chosen.density;
    this.language.value = chosen.language;
    this.notifies.value = chosen.notifies;
    this.record.save(chosen);
  }

  /** Everything as it was at first, with nothing left in the browser. */
  forget(): void {
    this.choose(unchosen);
    this.record.clear();
  }

  private all(): Chosen {
    return {
      theme: this.theme.peek(),
      density: this.density.peek(),
      language: this.language.peek(),
      notifies: this.notifies.peek(),
    };
  }
}

function parseChosen(raw: unknown): Chosen {
  const { theme, density, language, notifies } = asObject(raw) ?? {};
  const known: readonly unknown[] = ["system", ...Object.keys(languages)];
  return {
    theme: themes.find((each) => each === theme) ?? unchosen.theme,
    density: densities.find((each) => each === density) ?? unchosen.density,
    language: known.includes(language) ? (language as Chosen["language"]) : unchosen.language,
    notifies: notifies === true,
  };
}
