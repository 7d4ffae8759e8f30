import { ClientPrefix, Method, type MatrixClient } from "matrix-js-sdk";

import { t } from "../texts";
import { decryptAttachment, type EncryptedFile } from "./attachment";
import { KeptUrls } from "./kept";
import { safeType } from "./types";

export interface Thumbnail {
  /** In pixels of the screen; the server may answer with another size. */
  readonly width: number;
  readonly height: number;
  readonly method: "crop" | "scale";
}

/** What to show: an `mxc:` address, or an encrypted attachment, whose thumbnails no server can make. */
export interface MediaRequest {
  readonly source: string | EncryptedFile;
  readonly thumbnail?: Thumbnail;
  /** The type that the sender claims; only of encrypted attachments, whose type no server knows. */
  readonly type?: string;
}

const mxc = /^mxc:\/\/([^/?#\s]+)\/([A-Za-z0-9_-]+)$/;

/**
 * Media of the homeserver, which only who is logged in may load: fetched with the token, decrypted where need be, and
 * given to the page as object URLs. https://spec.matrix.org/v1.19/client-server-api/#content-repository
 */
export class Media {
  private readonly kept = new KeptUrls();

  constructor(private readonly client: MatrixClient) {}

  /** An object URL for it, the same for all who ask; who asked must `release` the request. */
  acquire(request: MediaRequest): Promise<string> {
    return this.kept.acquire(keyOf(request), () => this.fetch(request));
  }

  release(request: MediaRequest): void {
    this.kept.release(keyOf(request));
  }

  /** An object URL of an `mxc:` address for as long as the client is open. */
  mediaUrl(source: string, thumbnail?: Thumbnail): Promise<string> {
    return this.acquire({ source, ...(thumbnail && { thumbnail }) });
  }

  /** The content itself, decrypted. Its type is one that can run nothing. Throws an Error with a sentence. */
  async fetch({ source, thumbnail, type }: MediaRequest): Promise<Blob> {
    if (typeof source === "string") {
      const blob = await this.download(source, thumbnail);
      return new Blob([blob], { type: safeType(blob.type) });
    }
    const encrypted = await this.download(source.url);
    const data = await decryptAttachment(await encrypted.arrayBuffer(), source);
    return new Blob([data], { type: safeType(type ?? "") });
  }

  /** Revokes all addresses. */
  dispose(): void {
    this.kept.clear();
  }

  private async download(address: string, thumbnail?: Thumbnail): Promise<Blob> {
    const [, serverName, mediaId] = mxc.exec(address) ?? [];
    if (!serverName || !mediaId) throw new Error(t().failures.mediaAddress);
    const path = `${encodeURIComponent(serverName)}/${mediaId}`;
    const options = { prefix: ClientPrefix.V1, rawResponseBody: true as const };
    if (!thumbnail) return this.client.http.authedRequest<Blob>(Method.Get, `/media/download/${path}`, {}, undefined, options);
    // A screen of twice the density needs twice the pixels.
    const density = Math.min(Math.ceil(globalThis.devicePixelRatio ?? 1), 2);
    const query = {
      width: String(Math.round(thumbnail.width * density)),
      height: String(Math.round(thumbnail.height * density)),
      method: thumbnail.method,
      animated: "false",
    };
    return this.client.http.authedRequest<Blob>(Method.Get, `/media/thumbnail/${path}`, query, undefined, options);
  }
}

function keyOf({ source, thumbnail }: MediaRequest): string {
  if (typeof source !== "string") return `${source.url} ${source.key.k}`;
  return thumbnail ? `${source} ${thumbnail.width}x${thumbnail.height} ${thumbnail.method}` : source;
}
