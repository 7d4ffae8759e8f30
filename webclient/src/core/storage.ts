/** What this client needs of `localStorage`; any object with these three methods will do. */
export interface StorageArea {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** One JSON value kept under one key. What is stored is untrusted: `parse` answers null for what it does not know. */
export class StoredRecord<T> {
  constructor(
    private readonly area: StorageArea,
    private readonly key: string,
    private readonly parse: (raw: unknown) => T | null,
  ) {}

  find(): T | null {
    const text = this.area.getItem(this.key);
    if (text === null) return null;
    try {
      return this.parse(JSON.parse(text));
    } catch {
      return null;
    }
  }

  save(value: T): void {
    this.area.setItem(this.key, JSON.stringify(value));
  }

  clear(): void {
    this.area.removeItem(this.key);
  }
}

/** `localStorage`, or an area that forgets with the page where the browser refuses it (private modes). */
export function browserStorage(): StorageArea {
  return working(() => localStorage);
}

/** `sessionStorage`: what one tab remembers over a reload. */
export function tabStorage(): StorageArea {
  return working(() => sessionStorage);
}

function working(find: () => StorageArea): StorageArea {
  try {
    const area = find();
    const probe = "hearth.probe";
    area.setItem(probe, "1");
    area.removeItem(probe);
    return area;
  } catch {
    return memoryStorage();
  }
}

export function memoryStorage(): StorageArea {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}
