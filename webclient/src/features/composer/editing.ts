/** A text and what is selected of it. */
export interface Selection {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const marks: Readonly<Record<string, string>> = { b: "**", i: "_", e: "`" };

/** The selection between the marks that a key with Ctrl stands for, or without them if it had them; null for other keys. */
export function marked({ text, start, end }: Selection, key: string): Selection | null {
  const mark = marks[key.toLowerCase()];
  if (mark === undefined) return null;
  const { length } = mark;
  const isMarked = text.slice(start - length, start) === mark && text.slice(end, end + length) === mark;
  const inner = text.slice(start, end);
  if (isMarked) {
    return { text: text.slice(0, start - length) + inner + text.slice(end + length), start: start - length, end: end - length };
  }
  return { text: `${text.slice(0, start)}${mark}${inner}${mark}${text.slice(end)}`, start: start + length, end: end + length };
}

/** A text put in place of the selection. */
export function inserted({ text, start, end }: Selection, what: string): Selection {
  const at = start + what.length;
  return { text: text.slice(0, start) + what + text.slice(end), start: at, end: at };
}
