import type { Entry, MessageEntry, NoticeEntry } from "../../messages/entry";

/** Somebody who has read up to here. */
export interface Reader {
  readonly userId: string;
  readonly name: string;
  readonly picture: string | null;
}

export interface MessageRow {
  readonly kind: "message";
  readonly key: string;
  readonly entry: MessageEntry;
  /** The first of several messages of one sender: it carries the name. */
  readonly isFirst: boolean;
  readonly readers: readonly Reader[];
}

export interface NoticeRow {
  readonly kind: "notice";
  readonly key: string;
  /** Several changes in a row take one line until the reader asks for all. */
  readonly notices: readonly NoticeEntry[];
  readonly readers: readonly Reader[];
}

export interface DayRow {
  readonly kind: "day";
  readonly key: string;
  readonly atMs: number;
}

/** The line above what was not read when the room was opened. */
export interface UnreadRow {
  readonly kind: "unread";
  readonly key: string;
}

export type Row = MessageRow | NoticeRow | DayRow | UnreadRow;

/** After a pause of this long even the same sender gets a new heading. */
const groupPauseMs = 5 * 60_000;
const nobody: readonly Reader[] = [];

export interface RowInput {
  /** Oldest first. */
  readonly entries: readonly Entry[];
  /** The event before the line of new messages; null for no line. */
  readonly unreadAfter: string | null;
  readonly me: string;
  readonly readersOf: (eventId: string) => readonly Reader[];
}

/** Puts entries under days and senders; a day is one of the user's time zone. Rows that are as before stay the same objects. */
export class RowMaker {
  private before = new Map<string, Row>();

  rows(input: RowInput): Row[] {
    const rows: Row[] = [];
    const seen = new Map<string, Row>();
    const push = (row: Row): void => {
      const kept = this.before.get(row.key);
      const same = kept && isSame(kept, row) ? kept : row;
      seen.set(row.key, same);
      rows.push(same);
    };
    const unreadAt = unreadIndex(input);
    let day: string | null = null;
    let last: MessageEntry | null = null;
    let notices: NoticeEntry[] = [];
    const endNotices = (): void => {
      const [first] = notices;
      if (first) push({ kind: "notice", key: first.key, notices, readers: allReaders(notices, input) });
      notices = [];
    };
    input.entries.forEach((entry, index) => {
      const entryDay = dayOf(entry.atMs);
      if (entryDay !== day) {
        endNotices();
        day = entryDay;
        last = null;
        push({ kind: "day", key: `day ${entryDay} ${entry.key}`, atMs: entry.atMs });
      }
      if (index === unreadAt) {
        endNotices();
        last = null;
        push({ kind: "unread", key: "unread" });
      }
      if (entry.kind === "notice") {
        last = null;
        notices.push(entry);
        return;
      }
      endNotices();
      const isFirst = last === null || !continues(last, entry);
      push({ kind: "message", key: entry.key, entry, isFirst, readers: input.readersOf(entry.eventId) });
      last = entry;
    });
    endNotices();
    this.before = seen;
    return rows;
  }
}

/** Where the line of new messages is: before the first one of somebody else that was not read, if anything was read. */
function unreadIndex({ entries, unreadAfter, me }: RowInput): number {
  if (unreadAfter === null) return -1;
  const read = entries.findLastIndex((entry) => entry.eventId === unreadAfter);
  if (read < 0) return -1;
  const first = entries.findIndex(
    (entry, index) => index > read && entry.kind === "message" && entry.senderId !== me,
  );
  return first;
}

function allReaders(notices: readonly NoticeEntry[], { readersOf }: RowInput): readonly Reader[] {
  const all = notices.flatMap(({ eventId }) => readersOf(eventId));
  return all.length === 0 ? nobody : all;
}

function isSame(a: Row, b: Row): boolean {
  if (a.kind === "message" && b.kind === "message") {
    return a.entry === b.entry && a.isFirst === b.isFirst && sameReaders(a.readers, b.readers);
  }
  if (a.kind === "notice" && b.kind === "notice") {
    const { notices } = a;
    return (
      notices.length === b.notices.length &&
      notices.every((notice, index) => notice === b.notices[index]) &&
      sameReaders(a.readers, b.readers)
    );
  }
  return a.kind === b.kind;
}

function sameReaders(a: readonly Reader[], b: readonly Reader[]): boolean {
  return a.length === b.length && a.every((reader, index) => reader.userId === b[index]?.userId);
}

function continues(last: MessageEntry, next: MessageEntry): boolean {
  return (
    last.senderId === next.senderId &&
    last.senderName === next.senderName &&
    next.atMs - last.atMs < groupPauseMs &&
    next.replyTo === null
  );
}

const dayLengthMs = 86_400_000;
let lastDay = { fromMs: 1, untilMs: 0, name: "" };

/** The day as a name. Most events are of the day of the one before, which spares a look into the calendar. */
function dayOf(atMs: number): string {
  if (atMs >= lastDay.fromMs && atMs < lastDay.untilMs) return lastDay.name;
  const date = new Date(Number.isFinite(atMs) ? atMs : 0);
  const name = `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
  const fromMs = new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const untilMs = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime();
  lastDay = { fromMs, untilMs: Math.min(untilMs, fromMs + dayLengthMs), name };
  return name;
}
