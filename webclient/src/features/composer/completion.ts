/** What is being completed: `@an`, `#te`, `:sm`, `/jo`. */
export interface CompletionQuery {
  readonly kind: "person" | "room" | "emoji" | "command";
  /** Without its sign. */
  readonly typed: string;
  /** Where the sign stands in the text. */
  readonly start: number;
  readonly end: number;
}

const patterns: readonly (readonly [CompletionQuery["kind"], RegExp])[] = [
  ["command", /^\/([a-z]*)$/i],
  ["person", /(?:^|[\s(])@([^\s@:]{0,40})$/],
  ["room", /(?:^|[\s(])#([^\s#]{0,60})$/],
  ["emoji", /(?:^|[\s(]):([a-z0-9_+-]{2,30})$/i],
];

/** What the text before the cursor asks to complete, if anything. */
export function queryAt(text: string, cursor: number): CompletionQuery | null {
  const before = text.slice(0, cursor);
  // In code an @ is an @.
  if ((before.match(/`/g)?.length ?? 0) % 2 === 1) return null;
  for (const [kind, pattern] of patterns) {
    const typed = pattern.exec(before)?.[1];
    if (typed !== undefined) return { kind, typed, start: cursor - typed.length - 1, end: cursor };
  }
  return null;
}

/** The text with a completion in place, and where the cursor is then. */
export function completed(text: string, query: CompletionQuery, replacement: string): { text: string; cursor: number } {
  const rest = text.slice(query.end);
  const space = /^\s/.test(rest) ? "" : " ";
  const before = `${text.slice(0, query.start)}${replacement}${space}`;
  return { text: before + rest, cursor: before.length + (space === "" ? 1 : 0) };
}

export interface Named {
  readonly name: string;
  readonly id: string;
}

/** The best matches by name or id: those that begin so first, of equal ones the earlier. */
export function bestMatches<T extends Named>(all: readonly T[], typed: string, most: number): T[] {
  const wanted = folded(typed);
  const ranked = all.flatMap((each) => {
    const rank = rankOf(each, wanted);
    return rank === null ? [] : [{ each, rank }];
  });
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ each }) => each);
}

function rankOf({ name, id }: Named, wanted: string): number | null {
  const plain = folded(name);
  if (plain.startsWith(wanted)) return 0;
  if (folded(id.slice(1)).startsWith(wanted)) return 1;
  if (plain.includes(` ${wanted}`)) return 2;
  return plain.includes(wanted) || folded(id).includes(wanted) ? 3 : null;
}

/** Without marks and case: `Zoë` is found by `zoe`. */
export function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
