import type { JsonObject } from "./api";

/** Where a browser keeps its accounts: one value, replaced as a whole. */
export interface AccountArea {
  get(): Promise<unknown>;
  /** Puts what `change` makes of the present value, with no other tab in between; null leaves nothing behind. */
  update(change: (present: unknown) => JsonObject | null): Promise<void>;
}

const databaseName = "hearth";
const objectStore = "accounts";
const onlyKey = "accounts";

/** In an IndexedDB of this origin. */
export function indexedDbArea(factory: IDBFactory): AccountArea {
  return {
    get: () => inTransaction(factory, "readonly", (store) => store.get(onlyKey)),
    update: async (change) => {
      let isEmpty = false;
      await inTransaction(factory, "readwrite", (store) => {
        const reading = store.get(onlyKey);
        reading.onsuccess = () => {
          const next = change(reading.result);
          isEmpty = next === null;
          if (next === null) store.delete(onlyKey);
          else store.put(next, onlyKey);
        };
        return reading;
      });
      if (isEmpty) await settled(factory.deleteDatabase(databaseName)).catch(() => undefined);
    },
  };
}

/** For private modes that refuse databases, and for tests: forgotten with the page. */
export function memoryArea(): AccountArea {
  let kept: unknown;
  return {
    get: () => Promise.resolve(kept),
    update: (change) => {
      kept = change(kept) ?? undefined;
      return Promise.resolve();
    },
  };
}

/** The database where there is one that works, else memory. */
export async function browserAccountArea(): Promise<AccountArea> {
  try {
    const area = indexedDbArea(indexedDB);
    await area.get();
    return area;
  } catch {
    return memoryArea();
  }
}

async function inTransaction<T>(
  factory: IDBFactory,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = factory.open(databaseName, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(objectStore);
  const database = await settled(opening);
  try {
    const transaction = database.transaction(objectStore, mode);
    const request = work(transaction.objectStore(objectStore));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    return request.result;
  } finally {
    database.close();
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
