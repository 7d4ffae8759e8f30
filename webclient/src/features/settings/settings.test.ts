import { afterEach, beforeEach, expect, test } from "vitest";

import { setting, soon, type Setting } from "../../testing/client";
import { actionsFor, loudnessOf, NotificationsState } from "./notifications-state";
import { byRecency, type SessionLine } from "./sessions-state";

test.each(["off", "on", "loud"] as const)("actions for %s are read as that again", (loudness) => {
  for (const highlights of [true, false]) {
    expect(loudnessOf({ enabled: true, actions: actionsFor(loudness, highlights) })).toBe(loudness);
  }
  expect(loudnessOf({ enabled: false, actions: actionsFor(loudness, true) })).toBe("off");
});

test("this session stands first, then those that were seen last", () => {
  const line = (deviceId: string, lastSeenMs: number | null, isCurrent = false): SessionLine => ({
    deviceId,
    name: deviceId,
    lastSeenMs,
    lastSeenIp: null,
    isCurrent,
    isVerified: null,
  });
  const lines = [line("old", 1), line("never", null), line("new", 9), line("here", 5, true)];
  expect(lines.sort(byRecency).map(({ deviceId }) => deviceId)).toEqual(["here", "new", "old", "never"]);
});

let current: Setting;
beforeEach(async () => {
  current = await setting();
});
afterEach(() => current.end());

test("a keyword is added as a rule, and shown once the server has it", async () => {
  const { client, homeserver } = current;
  const content: unknown[] = [];
  homeserver.on("GET", /^\/pushrules\/$/, () => ({ body: { global: { content } } }));
  homeserver.on("PUT", /^\/pushrules\/global\/content\/tea$/, ({ body }) => {
    content.push({ rule_id: "tea", enabled: true, default: false, ...body });
    return { body: {} };
  });
  const state = new NotificationsState(client);

  expect(await state.addKeyword(" tea ")).toBe(true);

  await soon(() => expect(state.settings.keywords).toEqual(["tea"]));
  expect(homeserver.bodies("PUT", /content\/tea/)).toMatchObject([{ pattern: "tea" }]);
  state.dispose();
});

test("a refusal is shown, and nothing changed", async () => {
  const state = new NotificationsState(current.client);
  expect(await state.addKeyword("tea")).toBe(false);
  expect(state.task.failure.value).toBe("Unrecognized request");
  state.dispose();
});
