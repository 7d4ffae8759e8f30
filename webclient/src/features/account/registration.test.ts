import { afterEach, beforeEach, expect, test } from "vitest";

import { ClientApi } from "../../core/api";
import { ScriptedHomeserver, type Answer, type SeenRequest } from "../../testing/scripted-homeserver";
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
    completed.push(auth["type"] as string);
    return completed.length === stages.length ? { body: account } : { status: 401, body: challenge };
  });
}

test("a server that asks for the dummy stage gets it, with the account's name and password again", async () => {
  asking(["m.login.dummy"], () => true);

  const credentials = await registration.submit(" ann ", "secret");

  expect(credentials).toMatchObject({ userId: "@ann:test", accessToken: "t", homeserverUrl: homeserver.url });
  expect(registration.step.value).toBe("done");
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
  expect(registration.step.value).toBe("form");
});

test("a server that wants a registration token is given the user's, and a wrong one can be corrected", async () => {
  asking(
    ["m.login.registration_token", "m.login.dummy"],
    (auth) => auth["type"] === "m.login.dummy" || auth["token"] === "open",
  );

  expect(await registration.submit("ann", "secret")).toBeNull();
  expect(registration.step.value).toBe("token");
  expect(registration.failure.value).toBeNull();

  expect(await registration.submitToken("sesame")).toBeNull();
  expect(registration.step.value).toBe("token");
  expect(registration.failure.value).toBe("That token is not valid.");

  expect(await registration.submitToken("open")).toMatchObject({ userId: "@ann:test" });
});

test("stages that this client does not have are named", async () => {
  asking(["m.login.recaptcha", "m.login.dummy"], () => true);

  await registration.submit("ann", "secret");

  expect(registration.failure.value).toContain("m.login.recaptcha");
  expect(registration.failure.value).not.toContain("m.login.dummy");
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
