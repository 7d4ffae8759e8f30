import type { Credentials } from "./session";

/** Databases are bound to the device: keys of one must never be opened as those of another. */
export function databasePrefix({ userId, deviceId }: Pick<Credentials, "userId" | "deviceId">): string {
  return `hearth ${userId} ${deviceId}`;
}

/** The names that the SDK gives to its databases of that prefix. */
export function databaseNames(prefix: string): string[] {
  return [`matrix-js-sdk:${prefix}`, `${prefix}::matrix-sdk-crypto`, `${prefix}::matrix-sdk-crypto-meta`];
}

/** Deletes what this browser keeps of a device: its rooms, and its keys. Nothing may have them open. */
export async function deleteDatabases(credentials: Credentials): Promise<void> {
  const factory: IDBFactory | undefined = globalThis.indexedDB;
  if (!factory) return;
  await Promise.all(databaseNames(databasePrefix(credentials)).map((name) => deleteDatabase(factory, name)));
}

function deleteDatabase(factory: IDBFactory, name: string): Promise<void> {
  return new Promise((resolve) => {
    const request = factory.deleteDatabase(name);
    // One that cannot be deleted now is deleted by the browser once it is closed.
    request.onsuccess = request.onerror = request.onblocked = () => resolve();
  });
}
