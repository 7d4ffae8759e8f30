import { signal, type ReadonlySignal } from "@preact/signals";
import { ClientEvent, type MatrixClient } from "matrix-js-sdk";
import {
  CryptoEvent,
  decodeRecoveryKey,
  deriveRecoveryKeyFromPassphrase,
  type CryptoApi,
  type VerificationRequest,
} from "matrix-js-sdk/lib/crypto-api";
import type { UIAuthCallback } from "matrix-js-sdk/lib/interactive-auth";

import { t } from "../texts";
import type { SecretKeys } from "./secret-keys";

/**
 * `no-identity`: the user has no cross-signing keys yet. `unverified`: there are some, but they have not signed this
 * session. `no-recovery`: nothing on the server would bring the keys back. `ready`: all is well.
 */
export type EncryptionPhase = "unknown" | "no-identity" | "unverified" | "no-recovery" | "ready";

/** How a user proves who they are where a server wants that for new keys. Answers null when the user gives up. */
export type Authenticate = (request: Parameters<UIAuthCallback<void>>[0]) => Promise<void | null>;

const changes = [
  CryptoEvent.KeysChanged,
  CryptoEvent.UserTrustStatusChanged,
  CryptoEvent.KeyBackupStatus,
  CryptoEvent.DevicesUpdated,
];

/** The user's own keys: the identity, this session's place in it, and what brings them back elsewhere. */
export class Encryption {
  readonly phase: ReadonlySignal<EncryptionPhase>;
  /** Somebody asks to compare emoji. */
  readonly request: ReadonlySignal<VerificationRequest | null>;
  private readonly current = signal<EncryptionPhase>("unknown");
  private readonly asked = signal<VerificationRequest | null>(null);
  private looking: Promise<void> | null = null;
  private isDue = false;
  private hasTriedIdentity = false;

  constructor(
    private readonly client: MatrixClient,
    private readonly secretKeys: SecretKeys,
  ) {
    this.phase = this.current;
    this.request = this.asked;
    for (const change of changes) client.on(change, this.look);
    client.on(ClientEvent.AccountData, this.look);
    client.on(CryptoEvent.VerificationRequestReceived, this.onRequest);
  }

  dispose(): void {
    for (const change of changes) this.client.off(change, this.look);
    this.client.off(ClientEvent.AccountData, this.look);
    this.client.off(CryptoEvent.VerificationRequestReceived, this.onRequest);
  }

  /** Finds out how things stand; to be called once the client is in step. */
  readonly look = (): void => {
    this.isDue = true;
    this.looking ??= this.lookUntilDone().finally(() => {
      this.looking = null;
    });
  };

  /** The request has been answered, or is over. */
  dismiss(): void {
    this.asked.value = null;
  }

  /** Makes what is missing of identity, secret storage and key backup; answers the recovery key, to be shown once. */
  async setUp(authenticate: Authenticate): Promise<string> {
    const { api } = this;
    const key = await api.createRecoveryKeyFromPassphrase();
    await this.secretKeys.using(key.privateKey, async () => {
      await api.bootstrapCrossSigning({ authUploadDeviceSigningKeys: confirmed(authenticate) });
      await api.bootstrapSecretStorage({
        createSecretStorageKey: () => Promise.resolve(key),
        setupNewSecretStorage: true,
        setupNewKeyBackup: true,
      });
    });
    this.look();
    return key.encodedPrivateKey ?? "";
  }

  /** Opens the secret storage with a recovery key or passphrase: verifies this session and reads the backup. */
  async unlock(typed: string): Promise<{ imported: number }> {
    const { api } = this;
    const key = await this.storageKeyOf(typed);
    const imported = await this.secretKeys.using(key, async () => {
      await api.bootstrapCrossSigning({});
      if ((await api.getKeyBackupInfo()) === null) return 0;
      await api.loadSessionBackupPrivateKeyFromSecretStorage();
      await api.checkKeyBackupAndEnable();
      return (await api.restoreKeyBackup()).imported;
    });
    this.look();
    return { imported };
  }

  /** Gives up the old identity and backup, and everything that only they open; answers the new recovery key. */
  async reset(authenticate: Authenticate): Promise<string> {
    await this.api.resetEncryption(confirmed(authenticate));
    return this.setUp(authenticate);
  }

  get api(): CryptoApi {
    const api = this.client.getCrypto();
    if (!api) throw new Error(t().encryption.unavailable);
    return api;
  }

  private async storageKeyOf(typed: string): Promise<Uint8Array<ArrayBuffer>> {
    const { secretStorage } = this.client;
    const [, info] = (await secretStorage.getKey()) ?? [];
    if (!info) throw new Error(t().encryption.noStorage);
    const key = await keyFrom(typed, info.passphrase);
    if (!(await secretStorage.checkKey(key, info))) throw new Error(t().encryption.wrongKey);
    return key;
  }

  private async lookUntilDone(): Promise<void> {
    while (this.isDue) {
      this.isDue = false;
      try {
        this.current.value = await this.findPhase();
      } catch {
        // The server is away, or the client has been stopped: what is known stands.
      }
    }
  }

  private async findPhase(): Promise<EncryptionPhase> {
    const { api, client } = this;
    const userId = client.getSafeUserId();
    if (!(await api.userHasCrossSigningKeys(userId, true))) {
      await this.makeIdentity();
      if (!(await api.userHasCrossSigningKeys(userId))) return "no-identity";
    }
    const device = await api.getDeviceVerificationStatus(userId, client.getDeviceId() ?? "");
    if (!device?.crossSigningVerified) return "unverified";
    if (!(await client.secretStorage.getDefaultKeyId())) return "no-recovery";
    return (await api.getActiveSessionBackupVersion()) === null ? "no-recovery" : "ready";
  }

  /** The first keys of a user: servers take them without asking who it is. What asks is left for `setUp`. */
  private async makeIdentity(): Promise<void> {
    if (this.hasTriedIdentity) return;
    this.hasTriedIdentity = true;
    await this.api
      .bootstrapCrossSigning({ authUploadDeviceSigningKeys: async (upload) => void (await upload(null)) })
      .catch(() => undefined);
  }

  private readonly onRequest = (request: VerificationRequest): void => {
    if (request.pending && !request.initiatedByMe) this.asked.value = request;
  };
}

function confirmed(authenticate: Authenticate): UIAuthCallback<void> {
  return async (request) => {
    if ((await authenticate(request)) === null) throw new Error(t().encryption.notConfirmed);
  };
}

async function keyFrom(
  typed: string,
  passphrase: { salt: string; iterations: number; bits?: number } | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return decodeRecoveryKey(typed.trim());
  } catch {
    if (!passphrase) throw new Error(t().encryption.noKey);
    return deriveRecoveryKeyFromPassphrase(typed, passphrase.salt, passphrase.iterations, passphrase.bits);
  }
}
