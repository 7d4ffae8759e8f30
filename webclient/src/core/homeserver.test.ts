import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ScriptedHomeserver } from "../testing/scripted-homeserver";
import { chosenHomeserver, discover, homeserverUrl } from "./homeserver";

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

describe("discovery", () => {
  let named: ScriptedHomeserver;
  let served: ScriptedHomeserver;
  beforeEach(async () => {
    named = await ScriptedHomeserver.start();
    served = await ScriptedHomeserver.start();
  });
  afterEach(() => Promise.all([named.stop().catch(() => 0), served.stop()]));

  const wellKnown = /well-known\/matrix\/client$/;

  test("a server's name leads to where it says that its API is", async () => {
    named.on("GET", wellKnown, () => ({ body: { "m.homeserver": { base_url: `${served.url}/` } } }));
    expect(await discover(named.url)).toBe(served.url);
  });

  test.each([{}, { "m.homeserver": 7 }, { "m.homeserver": { base_url: "javascript:alert(1)" } }])(
    "without a word from it, or with nonsense (%j), the API is at the server itself",
    async (body) => {
      named.on("GET", wellKnown, () => ({ body }));
      expect(await discover(named.url)).toBe(named.url);
    },
  );

  test("what is no Matrix server is named", async () => {
    named.on("GET", /versions/, () => ({ status: 404, body: {} }));
    await expect(discover(named.url)).rejects.toThrow(`There is no Matrix homeserver at ${new URL(named.url).host}.`);
  });

  test("a server that is away is named", async () => {
    await named.stop();
    await expect(discover(named.url)).rejects.toThrow(/cannot be reached/);
  });
});
