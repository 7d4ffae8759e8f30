import { browserStorage, StoredRecord, type StorageArea } from "./storage";

const prefix = "hearth.of.";
let found: StorageArea | null = null;

/** Looked for once: the look writes, which is no thing to do for every emoji. */
function ownStorage(): StorageArea {
  return (found ??= browserStorage());
}

/** What this browser keeps for one account, until that logs out. */
export function accountRecord<T>(
  userId: string,
  name: string,
  parse: (raw: unknown) => T | null,
  area: StorageArea = ownStorage(),
): StoredRecord<T> {
  return new StoredRecord(area, `${prefix}${userId}.${name}`, parse);
}

/** Forgets all of it. */
export function forgetAccount(userId: string): void {
  const area = ownStorage();
  if (!(area instanceof Storage)) return;
  for (const key of Object.keys(area)) if (key.startsWith(`${prefix}${userId}.`)) area.removeItem(key);
}
