/** Devices of users with matrix-js-sdk and its Rust crypto, each by a name; a test calls what `window.devices` has. */

import { createClient, EventType, MsgType, type MatrixClient } from "matrix-js-sdk";
import { CryptoEvent, VerifierEvent, VerificationRequestEvent, VerificationPhase } from "matrix-js-sdk/lib/crypto-api";
import type { ShowSasCallbacks, VerificationRequest, Verifier } from "matrix-js-sdk/lib/crypto-api";
import { decodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api";

interface Login {
  url: string;
  userId: string;
  deviceId: string;
  token: string;
}

interface Device {
  client: MatrixClient;
  requests: VerificationRequest[];
  recoveryKey: Uint8Array<ArrayBuffer> | undefined;
}

const opened = new Map<string, Device>();

function get(name: string): Device {
  const device = opened.get(name);
  if (device === undefined) throw new Error(`there is no device ${name}`);
  return device;
}

function crypto(name: string) {
  const found = get(name).client.getCrypto();
  if (found === undefined) throw new Error("there is no crypto");
  return found;
}

async function passwordStage(client: MatrixClient, password: string) {
  return { type: "m.login.password", identifier: { type: "m.id.user", user: client.getSafeUserId() }, password };
}

/** Wait until something holds after one of a target's events. */
async function until<T>(look: () => T | undefined, listen: (again: () => void) => void): Promise<T> {
  return await new Promise((resolve) => {
    const again = () => {
      const found = look();
      if (found !== undefined) resolve(found);
    };
    listen(again);
    again();
  });
}

async function confirmEmoji(verifier: Verifier, shown: (names: string[]) => Promise<boolean>): Promise<void> {
  verifier.on(VerifierEvent.ShowSas, (sas: ShowSasCallbacks) => {
    const names = (sas.sas.emoji ?? []).map(([, name]) => name);
    void shown(names).then((isSame) => (isSame ? sas.confirm() : sas.mismatch()));
  });
  await verifier.verify();
}

const devices = {
  /** Open a device with nothing in its memory, and let it sync. */
  async open(name: string, login: Login): Promise<void> {
    const device: Device = { client: undefined as unknown as MatrixClient, requests: [], recoveryKey: undefined };
    device.client = createClient({
      baseUrl: login.url,
      userId: login.userId,
      deviceId: login.deviceId,
      accessToken: login.token,
      verificationMethods: ["m.sas.v1"],
      cryptoCallbacks: {
        getSecretStorageKey: async ({ keys }) => {
          const keyId = Object.keys(keys)[0];
          return keyId === undefined || device.recoveryKey === undefined ? null : [keyId, device.recoveryKey];
        },
        cacheSecretStorageKey: (_, __, key) => void (device.recoveryKey = key as Uint8Array<ArrayBuffer>),
      },
    });
    opened.set(name, device);
    device.client.on(CryptoEvent.VerificationRequestReceived, (request) => void device.requests.push(request));
    await device.client.initRustCrypto({ useIndexedDB: false });
    await device.client.startClient({ initialSyncLimit: 50 });
  },

  close(name: string): void {
    opened.get(name)?.client.stopClient();
    opened.delete(name);
  },

  async say(name: string, roomId: string, body: string): Promise<string> {
    const { client } = get(name);
    const sent = await client.sendEvent(roomId, EventType.RoomMessage, { msgtype: MsgType.Text, body });
    return sent.event_id;
  },

  /** The texts of a room as this device reads them; "?" for one that it cannot decrypt. */
  read(name: string, roomId: string): string[] {
    const events = get(name).client.getRoom(roomId)?.getLiveTimeline().getEvents() ?? [];
    return events
      .filter((event) => event.getWireType() === EventType.RoomMessageEncrypted)
      .map((event) => (event.getType() === EventType.RoomMessage && !event.isDecryptionFailure() ? event.getContent()["body"] : "?"));
  },

  /** The user ids of the members that this device knows in a room. */
  members(name: string, roomId: string): string[] {
    return (get(name).client.getRoom(roomId)?.getJoinedMembers() ?? []).map((member) => member.userId);
  },

  /** Make cross-signing keys, secret storage and a key backup; returns the key that opens the storage. */
  async setUp(name: string, password: string): Promise<string> {
    const { client } = get(name);
    const api = crypto(name);
    await api.bootstrapCrossSigning({
      authUploadDeviceSigningKeys: async (upload) => void (await upload(await passwordStage(client, password))),
    });
    const key = await api.createRecoveryKeyFromPassphrase();
    await api.bootstrapSecretStorage({
      createSecretStorageKey: async () => key,
      setupNewSecretStorage: true,
      setupNewKeyBackup: true,
    });
    return key.encodedPrivateKey ?? "";
  },

  /** Open the secret storage: take the cross-signing keys, sign this device, and restore the backup. */
  async restore(name: string, recoveryKey: string): Promise<{ total: number; imported: number }> {
    get(name).recoveryKey = decodeRecoveryKey(recoveryKey);
    const api = crypto(name);
    await api.bootstrapCrossSigning({});
    await api.loadSessionBackupPrivateKeyFromSecretStorage();
    await api.checkKeyBackupAndEnable();
    return await api.restoreKeyBackup();
  },

  /** Whether one device takes another as signed by its owner, and the owner as verified. */
  async trust(name: string, userId: string, deviceId: string): Promise<{ isSigned: boolean; isVerified: boolean }> {
    const device = await crypto(name).getDeviceVerificationStatus(userId, deviceId);
    const user = await crypto(name).getUserVerificationStatus(userId);
    return { isSigned: device?.signedByOwner ?? false, isVerified: user.isCrossSigningVerified() };
  },

  /** One asks another to compare emoji, in their room; both do. Returns what each has seen. */
  async compareEmoji(one: string, other: string, roomId: string): Promise<[string[], string[]]> {
    const otherId = get(other).client.getSafeUserId();
    const asked = await crypto(one).requestVerificationDM(otherId, roomId);
    const heard = await until(
      () => get(other).requests.find((request) => request.transactionId === asked.transactionId),
      (again) => get(other).client.on(CryptoEvent.VerificationRequestReceived, again),
    );
    await heard.accept();
    await until(
      () => (asked.phase === VerificationPhase.Ready ? true : undefined),
      (again) => asked.on(VerificationRequestEvent.Change, again),
    );
    const hers = await asked.startVerification("m.sas.v1");
    const his = await until(
      () => heard.verifier,
      (again) => heard.on(VerificationRequestEvent.Change, again),
    );
    const seen: string[][] = [];
    let bothHaveSeen: (isSame: boolean) => void = () => undefined;
    const compared = new Promise<boolean>((resolve) => (bothHaveSeen = resolve));
    const show = (names: string[]) => {
      seen.push(names);
      if (seen.length === 2) bothHaveSeen(String(seen[0]) === String(seen[1]));
      return compared;
    };
    await Promise.all([confirmEmoji(hers, show), confirmEmoji(his, show)]);
    return [seen[0] ?? [], seen[1] ?? []];
  },

  /** Take up the dehydrated device that is on the server, if there is one, and leave another. */
  async dehydrate(name: string): Promise<void> {
    if (!(await crypto(name).isDehydrationSupported())) throw new Error("the server has no dehydrated devices");
    await crypto(name).startDehydration();
  },

};

declare global {
  interface Window {
    devices: typeof devices;
  }
}

window.devices = devices;
