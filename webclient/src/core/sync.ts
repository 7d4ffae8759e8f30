import { effect, signal, type ReadonlySignal } from "@preact/signals";
import { ClientEvent, HttpApiEvent, SyncState, type MatrixClient, type MatrixError } from "matrix-js-sdk";
import { PendingEventOrdering } from "matrix-js-sdk";

/** `starting` until the first sync is in, `lost` while the server cannot be reached. */
export type ConnectionPhase = "starting" | "live" | "lost";

/** The state that an SDK sync state means, given the one before it. */
export function phaseAfter(before: ConnectionPhase, state: SyncState): ConnectionPhase {
  switch (state) {
    case SyncState.Prepared:
    case SyncState.Syncing:
      return "live";
    case SyncState.Reconnecting:
    case SyncState.Error:
      return "lost";
    default:
      // Catching up is not live yet, and a stopped client says nothing about the connection.
      return before;
  }
}

/** Keeps a client in step with its homeserver and says how that goes. */
export class Connection {
  readonly phase: ReadonlySignal<ConnectionPhase>;
  /** True once a first sync is in: rooms can be shown from then on, also while the connection is lost. */
  readonly isReady: ReadonlySignal<boolean>;
  private readonly current = signal<ConnectionPhase>("starting");
  private readonly ready = signal(false);

  constructor(
    private readonly client: MatrixClient,
    private readonly onTokenRefused: (isSoft: boolean) => void,
  ) {
    this.phase = this.current;
    this.isReady = this.ready;
  }

  async start(): Promise<void> {
    this.client.on(ClientEvent.Sync, this.onSync);
    this.client.on(HttpApiEvent.SessionLoggedOut, this.onLoggedOut);
    globalThis.addEventListener?.("online", this.retry);
    globalThis.document?.addEventListener("visibilitychange", this.onHidden);
    await this.client.startClient({
      initialSyncLimit: 20,
      lazyLoadMembers: true,
      threadSupport: true,
      pendingEventOrdering: PendingEventOrdering.Detached,
    });
  }

  /** Resolves once `isReady`. */
  whenReady(): Promise<void> {
    return new Promise((resolve) => {
      const stop = effect(() => {
        if (!this.ready.value) return;
        resolve();
        queueMicrotask(() => stop());
      });
    });
  }

  stop(): void {
    globalThis.removeEventListener?.("online", this.retry);
    globalThis.document?.removeEventListener("visibilitychange", this.onHidden);
    this.client.off(ClientEvent.Sync, this.onSync);
    this.client.off(HttpApiEvent.SessionLoggedOut, this.onLoggedOut);
    this.client.stopClient();
  }

  /** Tries again now instead of when the next attempt is due. */
  readonly retry = (): void => {
    if (this.current.value !== "live") this.client.retryImmediately();
  };

  /** With `soft_logout` the device is still there: https://spec.matrix.org/v1.19/client-server-api/#soft-logout */
  private readonly onLoggedOut = ({ data }: MatrixError): void => {
    this.onTokenRefused(data["soft_logout"] === true);
  };

  /** Before the page goes away: what came since the last save need not be fetched again. */
  private readonly onHidden = (): void => {
    if (globalThis.document?.visibilityState === "hidden") void this.client.store.save(true);
  };

  private readonly onSync = (state: SyncState): void => {
    this.current.value = phaseAfter(this.current.value, state);
    if (this.current.value === "live") this.ready.value = true;
  };
}
