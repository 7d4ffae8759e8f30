import { signal, type ReadonlySignal } from "@preact/signals";

import { Task } from "../../core/task";
import { authenticated } from "../../core/uia/dialog";
import type { Workspace } from "../../core/workspace";

/** Making a recovery key, and using one. */
export class RecoveryState {
  readonly task = new Task();
  /** The new key, to be shown until the user has it. */
  readonly newKey: ReadonlySignal<string | null>;
  /** The session has been verified with a key. */
  readonly isUnlocked: ReadonlySignal<boolean>;
  private readonly key = signal<string | null>(null);
  private readonly unlocked = signal(false);

  constructor(private readonly workspace: Workspace) {
    this.newKey = this.key;
    this.isUnlocked = this.unlocked;
  }

  async setUp(): Promise<void> {
    this.key.value = await this.task.run(() => this.workspace.encryption.setUp(this.authenticate));
  }

  async reset(): Promise<void> {
    this.key.value = await this.task.run(() => this.workspace.encryption.reset(this.authenticate));
  }

  async unlock(typed: string): Promise<void> {
    if (await this.task.run(() => this.workspace.encryption.unlock(typed))) this.unlocked.value = true;
  }

  private readonly authenticate: Parameters<Workspace["encryption"]["setUp"]>[0] = (request) =>
    authenticated(this.workspace, (auth) => request(auth as Parameters<typeof request>[0]));
}

/** A file with a recovery key in it, for the browser to save. */
export function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name.replace(/[^\p{L}\p{N} ._-]/gu, "_")}.txt`;
  link.click();
  URL.revokeObjectURL(url);
}
