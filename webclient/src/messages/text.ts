import { language, locale, t } from "../core/texts";

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

const formats = {
  time: { hour: "2-digit", minute: "2-digit" },
  day: { weekday: "long", day: "numeric", month: "long" },
  year: { day: "numeric", month: "long", year: "numeric" },
  full: { dateStyle: "full", timeStyle: "medium" },
} as const;
// Making one costs more than using it a thousand times.
const made = new Map<string, Intl.DateTimeFormat>();

function format(name: keyof typeof formats, atMs: number): string {
  const key = `${language()} ${name}`;
  const found = made.get(key) ?? new Intl.DateTimeFormat(locale(), formats[name]);
  made.set(key, found);
  return found.format(atMs);
}

export function timeText(atMs: number): string {
  return format("time", atMs);
}

export function fullTimeText(atMs: number): string {
  return format("full", atMs);
}

/** `Today`, `Yesterday`, the weekday and date in this year, the date with its year before. */
export function dayText(atMs: number, nowMs: number): string {
  const day = startOfDay(atMs);
  const today = startOfDay(nowMs);
  if (day.getTime() === today.getTime()) return t().timeline.today;
  const yesterday = new Date(today);
  yesterday.setDate(today.getDate() - 1);
  if (day.getTime() === yesterday.getTime()) return t().timeline.yesterday;
  return format(day.getFullYear() === today.getFullYear() ? "day" : "year", atMs);
}

function startOfDay(atMs: number): Date {
  const date = new Date(atMs);
  date.setHours(0, 0, 0, 0);
  return date;
}

const byteUnits = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** `1.2 MB`, in the language's way. */
export function byteText(bytes: number): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), byteUnits.length - 1);
  const options = { style: "unit", unit: byteUnits[step] ?? "byte", maximumFractionDigits: step > 1 ? 1 : 0 } as const;
  return new Intl.NumberFormat(locale(), options).format(bytes / 1000 ** step);
}

/** `1:05`, or `1:00:05` from an hour on. */
export function durationText(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${parts.join(":")}` : parts.join(":").replace(/^0/, "");
}
