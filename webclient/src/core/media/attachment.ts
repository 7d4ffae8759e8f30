import { asObject } from "../api";
import { decodeBase64, encodeBase64, encodeBase64Url } from "../base64";
import { t } from "../texts";

/**
 * Where an encrypted attachment is, and the key to it.
 *
 * https://spec.matrix.org/v1.19/client-server-api/#extensions-to-mroommessage-msgtypes
 */
export interface EncryptedFile {
  readonly url: string;
  readonly key: {
    readonly kty: "oct";
    readonly key_ops: string[];
    readonly alg: "A256CTR";
    readonly k: string;
    readonly ext: true;
  };
  readonly iv: string;
  readonly hashes: { readonly sha256: string };
  readonly v: "v2";
}

/** The half of the counter block that counts; the other half is random. */
const counterBits = 64;

/** The `file` of an event's content, or null where it is none that this client could decrypt. */
export function encryptedFileIn(content: unknown): EncryptedFile | null {
  const file = asObject(content);
  const key = asObject(file?.["key"]);
  const sha256 = asObject(file?.["hashes"])?.["sha256"];
  const texts = [file?.["url"], file?.["iv"], key?.["k"], sha256];
  if (!file || !texts.every((text) => typeof text === "string") || key?.["alg"] !== "A256CTR") return null;
  return {
    url: file["url"] as string,
    key: { kty: "oct", key_ops: ["encrypt", "decrypt"], alg: "A256CTR", k: key["k"] as string, ext: true },
    iv: file["iv"] as string,
    hashes: { sha256: sha256 as string },
    v: "v2",
  };
}

/** Decrypts what was downloaded; throws an Error with a sentence when it is not what the sender encrypted. */
export async function decryptAttachment(data: ArrayBuffer, file: EncryptedFile): Promise<ArrayBuffer> {
  try {
    const digest = await crypto.subtle.digest("SHA-256", data);
    if (encodeBase64(digest) !== file.hashes.sha256.replace(/=+$/, "")) throw new Error("the hash differs");
    const key = await crypto.subtle.importKey("jwk", file.key, "AES-CTR", false, ["decrypt"]);
    const counter = decodeBase64(file.iv);
    return await crypto.subtle.decrypt({ name: "AES-CTR", counter, length: counterBits }, key, data);
  } catch {
    throw new Error(t().failures.attachment);
  }
}

/** Encrypts with a key of its own; answers what to upload and all of `file` but its `url`. */
export async function encryptAttachment(
  data: ArrayBuffer,
): Promise<{ data: ArrayBuffer; file: Omit<EncryptedFile, "url"> }> {
  const counter = new Uint8Array(16);
  crypto.getRandomValues(counter.subarray(0, 8));
  const rawKey = crypto.getRandomValues(new Uint8Array(32));
  const key = await crypto.subtle.importKey("raw", rawKey, "AES-CTR", false, ["encrypt"]);
  const encrypted = await crypto.subtle.encrypt({ name: "AES-CTR", counter, length: counterBits }, key, data);
  return {
    data: encrypted,
    file: {
      key: { kty: "oct", key_ops: ["encrypt", "decrypt"], alg: "A256CTR", k: encodeBase64Url(rawKey), ext: true },
      iv: encodeBase64(counter),
      hashes: { sha256: encodeBase64(await crypto.subtle.digest("SHA-256", encrypted)) },
      v: "v2",
    },
  };
}
