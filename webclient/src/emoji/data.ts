import { language } from "../core/texts";

export interface Emoji {
  readonly character: string;
  readonly label: string;
  /** Without colons: `thumbsup`. */
  readonly shortcodes: readonly string[];
  /** Words to find it by, in small letters. */
  readonly words: string;
  readonly group: number;
}

export interface EmojiTable {
  readonly emoji: readonly Emoji[];
  readonly byShortcode: ReadonlyMap<string, Emoji>;
}

interface Raw {
  readonly unicode: string;
  readonly label: string;
  readonly hexcode: string;
  readonly tags?: readonly string[];
  readonly group?: number;
}

let loading: { language: string; table: Promise<EmojiTable> } | null = null;
let loaded: EmojiTable | null = null;

/** The groups that are offered, in order: parts of other emoji are none. */
export const emojiGroups = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const;

/** All emoji with names in the language in use. The table is large: it is loaded when first wanted. */
export function loadEmoji(): Promise<EmojiTable> {
  const wanted = language();
  if (loading?.language !== wanted) loading = { language: wanted, table: makeTable(wanted) };
  // What could not be loaded is tried again next time.
  loading.table.then(
    (table) => (loaded = table),
    () => (loading = null),
  );
  return loading.table;
}

/** The table if it was loaded before. */
export function findEmojiTable(): EmojiTable | null {
  return loaded;
}

async function makeTable(wanted: string): Promise<EmojiTable> {
  const [named, shortcodes] = await Promise.all([
    wanted === "de" ? import("emojibase-data/de/compact.json") : import("emojibase-data/en/compact.json"),
    import("emojibase-data/en/shortcodes/emojibase.json"),
  ]);
  const codes = shortcodes.default as Readonly<Record<string, string | readonly string[]>>;
  const emoji = (named.default as readonly Raw[]).flatMap((raw) => {
    if (raw.group === undefined || raw.group === 2) return [];
    const own = codes[raw.hexcode] ?? [];
    const list = typeof own === "string" ? [own] : own;
    const words = [raw.label, ...(raw.tags ?? []), ...list].join(" ").toLowerCase();
    return [{ character: raw.unicode, label: raw.label, shortcodes: list, words, group: raw.group }];
  });
  return { emoji, byShortcode: new Map(emoji.flatMap((each) => each.shortcodes.map((code) => [code, each] as const))) };
}

/** The best matches for what somebody has typed: those that begin so first. */
export function searchEmoji(table: EmojiTable, typed: string, most: number): Emoji[] {
  const wanted = typed.toLowerCase().trim();
  const ranked = table.emoji.flatMap((emoji) => {
    const rank = rankOf(emoji, wanted);
    return rank === null ? [] : [{ emoji, rank }];
  });
  ranked.sort((a, b) => a.rank - b.rank);
  return ranked.slice(0, most).map(({ emoji }) => emoji);
}

function rankOf(emoji: Emoji, wanted: string): number | null {
  if (emoji.shortcodes.includes(wanted) || emoji.character === wanted) return 0;
  if (emoji.shortcodes.some((code) => code.startsWith(wanted))) return 1;
  if (emoji.label.toLowerCase().startsWith(wanted)) return 2;
  const at = emoji.words.indexOf(wanted);
  if (at < 0) return null;
  return at === 0 || /[\s_]/.test(emoji.words[at - 1] ?? "") ? 3 : 4;
}

/** Puts emoji in place of `:shortcodes:`; what is none stays as it is, as does code. */
export function withEmoji(table: EmojiTable, text: string): string {
  return text
    .split(/(```[\s\S]*?```|`[^`\n]*`|https?:\/\/\S+)/)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part.replace(/:([a-z0-9_+-]+):/g, (whole, code: string) => table.byShortcode.get(code)?.character ?? whole),
    )
    .join("");
}
