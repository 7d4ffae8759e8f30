import { EventStatus, EventType, MsgType, type MatrixEvent } from "matrix-js-sdk";

import { t } from "../../core/texts";
import { noticeText } from "./notice";

/** Where a message of our own is on its way; everybody else's are `sent`. */
export type Delivery = "sending" | "sent" | "failed";

/** `quiet` stands for a message that cannot be shown: deleted, encrypted, of an unknown kind. */
export type MessageStyle = "text" | "notice" | "emote" | "quiet";

export interface MessageEntry {
  readonly kind: "message";
  readonly key: string;
  readonly eventId: string;
  readonly atMs: number;
  readonly senderId: string;
  readonly senderName: string;
  readonly text: string;
  readonly style: MessageStyle;
  readonly isEdited: boolean;
  readonly delivery: Delivery;
}

/** A change of the room, told in one small line. */
export interface NoticeEntry {
  readonly kind: "notice";
  readonly key: string;
  readonly atMs: number;
  readonly text: string;
}

export type Entry = MessageEntry | NoticeEntry;

const messageTypes: ReadonlySet<string> = new Set([
  EventType.RoomMessage,
  EventType.RoomMessageEncrypted,
  EventType.Sticker,
]);

/**
 * What the timeline shows of an event, or null for nothing (reactions, edits, unknown kinds).
 *
 * `nameOf` gives the name that a user has in the room now.
 */
export function entryOf(event: MatrixEvent, nameOf: (userId: string) => string): Entry | null {
  // The transaction id outlives the local echo: the message stays the same element when the server's copy comes.
  const key = event.getTxnId() ?? event.getUnsigned().transaction_id ?? event.getId() ?? "";
  if (event.isState()) {
    const text = noticeText(event, senderName(event, nameOf));
    return text === null ? null : { kind: "notice", key, atMs: event.getTs(), text };
  }
  if (!messageTypes.has(event.getType()) || event.isRelation("m.replace")) return null;
  return messageOf(event, key, senderName(event, nameOf));
}

/** The name at the time of the event; who was no member then, as of a room's creation, goes by today's. */
function senderName(event: MatrixEvent, nameOf: (userId: string) => string): string {
  const senderId = event.getSender() ?? "";
  const nameThen = event.sender?.name;
  return nameThen && nameThen !== senderId ? nameThen : nameOf(senderId);
}

function messageOf(event: MatrixEvent, key: string, senderName: string): MessageEntry {
  return {
    kind: "message",
    key,
    eventId: event.getId() ?? "",
    atMs: event.getTs(),
    senderId: event.getSender() ?? "",
    senderName,
    ...bodyOf(event),
    isEdited: !event.isRedacted() && event.replacingEvent() !== null,
    delivery: deliveryOf(event.getAssociatedStatus()),
  };
}

export function deliveryOf(status: EventStatus | null): Delivery {
  if (status === null || status === EventStatus.SENT) return "sent";
  return status === EventStatus.NOT_SENT || status === EventStatus.CANCELLED ? "failed" : "sending";
}

function bodyOf(event: MatrixEvent): { text: string; style: MessageStyle } {
  if (event.isRedacted()) return { text: t().timeline.deleted, style: "quiet" };
  if (event.getType() === EventType.RoomMessageEncrypted) {
    return { text: t().timeline.encrypted, style: "quiet" };
  }
  const { body, msgtype } = event.getContent();
  const text = typeof body === "string" ? body : "";
  if (event.getType() === EventType.Sticker) return { text: t().timeline.sticker(text), style: "quiet" };
  switch (msgtype) {
    case MsgType.Text:
      return { text, style: "text" };
    case MsgType.Notice:
      return { text, style: "notice" };
    case MsgType.Emote:
      return { text, style: "emote" };
    case MsgType.Image:
    case MsgType.Video:
    case MsgType.Audio:
    case MsgType.File:
      return { text: `${msgtype.slice(2)}: ${text}`, style: "quiet" };
    default:
      // The specification asks clients to fall back to the body of a kind they do not know.
      return text ? { text, style: "text" } : { text: t().timeline.unknownKind, style: "quiet" };
  }
}
