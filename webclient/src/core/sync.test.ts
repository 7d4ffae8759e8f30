import { afterEach, expect, test, vi } from "vitest";

import { setting, type Setting, soon } from "../testing/client";
import { clientFor } from "./client";
import { Connection } from "./sync";

let current: Setting | null = null;
afterEach(async () => {
  vi.restoreAllMocks();
  await current?.end().catch(() => undefined);
  current = null;
});

test("a lost server is noticed, and a server that is back too", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  current = await setting();
  const { homeserver, connection } = current;
  expect(connection.phase.value).toBe("live");

  const port = await homeserver.stop();
  await soon(() => expect(connection.phase.value).toBe("lost"));
  expect(connection.isReady.value).toBe(true);

  await homeserver.listen(port);
  homeserver.sync({});
  connection.retry();
  await soon(() => expect(connection.phase.value).toBe("live"));
}, 15_000);

test("a refused access token is reported once the server says so", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  vi.spyOn(console, "warn").mockReturnValue();
  current = await setting();
  const { homeserver } = current;
  homeserver.on("GET", /^\/sync$/, () => ({
    status: 401,
    body: { errcode: "M_UNKNOWN_TOKEN", error: "Unknown token" },
  }));
  const refused = vi.fn();
  const client = clientFor({ homeserverUrl: homeserver.url, userId: "@b:test", deviceId: "D", accessToken: "old" });
  const connection = new Connection(client, refused);

  await connection.start();

  await soon(() => expect(refused).toHaveBeenCalled());
  connection.stop();
});
