import { signal, type ReadonlySignal } from "@preact/signals";
import type { MatrixClient } from "matrix-js-sdk";

import { sentenceOf } from "../core/api";
import { clientFor, forget, prepare } from "../core/client";
import { Dialogs } from "../core/dialogs";
import { Encryption } from "../core/encryption/encryption";
import { SecretKeys } from "../core/encryption/secret-keys";
import { Media } from "../core/media/media";
import type { Preferences } from "../core/preferences";
import type { Router } from "../core/router";
import type { Account, Session } from "../core/session";
import { Connection } from "../core/sync";
import { TabLock } from "../core/tab-lock";
import { t } from "../core/texts";
import type { Workspace } from "../core/workspace";

/** `elsewhere`: another tab has this account open. `failed`: this browser cannot open what it has kept. */
export type OpeningPhase = "opening" | "open" | "elsewhere" | "failed";

export interface OpeningParts {
  readonly account: Account;
  readonly session: Session;
  readonly router: Router;
  readonly preferences: Preferences;
}

/** From an account to a running client, and back. */
export class Opening {
  readonly phase: ReadonlySignal<OpeningPhase>;
  readonly workspace: ReadonlySignal<Workspace | null>;
  readonly failure: ReadonlySignal<string | null>;
  private readonly current = signal<OpeningPhase>("opening");
  private readonly opened = signal<Workspace | null>(null);
  private readonly sentence = signal<string | null>(null);
  private readonly lock: TabLock;
  private isClosed = false;

  constructor(private readonly parts: OpeningParts) {
    this.phase = this.current;
    this.workspace = this.opened;
    this.failure = this.sentence;
    const { userId, deviceId } = parts.account;
    this.lock = new TabLock(`hearth ${userId} ${deviceId}`, async () => {
      this.stop();
      this.current.value = "elsewhere";
    });
  }

  async start(): Promise<void> {
    if (await this.lock.acquire()) await this.open();
    else this.current.value = "elsewhere";
  }

  /** Opens the account here, and closes it in the other tab. */
  async takeOver(): Promise<void> {
    this.current.value = "opening";
    await this.lock.takeOver();
    await this.open();
  }

  close(): void {
    this.isClosed = true;
    this.stop();
    this.lock.release();
  }

  private async open(): Promise<void> {
    const { account, session } = this.parts;
    const secretKeys = new SecretKeys();
    const client = clientFor(account, {
      onTokens: (tokens) => session.renew(account.userId, tokens),
      cryptoCallbacks: secretKeys.callbacks,
    });
    try {
      await prepare(client, account);
    } catch (failure) {
      this.sentence.value = sentenceOf(failure);
      this.current.value = "failed";
      return;
    }
    if (this.isClosed) return client.stopClient();
    const workspace = this.workspaceOf(client, secretKeys);
    this.opened.value = workspace;
    this.current.value = "open";
    await workspace.connection.start();
    await workspace.connection.whenReady();
    workspace.encryption.look();
  }

  private stop(): void {
    const workspace = this.opened.peek();
    if (!workspace) return;
    this.opened.value = null;
    workspace.connection.stop();
    workspace.media.dispose();
    workspace.encryption.dispose();
  }

  private workspaceOf(client: MatrixClient, secretKeys: SecretKeys): Workspace {
    const { account, session, router, preferences } = this.parts;
    const connection = new Connection(client, (isSoft) => {
      if (isSoft) void session.softEnd(account.userId);
      else void this.forget(client, t().account.sessionEnded);
    });
    return {
      client,
      connection,
      media: new Media(client),
      router,
      dialogs: new Dialogs(),
      preferences,
      session,
      encryption: new Encryption(client, secretKeys),
      userId: account.userId,
      logOut: async () => {
        connection.stop();
        // Out of reach or not, this browser forgets the session; the server drops the device when it hears of it.
        await client.logout(true).catch(() => undefined);
        await this.forget(client, null);
      },
    };
  }

  private async forget(client: MatrixClient, reason: string | null): Promise<void> {
    const { account, session, router, preferences } = this.parts;
    this.stop();
    await forget(client, account).catch(() => undefined);
    this.lock.release();
    await session.end(account.userId, reason);
    if (session.accounts.value.length === 0) preferences.forget();
    router.go({ page: session.accounts.value.length === 0 ? "login" : "home" }, { replace: true });
  }
}
