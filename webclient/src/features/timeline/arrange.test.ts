import { expect, test } from "vitest";

import { arrange, type TimelineItem } from "./arrange";
import type { Entry } from "./entry";

const noon = new Date(2026, 4, 20, 12, 0).getTime();
const minutes = 60_000;
let count = 0;

function said(senderId: string, text: string, atMs: number): Entry {
  const key = `k${++count}`;
  return {
    kind: "message",
    key,
    eventId: key,
    atMs,
    senderId,
    senderName: senderId,
    text,
    style: "text",
    isEdited: false,
    delivery: "sent",
  };
}

const notice = (text: string, atMs: number): Entry => ({ kind: "notice", key: `k${++count}`, atMs, text });

/** The items as short texts: `day`, `-a joined`, `@a: one, two`. */
function outline(items: readonly TimelineItem[]): string[] {
  return items.map((item) => {
    if (item.kind === "day") return "day";
    return item.kind === "notice"
      ? `-${item.text}`
      : `${item.senderId}: ${item.messages.map(({ text }) => text).join(", ")}`;
  });
}

test("messages of one sender stand together until somebody else speaks", () => {
  const items = arrange([
    said("@a", "one", noon),
    said("@a", "two", noon + 1),
    said("@b", "three", noon + 2),
    said("@a", "four", noon + 3),
  ]);

  expect(outline(items)).toEqual(["day", "@a: one, two", "@b: three", "@a: four"]);
});

test("a pause of five minutes, or an event between, starts a new group", () => {
  const items = arrange([
    said("@a", "one", noon),
    said("@a", "two", noon + 5 * minutes),
    notice("b joined", noon + 5 * minutes),
    said("@a", "three", noon + 6 * minutes),
  ]);

  expect(outline(items)).toEqual(["day", "@a: one", "@a: two", "-b joined", "@a: three"]);
});

test("each day has its separator, even within a group", () => {
  const midnight = new Date(2026, 4, 21).getTime();
  const items = arrange([said("@a", "late", midnight - 1), said("@a", "early", midnight)]);

  expect(outline(items)).toEqual(["day", "@a: late", "day", "@a: early"]);
});

test("a changed name is written again", () => {
  const renamed = { ...said("@a", "two", noon + 1), senderName: "Ann" } as Entry;

  expect(outline(arrange([said("@a", "one", noon), renamed]))).toEqual(["day", "@a: one", "@a: two"]);
});

test("keys are unique, whatever the clocks of servers say", () => {
  const yesterday = noon - 24 * 60 * minutes;
  const items = arrange([said("@a", "1", noon), said("@b", "2", yesterday), said("@a", "3", noon)]);

  expect(new Set(items.map(({ key }) => key)).size).toBe(items.length);
  expect(arrange([])).toEqual([]);
});
