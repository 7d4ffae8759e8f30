/** Something fetched that is shown in so many places, as an address a page can load. */
interface Entry {
  readonly url: Promise<string>;
  bytes: number;
  users: number;
}

/** What is not shown any more is kept up to so many bytes, for scrolling back. */
const keptBytes = 48_000_000;

/** Object URLs by key: fetched once, shared, and revoked some time after the last place that shows them is gone. */
export class KeptUrls {
  // In the order of last use, which a Map keeps: the first is the oldest.
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly limitBytes = keptBytes) {}

  /** The address for a key. Each call needs one `release`. `fetchBlob` runs unless there is one already. */
  acquire(key: string, fetchBlob: () => Promise<Blob>): Promise<string> {
    const found = this.entries.get(key);
    const entry = found ?? this.fetched(key, fetchBlob);
    entry.users++;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.url;
  }

  release(key: string): void {
    const entry = this.entries.get(key);
    if (entry) entry.users--;
    this.trim();
  }

  /** Forgets everything, shown or not. */
  clear(): void {
    for (const [key, entry] of this.entries) this.drop(key, entry);
  }

  private fetched(key: string, fetchBlob: () => Promise<Blob>): Entry {
    const url = fetchBlob().then((blob) => {
      entry.bytes = blob.size;
      return URL.createObjectURL(blob);
    });
    const entry: Entry = { url, bytes: 0, users: 0 };
    // What failed is fetched again when it is next wanted.
    url.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    return entry;
  }

  private trim(): void {
    let total = 0;
    for (const { bytes } of this.entries.values()) total += bytes;
    for (const [key, entry] of this.entries) {
      if (total <= this.limitBytes) return;
      if (entry.users > 0) continue;
      total -= entry.bytes;
      this.drop(key, entry);
    }
  }

  private drop(key: string, entry: Entry): void {
    this.entries.delete(key);
    entry.url.then((url) => URL.revokeObjectURL(url)).catch(() => undefined);
  }
}
