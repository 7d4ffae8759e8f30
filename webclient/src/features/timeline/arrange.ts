import type { Entry, MessageEntry, NoticeEntry } from "./entry";

/** Messages of one sender, close in time: the name is written once. */
export interface MessageGroup {
  readonly kind: "group";
  readonly key: string;
  readonly senderId: string;
  readonly senderName: string;
  readonly messages: readonly MessageEntry[];
}

export interface DaySeparator {
  readonly kind: "day";
  readonly key: string;
  readonly atMs: number;
}

export type TimelineItem = MessageGroup | DaySeparator | NoticeEntry;

/** After a pause of this long even the same sender gets a new heading. */
const groupPauseMs = 5 * 60_000;

/** Puts entries, oldest first, under days and senders. A day is one of the user's time zone. */
export function arrange(entries: readonly Entry[]): TimelineItem[] {
  const items: TimelineItem[] = [];
  let day: string | null = null;
  let open: { group: MessageEntry[]; last: MessageEntry } | null = null;
  for (const entry of entries) {
    const entryDay = dayOf(entry.atMs);
    if (entryDay !== day) {
      day = entryDay;
      open = null;
      items.push({ kind: "day", key: `day ${entryDay} ${entry.key}`, atMs: entry.atMs });
    }
    if (entry.kind === "notice") {
      open = null;
      items.push(entry);
    } else if (open && continues(open.last, entry)) {
      open.group.push(entry);
      open.last = entry;
    } else {
      open = { group: [entry], last: entry };
      items.push({
        kind: "group",
        key: entry.key,
        senderId: entry.senderId,
        senderName: entry.senderName,
        messages: open.group,
      });
    }
  }
  return items;
}

function continues(last: MessageEntry, next: MessageEntry): boolean {
  return last.senderId === next.senderId && last.senderName === next.senderName && next.atMs - last.atMs < groupPauseMs;
}

function dayOf(atMs: number): string {
  const date = new Date(atMs);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}
