import { signal, type ReadonlySignal } from "@preact/signals";
import type { MatrixClient } from "matrix-js-sdk";

import { sentenceOf, type JsonObject } from "../../core/api";
import { encryptAttachment } from "../../core/media/attachment";
import { t } from "../../core/texts";
import { byteText } from "../../messages/text";
import { factsOf } from "./media-facts";

/** `staged`: waits for the message to be sent; then it goes up, and is gone from the list once it is sent. */
export type UploadPhase = "staged" | "waiting" | "uploading" | "failed";

export interface Upload {
  readonly id: number;
  readonly file: File;
  readonly phase: UploadPhase;
  /** From 0 to 1. */
  readonly progress: number;
  readonly failure: string | null;
}

/** How the content of an uploaded file is sent. */
export type SendContent = (content: JsonObject) => Promise<unknown>;

interface Going {
  readonly abort: AbortController;
  readonly caption: JsonObject | null;
  readonly send: SendContent;
}

let count = 0;
let sizeLimit: Promise<number | null> | null = null;

/** The files on their way into one room: one after the other, in the order in which they were chosen. */
export class Uploads {
  readonly list: ReadonlySignal<readonly Upload[]>;
  private readonly current = signal<readonly Upload[]>([]);
  private readonly going = new Map<number, Going>();
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: MatrixClient,
    private readonly isEncrypted: () => boolean,
  ) {
    this.list = this.current;
  }

  /** Chooses files for the next message. */
  stage(files: Iterable<File>): void {
    const added = [...files].map((file) => ({ id: ++count, file, phase: "staged", progress: 0, failure: null }) as const);
    this.current.value = [...this.current.peek(), ...added];
  }

  get hasStaged(): boolean {
    return this.current.value.some(({ phase }) => phase === "staged");
  }

  /** Sends what is chosen; `caption` goes with the first of it. */
  sendStaged(caption: JsonObject | null, send: SendContent): void {
    const staged = this.current.peek().filter(({ phase }) => phase === "staged");
    staged.forEach(({ id }, index) => this.enqueue(id, index === 0 ? caption : null, send));
  }

  /** Tries one again that failed. */
  retry(id: number): void {
    const before = this.going.get(id);
    if (before) this.enqueue(id, before.caption, before.send);
  }

  /** Takes one back, also one that is half up. */
  remove(id: number): void {
    this.going.get(id)?.abort.abort();
    this.going.delete(id);
    this.current.value = this.current.peek().filter((upload) => upload.id !== id);
  }

  private enqueue(id: number, caption: JsonObject | null, send: SendContent): void {
    const going = { abort: new AbortController(), caption, send };
    this.going.set(id, going);
    this.change(id, { phase: "waiting", progress: 0, failure: null });
    this.queue = this.queue.then(() => this.run(id, going));
  }

  private async run(id: number, going: Going): Promise<void> {
    const upload = this.current.peek().find((each) => each.id === id);
    if (!upload || going.abort.signal.aborted) return;
    this.change(id, { phase: "uploading" });
    try {
      const content = await this.contentOf(upload, going);
      if (going.abort.signal.aborted) return;
      // What cannot be sent now is the local echo's to show: the file itself is on the server.
      going.send(content).catch(() => undefined);
      this.remove(id);
    } catch (failure) {
      if (!going.abort.signal.aborted) this.change(id, { phase: "failed", failure: sentenceOf(failure) });
    }
  }

  private async contentOf({ id, file }: Upload, { abort, caption }: Going): Promise<JsonObject> {
    await this.checkSize(file);
    const facts = await factsOf(file);
    const thumbnail = facts.thumbnail && (await this.put(facts.thumbnail.blob, "", abort));
    const main = await this.put(file, file.name, abort, (progress) => this.change(id, { progress }));
    const info = {
      ...facts.info,
      ...(thumbnail && facts.thumbnail && { ...prefixed(thumbnail), thumbnail_info: facts.thumbnail.info }),
    };
    const named = { msgtype: facts.msgtype, body: file.name, filename: file.name, info, ...main };
    return caption ? { ...caption, ...named, body: caption["body"] } : named;
  }

  /** The answer is `{url}` or, in an encrypted room, `{file}`. */
  private async put(
    blob: Blob,
    name: string,
    abortController: AbortController,
    onProgress: (progress: number) => void = () => undefined,
  ): Promise<{ url: string } | { file: object }> {
    const encrypted = this.isEncrypted() ? await encryptAttachment(await blob.arrayBuffer()) : null;
    const { content_uri: url } = await this.client.uploadContent(encrypted ? new Blob([encrypted.data]) : blob, {
      abortController,
      includeFilename: encrypted === null && name !== "",
      name,
      type: encrypted ? "application/octet-stream" : blob.type || "application/octet-stream",
      progressHandler: ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0),
    });
    return encrypted ? { file: { ...encrypted.file, url } } : { url };
  }

  private async checkSize(file: File): Promise<void> {
    sizeLimit ??= this.client.getMediaConfig(true).then(
      (config) => config["m.upload.size"] ?? null,
      () => ((sizeLimit = null), null),
    );
    const limit = await sizeLimit;
    if (limit !== null && file.size > limit) throw new Error(t().composer.tooLarge(byteText(limit)));
  }

  private change(id: number, change: Partial<Upload>): void {
    this.current.value = this.current.peek().map((upload) => (upload.id === id ? { ...upload, ...change } : upload));
  }
}

function prefixed(thumbnail: { url: string } | { file: object }): JsonObject {
  return "url" in thumbnail ? { thumbnail_url: thumbnail.url } : { thumbnail_file: thumbnail.file };
}

const ofClients = new WeakMap<MatrixClient, Map<string, Uploads>>();

/** The uploads into a room or thread, which go on while another room is open. */
export function uploadsIn(client: MatrixClient, roomId: string, threadId: string | null): Uploads {
  const rooms = ofClients.get(client) ?? new Map<string, Uploads>();
  ofClients.set(client, rooms);
  const place = `${roomId} ${threadId ?? ""}`;
  const isEncrypted = (): boolean => client.getRoom(roomId)?.hasEncryptionStateEvent() ?? false;
  const uploads = rooms.get(place) ?? new Uploads(client, isEncrypted);
  rooms.set(place, uploads);
  return uploads;
}
