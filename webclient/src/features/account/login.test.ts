import { afterEach, beforeEach, expect, test } from "vitest";

import { ApiError, ClientApi, sentenceOf } from "../../core/api";
import { ScriptedHomeserver } from "../../testing/scripted-homeserver";
import { logIn } from "./login";

let homeserver: ScriptedHomeserver;

beforeEach(async () => {
  homeserver = await ScriptedHomeserver.start();
});
afterEach(() => homeserver.stop().catch(() => undefined));

test("a password log-in gives the session's credentials", async () => {
  homeserver.on("POST", /^\/login$/, () => ({ body: { user_id: "@ann:test", device_id: "D", access_token: "t" } }));

  const credentials = await logIn(new ClientApi(homeserver.url), " ann ", "secret");

  expect(credentials).toEqual({ homeserverUrl: homeserver.url, userId: "@ann:test", deviceId: "D", accessToken: "t" });
  expect(homeserver.bodies("POST", /login/)).toMatchObject([
    { type: "m.login.password", identifier: { type: "m.id.user", user: "ann" }, password: "secret" },
  ]);
});

test("a refusal carries the server's own sentence", async () => {
  homeserver.on("POST", /^\/login$/, () => ({
    status: 403,
    body: { errcode: "M_FORBIDDEN", error: "Wrong password." },
  }));

  const failure: unknown = await logIn(new ClientApi(homeserver.url), "ann", "wrong").catch(
    (reason: unknown) => reason,
  );

  expect(failure).toBeInstanceOf(ApiError);
  expect(sentenceOf(failure)).toBe("Wrong password.");
});

test("an answer without an access token is refused", async () => {
  homeserver.on("POST", /^\/login$/, () => ({ body: { user_id: "@ann:test" } }));

  await expect(logIn(new ClientApi(homeserver.url), "ann", "secret")).rejects.toThrow("no access token");
});

test("a server that is away is told from one that refuses", async () => {
  await homeserver.stop();

  const failure: unknown = await logIn(new ClientApi(homeserver.url), "ann", "secret").catch(
    (reason: unknown) => reason,
  );

  expect(sentenceOf(failure)).toContain("cannot be reached");
});
