import { signal, type ReadonlySignal } from "@preact/signals";
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api";
import type { IMyDevice } from "matrix-js-sdk";

import { Task } from "../../core/task";
import { authenticated } from "../../core/uia/dialog";
import type { Workspace } from "../../core/workspace";

export interface SessionLine {
  readonly deviceId: string;
  readonly name: string;
  readonly lastSeenMs: number | null;
  readonly lastSeenIp: string | null;
  readonly isCurrent: boolean;
  /** Null for a session without encryption. */
  readonly isVerified: boolean | null;
}

/** The sessions of the account on all machines. https://spec.matrix.org/v1.19/client-server-api/#client-behaviour-5 */
export class SessionsState {
  readonly task = new Task();
  readonly sessions: ReadonlySignal<readonly SessionLine[]>;
  private readonly known = signal<readonly SessionLine[]>([]);

  constructor(private readonly workspace: Workspace) {
    this.sessions = this.known;
    workspace.client.on(CryptoEvent.DevicesUpdated, this.reload);
    workspace.client.on(CryptoEvent.UserTrustStatusChanged, this.reload);
  }

  readonly reload = (): void => void this.load();

  dispose(): void {
    this.workspace.client.off(CryptoEvent.DevicesUpdated, this.reload);
    this.workspace.client.off(CryptoEvent.UserTrustStatusChanged, this.reload);
  }

  async load(): Promise<void> {
    const lines = await this.task.run(async () => {
      const { devices } = await this.workspace.client.getDevices();
      return Promise.all(devices.map((device) => this.lineOf(device)));
    });
    if (lines) this.known.value = lines.sort(byRecency);
  }

  async rename(deviceId: string, name: string): Promise<void> {
    await this.task.run(() => this.workspace.client.setDeviceDetails(deviceId, { display_name: name.trim() }));
    await this.load();
  }

  /** Signs sessions out; the server may want the password for it. */
  async signOut(deviceIds: readonly string[]): Promise<void> {
    await this.task.run(() =>
      authenticated(this.workspace, (auth) =>
        this.workspace.client.deleteMultipleDevices([...deviceIds], (auth ?? undefined) as never),
      ),
    );
    if (this.task.failure.peek() === null) await this.load();
  }

  private async lineOf(device: IMyDevice): Promise<SessionLine> {
    const { client, userId } = this.workspace;
    const trust = await client.getCrypto()?.getDeviceVerificationStatus(userId, device.device_id);
    return {
      deviceId: device.device_id,
      name: device.display_name || device.device_id,
      lastSeenMs: device.last_seen_ts ?? null,
      lastSeenIp: device.last_seen_ip ?? null,
      isCurrent: device.device_id === client.getDeviceId(),
      isVerified: trust ? trust.crossSigningVerified : null,
    };
  }
}

/** This session first, then the one that was seen last. */
export function byRecency(a: SessionLine, b: SessionLine): number {
  return Number(b.isCurrent) - Number(a.isCurrent) || (b.lastSeenMs ?? 0) - (a.lastSeenMs ?? 0);
}
