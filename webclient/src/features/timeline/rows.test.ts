import { expect, test } from "vitest";

import type { Entry } from "../../messages/entry";
import { RowMaker, type Row, type RowInput } from "./rows";

const noon = new Date(2026, 4, 20, 12, 0).getTime();
const minutes = 60_000;
let count = 0;

function said(senderId: string, text: string, atMs: number, replyTo: string | null = null): Entry {
  const key = `k${++count}`;
  return {
    kind: "message",
    key,
    eventId: key,
    type: "m.room.message",
    atMs,
    senderId,
    senderName: senderId,
    senderPicture: null,
    body: { kind: "text", style: "text", text, html: null },
    isEdited: false,
    delivery: "sent",
    replyTo,
    reactions: [],
    thread: null,
    isPinned: false,
    isForUs: false,
  };
}

function notice(text: string, atMs: number): Entry {
  const key = `k${++count}`;
  return { kind: "notice", key, eventId: key, atMs, text };
}

function rowsOf(entries: readonly Entry[], more: Partial<RowInput> = {}): Row[] {
  return new RowMaker().rows({ entries, unreadAfter: null, me: "@me", readersOf: () => [], ...more });
}

/** The rows as short texts: `day`, `-a joined`, `@a: one` with the name, `one` without. */
function outline(rows: readonly Row[]): string[] {
  return rows.map((row) => {
    if (row.kind === "notice") return row.notices.map(({ text }) => `-${text}`).join(" ");
    if (row.kind !== "message") return row.kind;
    const text = row.entry.body.kind === "text" ? row.entry.body.text : row.entry.body.kind;
    return row.isFirst ? `${row.entry.senderId}: ${text}` : text;
  });
}

test("messages of one sender stand under one name until somebody else speaks", () => {
  const rows = rowsOf([
    said("@a", "one", noon),
    said("@a", "two", noon + 1),
    said("@b", "three", noon + 2),
    said("@a", "four", noon + 3),
  ]);

  expect(outline(rows)).toEqual(["day", "@a: one", "two", "@b: three", "@a: four"]);
});

test("a pause of five minutes, a reply, or a notice between, writes the name again", () => {
  const rows = rowsOf([
    said("@a", "one", noon),
    said("@a", "two", noon + 5 * minutes),
    notice("b joined", noon + 5 * minutes),
    said("@a", "three", noon + 6 * minutes),
    said("@a", "four", noon + 6 * minutes, "$other"),
  ]);

  expect(outline(rows)).toEqual(["day", "@a: one", "@a: two", "-b joined", "@a: three", "@a: four"]);
});

test("notices in a row share a line, but not across days", () => {
  const nextDay = noon + 24 * 60 * minutes;
  const rows = rowsOf([notice("a", noon), notice("b", noon), notice("c", nextDay), said("@a", "x", nextDay)]);

  expect(outline(rows)).toEqual(["day", "-a -b", "day", "-c", "@a: x"]);
});

test("each day has its separator, even within a group", () => {
  const midnight = new Date(2026, 4, 21).getTime();
  const rows = rowsOf([said("@a", "late", midnight - 1), said("@a", "early", midnight)]);

  expect(outline(rows)).toEqual(["day", "@a: late", "day", "@a: early"]);
});

test("the line of new messages is above the first unread one of somebody else", () => {
  const entries = [said("@a", "old", noon), said("@me", "mine", noon + 1), said("@a", "new", noon + 2)];

  expect(outline(rowsOf(entries, { unreadAfter: entries[0]!.key }))).toEqual([
    "day",
    "@a: old",
    "@me: mine",
    "unread",
    "@a: new",
  ]);
  expect(outline(rowsOf(entries, { unreadAfter: entries[2]!.key }))).not.toContain("unread");
  expect(outline(rowsOf(entries, { unreadAfter: "$elsewhere" }))).not.toContain("unread");
});

test("rows stay the same objects while nothing of them changes, so that they are not drawn again", () => {
  const maker = new RowMaker();
  const entries = [said("@a", "one", noon), notice("x", noon + 1), said("@b", "two", noon + 2)];
  const input = { entries, unreadAfter: null, me: "@me", readersOf: () => [] };
  const before = maker.rows(input);

  const after = maker.rows({ ...input, entries: [...entries, said("@b", "three", noon + 3)] });

  expect(after.slice(0, before.length).every((row, index) => row === before[index])).toBe(true);
});

test("who has read a message is shown at it", () => {
  const entries = [said("@a", "one", noon)];
  const reader = { userId: "@b", name: "b", picture: null };

  const [, row] = rowsOf(entries, { readersOf: (eventId) => (eventId === entries[0]!.key ? [reader] : []) });

  expect(row).toMatchObject({ readers: [reader] });
});
