import { createClient, IndexedDBStore, MatrixScheduler, MemoryStore, type MatrixClient } from "matrix-js-sdk";
import type { CryptoCallbacks } from "matrix-js-sdk/lib/crypto-api";

import { forgetAccount } from "./account-record";
import { databasePrefix, deleteDatabases } from "./databases";
import { sdkLog } from "./log";
import type { Credentials } from "./session";
import { Tokens } from "./tokens";

interface ClientOptions {
  /** New tokens, to keep. */
  readonly onTokens?: (tokens: Partial<Credentials>) => Promise<void>;
  readonly cryptoCallbacks?: CryptoCallbacks;
}

/** A client for a session, not started yet. With a database it keeps what syncs bring, by account. */
export function clientFor(credentials: Credentials, options: ClientOptions = {}): MatrixClient {
  const tokens = new Tokens(credentials, options.onTokens ?? (() => Promise.resolve()));
  const client = createClient({
    baseUrl: credentials.homeserverUrl,
    userId: credentials.userId,
    deviceId: credentials.deviceId,
    accessToken: credentials.accessToken,
    fetchFn: tokens.fetch,
    disableVoip: true,
    // Messages go out one after the other, and again after a 429 or a server's failure.
    scheduler: new MatrixScheduler(),
    // For timelines around a message of long ago.
    timelineSupport: true,
    // Without `localStorage`, where the SDK would leave traces of every account that was ever logged in here.
    store: globalThis.indexedDB
      ? new IndexedDBStore({ indexedDB: globalThis.indexedDB, dbName: databasePrefix(credentials) })
      : new MemoryStore(),
    ...(options.cryptoCallbacks && { cryptoCallbacks: options.cryptoCallbacks }),
    verificationMethods: ["m.sas.v1"],
    logger: sdkLog,
  });
  // There are no calls here: without this the SDK would ask every server for what serves them (MSC4143).
  client._unstable_getRTCTransports = () => Promise.resolve([]);
  return client;
}

/** Reads what is kept and opens the device's keys. To be done before the client starts, or keys that come are lost. */
export async function prepare(client: MatrixClient, credentials: Credentials): Promise<void> {
  await Promise.all([
    client.store.startup(),
    client.initRustCrypto({ useIndexedDB: Boolean(globalThis.indexedDB), cryptoDatabasePrefix: databasePrefix(credentials) }),
  ]);
}

/** Stops a client and deletes everything that is kept of its account. */
export async function forget(client: MatrixClient, credentials: Credentials): Promise<void> {
  client.stopClient();
  forgetAccount(credentials.userId);
  await client.store.destroy();
  await deleteDatabases(credentials);
}
