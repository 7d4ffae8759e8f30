import { signal, type ReadonlySignal } from "@preact/signals";

/** What a matrix-js-sdk object offers to be listened to; all its emitters fit. */
export interface Emitter {
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

export interface Source {
  readonly emitter: Emitter;
  readonly events: readonly string[];
}

/**
 * A value computed from the SDK's mutable objects, computed again after any of the named events.
 *
 * Many events of one sync cost one computation: it runs in the next task, not once an event.
 */
export class Projection<T> {
  readonly value: ReadonlySignal<T>;
  private readonly current;
  private due: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly compute: () => T,
    private readonly sources: readonly Source[],
  ) {
    this.value = this.current = signal(compute());
    for (const { emitter, events } of sources) {
      for (const event of events) emitter.on(event, this.invalidate);
    }
  }

  readonly invalidate = (): void => {
    this.due ??= setTimeout(this.refresh);
  };

  /** Computes now, for a change that no event announces. */
  readonly refresh = (): void => {
    if (this.due !== null) clearTimeout(this.due);
    this.due = null;
    this.current.value = this.compute();
  };

  dispose(): void {
    if (this.due !== null) clearTimeout(this.due);
    for (const { emitter, events } of this.sources) {
      for (const event of events) emitter.off(event, this.invalidate);
    }
  }
}

/** A listening source of an SDK emitter, whose own typed signature TypeScript cannot match to a list of names. */
export function source(emitter: object, ...events: string[]): Source {
  return { emitter: emitter as Emitter, events };
}
