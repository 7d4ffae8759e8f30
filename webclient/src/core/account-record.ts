import { browserStorage, StoredRecord, type StorageArea } from "./storage";

const prefix = "hearth.of.";

/** What this browser keeps for one account, until that logs out. */
export function accountRecord<T>(
  userId: string,
  name: string,
  parse: (raw: unknown) => T | null,
  area: StorageArea = browserStorage(),
): StoredRecord<T> {
  return new StoredRecord(area, `${prefix}${userId}.${name}`, parse);
}

/** Forgets all of it. */
export function forgetAccount(userId: string): void {
  const area = browserStorage();
  if (!(area instanceof Storage)) return;
  for (const key of Object.keys(area)) if (key.startsWith(`${prefix}${userId}.`)) area.removeItem(key);
}
