import { afterEach, beforeEach, expect, test } from "vitest";

import { ClientApi } from "../../core/api";
import { ScriptedHomeserver, type Answer, type SeenRequest } from "../../testing/scripted-homeserver";
import { soon } from "../../testing/client";
import { Registration } from "./registration";

let homeserver: ScriptedHomeserver;
let registration: Registration;

beforeEach(async () => {
  homeserver = await ScriptedHomeserver.start();
  registration = new Registration(new ClientApi(homeserver.url));
});
afterEach(() => homeserver.stop());

const account = { user_id: "@ann:test", device_id: "D", access_token: "t" };

/** Asks for the stages in order and accepts each when `accepts` does. */
function asking(stages: string[], accepts: (auth: Record<string, unknown>) => boolean): void {
  const completed: string[] = [];
  homeserver.on("POST", /^\/register$/, ({ body }: SeenRequest): Answer => {
    const auth = body["auth"] as Record<string, unknown> | undefined;
    const challenge = { session: "s1", flows: [{ stages }], params: {}, completed };
    if (!auth) return { status: 401, body: challenge };
    if (auth["session"] !== "s1" || !accepts(auth)) {
      return { status: 401, body: { ...challenge, errcode: "M_UNAUTHORIZED", error: "That token is not valid." } };
    }
    // Who comes from the server's own page names no stage.
    completed.push((auth["type"] as string | undefined) ?? stages[completed.length] ?? "");
    return completed.length === stages.length ? { body: account } : { status: 401, body: challenge };
  });
}

test("a server that asks for the dummy stage gets it, with the account's name and password again", async () => {
  asking(["m.login.dummy"], () => true);

  const credentials = await registration.submit(" ann ", "secret");

  expect(credentials).toMatchObject({ userId: "@ann:test", accessToken: "t", homeserverUrl: homeserver.url });
  const [first, second] = homeserver.bodies("POST", /register/);
  expect(first).toMatchObject({ username: "ann", password: "secret" });
  expect(second).toMatchObject({ username: "ann", password: "secret", auth: { type: "m.login.dummy", session: "s1" } });
});

test("a server that accepts at once is not asked twice", async () => {
  homeserver.on("POST", /^\/register$/, () => ({ body: account }));

  expect(await registration.submit("ann", "secret")).not.toBeNull();
  expect(homeserver.bodies("POST", /register/)).toHaveLength(1);
});

test("a taken name leaves the form open with the server's own sentence", async () => {
  homeserver.on("POST", /^\/register$/, () => ({
    status: 400,
    body: { errcode: "M_USER_IN_USE", error: "Somebody has that name." },
  }));

  expect(await registration.submit("ann", "secret")).toBeNull();
  expect(registration.failure.value).toBe("Somebody has that name.");
  expect(registration.auth.stage.value).toBeNull();
});

test("a server that wants a registration token is given the user's, and a wrong one can be corrected", async () => {
  asking(
    ["m.login.registration_token", "m.login.dummy"],
    (auth) => auth["type"] === "m.login.dummy" || auth["token"] === "open",
  );

  const registered = registration.submit("ann", "secret");
  await soon(() => expect(registration.auth.stage.value).toMatchObject({ type: "m.login.registration_token", error: null }));

  registration.auth.submit({ token: "sesame" });
  await soon(() => expect(registration.auth.stage.value?.error).toBe("That token is not valid."));

  registration.auth.submit({ token: "open" });
  expect(await registered).toMatchObject({ userId: "@ann:test" });
});

test("a stage without a form here is done on the server's own page, and the request repeated with its session", async () => {
  asking(["m.login.recaptcha", "m.login.dummy"], (auth) => !("response" in auth));

  const registered = registration.submit("ann", "secret");
  await soon(() => expect(registration.auth.stage.value?.type).toBe("m.login.recaptcha"));
  registration.auth.submit({ fallback: true });

  expect(await registered).toMatchObject({ userId: "@ann:test" });
  expect(homeserver.bodies("POST", /register/)[1]?.["auth"]).toEqual({ session: "s1" });
});

test("who goes back from a stage has the form again, with no complaint", async () => {
  asking(["m.login.registration_token"], () => true);
  const registered = registration.submit("ann", "secret");
  await soon(() => expect(registration.auth.stage.value).not.toBeNull());

  registration.auth.cancel();

  expect(await registered).toBeNull();
  expect(registration.auth.stage.value).toBeNull();
  expect(registration.failure.value).toBeNull();
});

test("a mail is asked for with the secret that proves it later", async () => {
  homeserver.on("POST", /requestToken$/, () => ({ body: { sid: "mail1" } }));

  expect(await registration.requestEmail("ann@example.org", "s3cret")).toBe("mail1");
  expect(homeserver.bodies("POST", /requestToken$/)).toEqual([
    { email: "ann@example.org", client_secret: "s3cret", send_attempt: 1 },
  ]);
});

test("a flow that this client can finish is preferred to one that it cannot", async () => {
  homeserver.on("POST", /^\/register$/, ({ body }) => {
    if ((body["auth"] as { type?: string } | undefined)?.type === "m.login.dummy") return { body: account };
    const flows = [{ stages: ["m.login.email.identity"] }, { stages: ["m.login.dummy"] }];
    return { status: 401, body: { session: "s1", flows } };
  });

  expect(await registration.submit("ann", "secret")).not.toBeNull();
});

test("a server that asks for the same stage for ever is given up on", async () => {
  homeserver.on("POST", /^\/register$/, () => ({
    status: 401,
    body: { session: "s", flows: [{ stages: ["m.login.dummy"] }] },
  }));

  await registration.submit("ann", "secret");

  expect(registration.failure.value).toBe("The server keeps asking for the same step.");
});
