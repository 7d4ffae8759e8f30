export interface TextPart {
  readonly text: string;
  readonly href: string | null;
}

/** Cuts a text at its web addresses. Punctuation that ends a sentence does not belong to an address. */
export function linkParts(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"]+/gi)) {
    const href = withoutTrailingPunctuation(match[0]);
    if (!URL.canParse(href)) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index), href: null });
    parts.push({ text: href, href });
    end = match.index + href.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), href: null });
  return parts;
}

function withoutTrailingPunctuation(address: string): string {
  const trimmed = address.replace(/[.,;:!?'”’]+$/, "");
  // A closing bracket is the sentence's unless the address opened it.
  if (trimmed.endsWith(")") && !trimmed.includes("(")) return withoutTrailingPunctuation(trimmed.slice(0, -1));
  return trimmed;
}

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const yearFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export function timeText(atMs: number): string {
  return timeFormat.format(atMs);
}

export function fullTimeText(atMs: number): string {
  return fullFormat.format(atMs);
}

/** `Today`, `Yesterday`, the weekday and date in this year, the date with its year before. */
export function dayText(atMs: number, nowMs: number): string {
  const day = startOfDay(atMs);
  const today = startOfDay(nowMs);
  if (day.getTime() === today.getTime()) return "Today";
  const yesterday = new Date(today);
  yesterday.setDate(today.getDate() - 1);
  if (day.getTime() === yesterday.getTime()) return "Yesterday";
  return (day.getFullYear() === today.getFullYear() ? dayFormat : yearFormat).format(atMs);
}

function startOfDay(atMs: number): Date {
  const date = new Date(atMs);
  date.setHours(0, 0, 0, 0);
  return date;
}
