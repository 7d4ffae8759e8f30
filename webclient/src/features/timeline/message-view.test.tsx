// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, expect, test, vi } from "vitest";

import type { MessageEntry } from "./entry";
import { MessageGroupView } from "./message-view";

afterEach(() => render(null, document.body));

const entry: MessageEntry = {
  kind: "message",
  key: "k",
  eventId: "$1",
  atMs: 1_700_000_000_000,
  senderId: "@ann:test",
  senderName: "Ann",
  text: "<img src=x onerror=alert(1)> https://example.org",
  style: "text",
  isEdited: false,
  delivery: "sent",
};

function show(...messages: MessageEntry[]): { retry: (id: string) => void; discard: (id: string) => void } {
  const actions = { retry: vi.fn(), discard: vi.fn() };
  const group = { kind: "group", key: "k", senderId: "@ann:test", senderName: "Ann", messages } as const;
  render(<MessageGroupView group={group} actions={actions} />, document.body);
  return actions;
}

const find = (testId: string): HTMLElement | null => document.querySelector(`[data-testid="${testId}"]`);

test("a message is text: no markup of it gets into the page, only its links are links", () => {
  show(entry);

  expect(find("message-body")?.textContent).toBe(entry.text);
  expect(document.querySelector("img")).toBeNull();
  expect(document.querySelector("a")?.getAttribute("href")).toBe("https://example.org");
  expect(document.querySelector("a")?.getAttribute("rel")).toContain("noreferrer");
  expect(find("message-failed")).toBeNull();
});

test("a message that was not sent offers to send it again and to give it up", () => {
  const actions = show({ ...entry, delivery: "failed" });

  find("message-retry")?.click();
  find("message-discard")?.click();

  expect(actions.retry).toHaveBeenCalledWith("$1");
  expect(actions.discard).toHaveBeenCalledWith("$1");
});

test("nothing carries a style attribute, which the content security policy would refuse", () => {
  show(entry, { ...entry, key: "k2", delivery: "failed", isEdited: true, style: "emote" });

  expect(document.querySelectorAll("[style]")).toHaveLength(0);
});
