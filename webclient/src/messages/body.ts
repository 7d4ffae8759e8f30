import { EventType, MsgType, type MatrixEvent } from "matrix-js-sdk";

import { asObject, type JsonObject } from "../core/api";
import { undecryptableText } from "../core/encryption/undecryptable";
import { encryptedFileIn, type EncryptedFile } from "../core/media/attachment";
import { pollIn, type PollQuestion } from "./poll";

/** A file of the media repository: its `mxc:` address, or with it the key where it is encrypted. */
export type MediaSource = string | EncryptedFile;

export type MediaKind = "image" | "sticker" | "video" | "audio" | "file";

export interface Media {
  readonly kind: MediaKind;
  readonly name: string;
  readonly mimetype: string;
  readonly sizeBytes: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly durationMs: number | null;
  readonly source: MediaSource;
  readonly thumbnail: MediaSource | null;
}

export interface RichText {
  readonly text: string;
  /** HTML of a stranger's making: only `RichTextView` may show it. */
  readonly html: string | null;
}

/** What a message says, in the terms of what shows it. */
export type Body =
  | ({ readonly kind: "text"; readonly style: "text" | "notice" | "emote" } & RichText)
  | { readonly kind: "media"; readonly media: Media; readonly caption: RichText | null }
  | { readonly kind: "poll"; readonly poll: PollQuestion }
  | { readonly kind: "location"; readonly text: string; readonly uri: string }
  | { readonly kind: "deleted"; readonly reason: string | null }
  | { readonly kind: "undecryptable"; readonly why: string }
  /** Somebody asks to compare emoji: the dialog is where it is answered. */
  | { readonly kind: "verification" }
  /** Its content is not what the specification says: there is nothing to show of it. */
  | { readonly kind: "unshowable" };

const mediaKinds: Readonly<Record<string, MediaKind>> = {
  [MsgType.Image]: "image",
  [MsgType.Video]: "video",
  [MsgType.Audio]: "audio",
  [MsgType.File]: "file",
};

const unshowable: Body = { kind: "unshowable" };

/** The body of a message event; whatever is in it, this answers. */
export function bodyOf(event: MatrixEvent): Body {
  if (event.isRedacted()) return { kind: "deleted", reason: redactionReason(event) };
  if (event.getType() === EventType.RoomMessageEncrypted || event.isDecryptionFailure()) {
    return { kind: "undecryptable", why: undecryptableText(event) };
  }
  return bodyIn(event.getType(), contentOf(event));
}

/** The body that a content has in an event of that type. */
export function bodyIn(type: string, content: JsonObject): Body {
  const poll = pollIn(type, content);
  if (poll !== undefined) return poll ? { kind: "poll", poll } : unshowable;
  if (type === EventType.Sticker) return mediaBody("sticker", content);
  const { msgtype, body } = content;
  if (msgtype === MsgType.KeyVerificationRequest) return { kind: "verification" };
  const kind = typeof msgtype === "string" ? mediaKinds[msgtype] : undefined;
  if (kind) return mediaBody(kind, content);
  if (typeof body !== "string") return unshowable;
  if (msgtype === MsgType.Location) {
    const uri = typeof content["geo_uri"] === "string" ? content["geo_uri"] : "";
    return /^geo:-?[\d.]+,-?[\d.]+/.test(uri) ? { kind: "location", text: body, uri } : { ...plain(body), kind: "text" };
  }
  const style = msgtype === MsgType.Notice ? "notice" : msgtype === MsgType.Emote ? "emote" : "text";
  // The specification asks clients to fall back to the body of a kind they do not know.
  return { kind: "text", style, ...withoutReplyFallback(content, richText(content, body)) };
}

/** The newest content, with edits that came with the event and not after it. */
export function contentOf(event: MatrixEvent): JsonObject {
  const content = asObject(event.getContent()) ?? {};
  if (event.replacingEvent() !== null) return content;
  const bundled = asObject(asObject(event.getUnsigned()["m.relations"])?.["m.replace"]);
  const isValid = bundled?.["sender"] === event.getSender() && bundled?.["type"] === event.getType();
  return (isValid && asObject(asObject(bundled?.["content"])?.["m.new_content"])) || content;
}

/** Whether an event is shown in another wording than its first. */
export function isEdited(event: MatrixEvent): boolean {
  if (event.isRedacted()) return false;
  return event.replacingEvent() !== null || contentOf(event) !== event.getContent();
}

function plain(text: string): RichText & { style: "text" } {
  return { text, html: null, style: "text" };
}

function richText(content: JsonObject, text: string): RichText {
  const { format, formatted_body: html } = content;
  return { text, html: format === "org.matrix.custom.html" && typeof html === "string" && html !== "" ? html : null };
}

/** Replies of older clients repeat what they answer. https://spec.matrix.org/v1.12/client-server-api/#fallbacks-for-rich-replies */
function withoutReplyFallback(content: JsonObject, { text, html }: RichText): RichText {
  if (replyTargetIn(content) === null) return { text, html };
  const lines = text.split("\n");
  const first = lines.findIndex((line) => !line.startsWith("> "));
  const isFallback = first > 0 && lines[first] === "" && /^> (\* )?<@/.test(text);
  return {
    text: isFallback ? lines.slice(first + 1).join("\n") : text,
    html: html?.replace(/^<mx-reply>[\s\S]*?<\/mx-reply>/i, "") ?? null,
  };
}

/** The event that a content replies to. In a thread, a fallback for clients without threads is no reply. */
export function replyTargetIn(content: JsonObject): string | null {
  const relation = asObject(content["m.relates_to"]);
  const target = asObject(relation?.["m.in_reply_to"])?.["event_id"];
  if (typeof target !== "string" || target === "") return null;
  return relation?.["rel_type"] === "m.thread" && relation["is_falling_back"] === true ? null : target;
}

function mediaBody(kind: MediaKind, content: JsonObject): Body {
  const source = sourceIn(content, "url", "file");
  const { body, filename } = content;
  if (!source || typeof body !== "string") return unshowable;
  const info = asObject(content["info"]) ?? {};
  const name = (typeof filename === "string" && filename) || body;
  const hasCaption = typeof filename === "string" && filename !== "" && filename !== body && body !== "";
  const mimetype = info["mimetype"];
  const media: Media = {
    kind,
    name,
    mimetype: typeof mimetype === "string" ? mimetype.toLowerCase() : "application/octet-stream",
    sizeBytes: amount(info["size"]),
    width: amount(info["w"]),
    height: amount(info["h"]),
    durationMs: amount(info["duration"]),
    source,
    thumbnail: sourceIn(info, "thumbnail_url", "thumbnail_file"),
  };
  return { kind: "media", media, caption: hasCaption ? richText(content, body) : null };
}

function sourceIn(content: JsonObject, plainKey: string, encryptedKey: string): MediaSource | null {
  const source = encryptedFileIn(content[encryptedKey]) ?? content[plainKey];
  if (typeof source === "string") return isMxc(source) ? source : null;
  const file = encryptedFileIn(source);
  return file && isMxc(file.url) ? file : null;
}

/** Whether this is an address in the media repository. https://spec.matrix.org/v1.19/client-server-api/#matrix-content-mxc-uris */
export function isMxc(address: string): boolean {
  return /^mxc:\/\/[^/\s?#]+\/[A-Za-z0-9_-]+$/.test(address);
}

function amount(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : null;
}

function redactionReason(event: MatrixEvent): string | null {
  const because = asObject(asObject(event.getUnsigned())?.["redacted_because"]);
  const reason = asObject(because?.["content"])?.["reason"];
  return typeof reason === "string" && reason.trim() ? reason : null;
}

/** One line of a body, for where there is no room for all of it. `names` are words for what has no text. */
export function summaryOf(body: Body, names: Readonly<Record<MediaKind | "poll" | "deleted" | "undecryptable" | "unshowable" | "verification", string>>): string {
  switch (body.kind) {
    case "text":
    case "location":
      return firstLine(body.text);
    case "media":
      return body.caption ? firstLine(body.caption.text) : `${names[body.media.kind]}: ${body.media.name}`;
    case "poll":
      return `${names.poll}: ${body.poll.question}`;
    default:
      return names[body.kind];
  }
}

function firstLine(text: string): string {
  return text.slice(0, 400).replace(/\s+/g, " ").trim();
}
