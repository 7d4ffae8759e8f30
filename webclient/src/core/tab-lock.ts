import { signal, type ReadonlySignal } from "@preact/signals";

/** What this needs of `navigator.locks`. */
export type Locks = Pick<LockManager, "request">;

/** How long a tab that is asked to let go has for it, before its lock is taken away. */
const graceMs = 4_000;

/**
 * One tab at a time has an account open: its store of keys would not survive two.
 *
 * `isHeld` is null until that is known. A browser without locks has one tab, as far as we know.
 */
export class TabLock {
  readonly isHeld: ReadonlySignal<boolean | null>;
  private readonly current = signal<boolean | null>(null);
  private readonly channel: BroadcastChannel | null;
  private letGo: (() => void) | null = null;

  /** `onLost` runs when another tab takes over; the lock is given away once it is done. */
  constructor(
    private readonly name: string,
    private readonly onLost: () => Promise<void>,
    private readonly locks: Locks | undefined = globalThis.navigator?.locks,
  ) {
    this.isHeld = this.current;
    this.channel = locks ? new BroadcastChannel(name) : null;
    if (this.channel) this.channel.onmessage = () => void this.lose();
  }

  /** Takes the lock if no tab has it; answers whether this one has it now. */
  async acquire(): Promise<boolean> {
    return this.locks ? this.request({ ifAvailable: true }) : this.settle(true);
  }

  /** Takes it over from the tab that has it. */
  async takeOver(): Promise<void> {
    if (!this.locks) return void this.settle(true);
    this.channel?.postMessage("let go");
    const patience = AbortSignal.timeout(graceMs);
    await this.request({ signal: patience }).catch(() => this.request({ steal: true }));
  }

  release(): void {
    this.letGo?.();
    this.letGo = null;
    this.channel?.close();
  }

  private async lose(): Promise<void> {
    if (!this.current.peek()) return;
    this.current.value = false;
    await this.onLost();
    this.letGo?.();
    this.letGo = null;
  }

  private request(options: LockOptions): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const held = this.locks?.request(this.name, options, (lock) => {
        resolve(this.settle(lock !== null));
        if (lock === null) return undefined;
        return new Promise<void>((letGo) => {
          this.letGo = letGo;
        });
      });
      held?.catch((failure: unknown) => {
        // Before it is held: it was not given. After: it was stolen, by a tab that waited in vain.
        if (this.letGo) void this.lose();
        reject(failure instanceof Error ? failure : new Error(String(failure)));
      });
    });
  }

  private settle(isHeld: boolean): boolean {
    this.current.value = isHeld;
    return isHeld;
  }
}
