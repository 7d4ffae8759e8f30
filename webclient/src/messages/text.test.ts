import { describe, expect, test } from "vitest";

import { membershipText, type MembershipChange } from "./membership";
import { dayText, linkParts } from "./text";

const links = (text: string): (string | null)[] => linkParts(text).flatMap(({ href }) => (href === null ? [] : [href]));

test.each([
  ["see https://example.org/a?b=c#d.", ["https://example.org/a?b=c#d"]],
  ["(https://example.org)", ["https://example.org"]],
  ["https://example.org/a_(b)", ["https://example.org/a_(b)"]],
  ["http://a.test, https://b.test!", ["http://a.test", "https://b.test"]],
  ["javascript:alert(1) data:text/html,x example.org", []],
  ["https://", []],
])("links in: %s", (text, expected) => {
  expect(links(text)).toEqual(expected);
  expect(
    linkParts(text)
      .map((part) => part.text)
      .join(""),
  ).toBe(text);
});

test("days near have names, days far a year", () => {
  const now = new Date(2026, 0, 2, 9, 0).getTime();

  expect(dayText(new Date(2026, 0, 2, 0, 1).getTime(), now)).toBe("Today");
  expect(dayText(new Date(2026, 0, 1, 23, 59).getTime(), now)).toBe("Yesterday");
  expect(dayText(new Date(2025, 11, 31, 12, 0).getTime(), now)).toContain("2025");
  expect(dayText(new Date(2026, 5, 1).getTime(), now)).not.toContain("2026");
});

describe("membership", () => {
  const change: MembershipChange = {
    before: "leave",
    now: "join",
    isOwn: true,
    actor: "Ann",
    target: "Bo",
    nameBefore: null,
    nameNow: null,
    pictureChanged: false,
    reason: null,
  };

  test.each<[Partial<MembershipChange>, string | null]>([
    [{}, "Bo joined"],
    [{ now: "invite", isOwn: false }, "Ann invited Bo"],
    [{ before: "join", now: "leave" }, "Bo left"],
    [{ before: "invite", now: "leave" }, "Bo declined the invite"],
    [{ before: "join", now: "leave", isOwn: false, reason: "spam" }, "Ann removed Bo: spam"],
    [{ before: "ban", now: "leave", isOwn: false }, "Ann lifted the ban on Bo"],
    [{ before: "invite", now: "leave", isOwn: false }, "Ann took back the invite to Bo"],
    [{ before: "join", now: "ban", isOwn: false }, "Ann banned Bo"],
    [{ now: "knock" }, "Bo asked to join"],
    [{ before: "join", nameBefore: "Bo", nameNow: "Bob" }, "Bo is now Bob"],
    [{ before: "join", nameBefore: "Bo" }, "Bo removed their name"],
    [{ before: "join", nameNow: "Bo" }, "Bo chose a name"],
    [{ before: "join", pictureChanged: true }, "Bo changed their picture"],
    [{ before: "join" }, null],
    [{ now: "org.example.unknown" }, null],
  ])("%j", (difference, line) => {
    expect(membershipText({ ...change, ...difference })).toBe(line);
  });
});
