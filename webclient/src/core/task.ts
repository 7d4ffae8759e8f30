import { signal } from "@preact/signals";

import { sentenceOf } from "./api";

/** Something the user asked for that takes a while and may fail: whether it runs, and the sentence if it failed. */
export class Task {
  readonly isRunning = signal(false);
  readonly failure = signal<string | null>(null);

  /** Runs `work` unless the last run is still going; answers its result, or null when it failed or did not run. */
  async run<T>(work: () => Promise<T>): Promise<T | null> {
    if (this.isRunning.value) return null;
    this.isRunning.value = true;
    this.failure.value = null;
    try {
      return await work();
    } catch (failure) {
      this.failure.value = sentenceOf(failure);
      return null;
    } finally {
      this.isRunning.value = false;
    }
  }
}
