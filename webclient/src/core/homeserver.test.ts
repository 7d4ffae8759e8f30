import { expect, test } from "vitest";

import { chosenHomeserver, homeserverUrl } from "./homeserver";

const origin = "https://chat.test";

test("the homeserver is the one that served the page", () => {
  expect(chosenHomeserver({ origin, search: "" })).toBe(origin);
});

test("the address may name another", () => {
  expect(chosenHomeserver({ origin, search: "?hs=http://127.0.0.1:8008/" })).toBe("http://127.0.0.1:8008");
});

test("an address that names no server is overlooked", () => {
  expect(chosenHomeserver({ origin, search: "?hs=javascript://x" })).toBe(origin);
});

test.each([
  ["example.org", "https://example.org"],
  [" https://example.org/ ", "https://example.org"],
  ["https://example.org/matrix//", "https://example.org/matrix"],
])("%s is %s", (typed, url) => {
  expect(homeserverUrl(typed)).toBe(url);
});

test.each(["", "http://", "ftp://example.org"])("“%s” is refused with a sentence", (typed) => {
  expect(() => homeserverUrl(typed)).toThrow(/homeserver/);
});
