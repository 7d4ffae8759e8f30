import { createClient, MemoryStore, type MatrixClient } from "matrix-js-sdk";

import { sdkLog } from "./log";
import type { Credentials } from "./session";

/** A client for a session, not started yet. */
export function clientFor(credentials: Credentials): MatrixClient {
  const client = createClient({
    baseUrl: credentials.homeserverUrl,
    userId: credentials.userId,
    deviceId: credentials.deviceId,
    accessToken: credentials.accessToken,
    disableVoip: true,
    // Without `localStorage`, where the SDK would leave traces of every account that was ever logged in here.
    store: new MemoryStore(),
    logger: sdkLog,
  });
  // There are no calls here: without this the SDK would ask every server for what serves them (MSC4143).
  client._unstable_getRTCTransports = () => Promise.resolve([]);
  return client;
}
