import type { CryptoCallbacks } from "matrix-js-sdk/lib/crypto-api";

/**
 * The key to the account's secret storage, for as long as it is needed and no longer: it is in memory only while `using`
 * runs. https://spec.matrix.org/v1.19/client-server-api/#secrets
 */
export class SecretKeys {
  private key: Uint8Array<ArrayBuffer> | null = null;

  /** For the SDK, which asks when it wants to read or write a secret. */
  readonly callbacks: CryptoCallbacks = {
    getSecretStorageKey: ({ keys }) => {
      const [keyId] = Object.keys(keys);
      return Promise.resolve(keyId === undefined || this.key === null ? null : [keyId, this.key]);
    },
    cacheSecretStorageKey: (_keyId, _info, key) => {
      this.key = key;
    },
  };

  /** Runs `work` with the storage open to it. */
  async using<T>(key: Uint8Array<ArrayBuffer> | null, work: () => Promise<T>): Promise<T> {
    this.key = key;
    try {
      return await work();
    } finally {
      this.key = null;
    }
  }
}
