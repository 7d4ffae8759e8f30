import { afterEach, beforeEach, expect, test } from "vitest";

import { ScriptedHomeserver } from "../testing/scripted-homeserver";
import type { Credentials } from "./session";
import { Tokens } from "./tokens";

let homeserver: ScriptedHomeserver;
let kept: Partial<Credentials>[];
let valid: string;

beforeEach(async () => {
  homeserver = await ScriptedHomeserver.start();
  kept = [];
  valid = "old";
  homeserver.on("GET", /^\/account\/whoami$/, ({ authorization }) =>
    authorization === `Bearer ${valid}`
      ? { body: { user_id: "@ann:test" } }
      : { status: 401, body: { errcode: "M_UNKNOWN_TOKEN", error: "Unknown token", soft_logout: true } },
  );
  homeserver.on("POST", /^\/refresh$/, ({ body }) => {
    if (body["refresh_token"] !== "r1") return { status: 401, body: { errcode: "M_UNKNOWN_TOKEN", error: "No" } };
    valid = "new";
    return { body: { access_token: "new", refresh_token: "r2", expires_in_ms: 300_000 } };
  });
});
afterEach(() => homeserver.stop());

function tokens(more: Partial<Credentials>): Tokens {
  const credentials = { homeserverUrl: homeserver.url, userId: "@ann:test", deviceId: "D", accessToken: "old" };
  return new Tokens({ ...credentials, ...more }, async (each) => void kept.push(each));
}

const ask = (from: Tokens): Promise<Response> =>
  from.fetch(`${homeserver.url}/_matrix/client/v3/account/whoami`, { headers: { Authorization: "Bearer old" } });

test("a token that has expired is renewed once for all requests, and kept", async () => {
  valid = "another";
  const renewing = tokens({ refreshToken: "r1" });

  const answers = await Promise.all([ask(renewing), ask(renewing), ask(renewing)]);

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(homeserver.bodies("POST", /^\/refresh$/)).toEqual([{ refresh_token: "r1" }]);
  expect(kept).toMatchObject([{ accessToken: "new", refreshToken: "r2" }]);
  expect((await ask(renewing)).status).toBe(200);
});

test("one that is about to expire is renewed before it is used", async () => {
  const renewing = tokens({ refreshToken: "r1", expiresAtMs: Date.now() + 1_000 });

  await ask(renewing);

  const seen = homeserver.requests.map(({ path }) => path).filter((path) => path !== "/versions");
  expect(seen).toEqual(["/refresh", "/account/whoami"]);
});

test("where the server renews nothing, its refusal of the request stands", async () => {
  valid = "another";
  const answer = await ask(tokens({ refreshToken: "stolen" }));

  expect(answer.status).toBe(401);
  expect(await answer.json()).toMatchObject({ soft_logout: true });
  expect(kept).toEqual([]);
});

test("without a refresh token nothing is tried", async () => {
  valid = "another";
  expect((await ask(tokens({}))).status).toBe(401);
  expect(homeserver.bodies("POST", /^\/refresh$/)).toEqual([]);
});
