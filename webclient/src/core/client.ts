import { createClient, type MatrixClient } from "matrix-js-sdk";

import { sdkLog } from "./log";
import type { Credentials } from "./session";

/** A client for a session, not started yet. */
export function clientFor(credentials: Credentials): MatrixClient {
  return createClient({
    baseUrl: credentials.homeserverUrl,
    userId: credentials.userId,
    deviceId: credentials.deviceId,
    accessToken: credentials.accessToken,
    disableVoip: true,
    logger: sdkLog,
  });
}
