import { EventStatus, EventType, RelationType, type MatrixEvent, type Room } from "matrix-js-sdk";

import { asObject, asStrings } from "../core/api";
import { bodyOf, contentOf, isEdited, replyTargetIn, type Body } from "./body";
import { nameInSentence, tidyName } from "./names";
import { noticeText } from "./notice";
import { isPollType } from "./poll";

/** Where a message of our own is on its way; everybody else's are `sent`. */
export type Delivery = "sending" | "sent" | "failed";

/** Everybody who reacted with one emoji. */
export interface Reaction {
  readonly key: string;
  readonly count: number;
  /** The names of some of them. */
  readonly names: readonly string[];
  /** Our own, which another click takes back. */
  readonly ownEventId: string | null;
}

export interface ThreadSummary {
  readonly replies: number;
  readonly lastSender: string;
  readonly lastBody: Body | null;
  readonly unread: number;
}

export interface MessageEntry {
  readonly kind: "message";
  readonly key: string;
  readonly eventId: string;
  readonly type: string;
  readonly atMs: number;
  readonly senderId: string;
  readonly senderName: string;
  /** The `mxc:` address of the sender's picture. */
  readonly senderPicture: string | null;
  readonly body: Body;
  readonly isEdited: boolean;
  readonly delivery: Delivery;
  readonly replyTo: string | null;
  readonly reactions: readonly Reaction[];
  readonly thread: ThreadSummary | null;
  readonly isPinned: boolean;
  /** It speaks to us: a mention, or a word we want to hear of. */
  readonly isForUs: boolean;
}

/** A change of the room, told in one small line. */
export interface NoticeEntry {
  readonly kind: "notice";
  readonly key: string;
  readonly eventId: string;
  readonly atMs: number;
  readonly text: string;
}

export type Entry = MessageEntry | NoticeEntry;

const messageTypes: ReadonlySet<string> = new Set([
  EventType.RoomMessage,
  EventType.RoomMessageEncrypted,
  EventType.Sticker,
]);

const mostNames = 12;

/** Whether the timeline shows events like this one as messages. */
export function isMessage(event: MatrixEvent): boolean {
  if (event.isState() || !(messageTypes.has(event.getType()) || isPollType(event.getType(), "start"))) return false;
  return !event.isRelation(RelationType.Replace);
}

/** What the timeline shows of a room's events. The same event gives the same entry until something of it changes. */
export class Entries {
  private readonly kept = new WeakMap<MatrixEvent, { stamp: string; entry: Entry | null }>();

  constructor(
    private readonly room: Room,
    private readonly me: string,
  ) {}

  /** Null for what is not shown: reactions, edits, kinds of event that are none of people's business. */
  entryOf(event: MatrixEvent): Entry | null {
    const stamp = this.stampOf(event);
    const kept = this.kept.get(event);
    if (kept?.stamp === stamp) return kept.entry;
    const entry = this.made(event);
    this.kept.set(event, { stamp, entry });
    return entry;
  }

  private made(event: MatrixEvent): Entry | null {
    // The transaction id outlives the local echo: the message stays the same element when the server's copy comes.
    const key = event.getTxnId() ?? event.getUnsigned().transaction_id ?? event.getId() ?? "";
    const eventId = event.getId() ?? "";
    const senderName = nameThen(event, this.room);
    if (!isMessage(event)) {
      const text = quietly(() => noticeText(event, nameInSentence(senderName)), null);
      return text === null ? null : { kind: "notice", key, eventId, atMs: event.getTs(), text };
    }
    const content = contentOf(event);
    return {
      kind: "message",
      key,
      eventId,
      type: event.getType(),
      atMs: event.getTs(),
      senderId: event.getSender() ?? "",
      senderName,
      senderPicture: event.sender?.getMxcAvatarUrl() ?? null,
      body: quietly(() => bodyOf(event), { kind: "unshowable" } as const),
      isEdited: isEdited(event),
      delivery: deliveryOf(event.getAssociatedStatus()),
      replyTo: event.isRedacted() ? null : replyTargetIn(content),
      reactions: quietly(() => this.reactionsTo(eventId), []),
      thread: quietly(() => this.threadUnder(event), null),
      isPinned: pinnedSet(this.room).has(eventId),
      isForUs: quietly(() => this.speaksToUs(event), false),
    };
  }

  /** Everything that can change an event's entry, as one text that is cheap to make. */
  private stampOf(event: MatrixEvent): string {
    const eventId = event.getId() ?? "";
    const member = event.sender;
    const thread = event.isThreadRoot ? event.getThread() : undefined;
    return [
      eventId,
      event.getType(),
      event.getAssociatedStatus() ?? "",
      event.replacingEventId() ?? "",
      event.isRedacted() ? "redacted" : "",
      event.isDecryptionFailure() ? `undecryptable ${event.decryptionFailureReason}` : "",
      member?.name ?? this.room.getMember(event.getSender() ?? "")?.name ?? "",
      member?.getMxcAvatarUrl() ?? "",
      this.reactionStamp(eventId),
      thread ? `${thread.length} ${thread.replyToEvent?.getId()} ${thread.replyToEvent?.replacingEventId()}` : "",
      thread ? this.room.getThreadUnreadNotificationCount(thread.id) : "",
      pinnedSet(this.room).has(eventId) ? "pinned" : "",
    ].join("\n");
  }

  private annotations(eventId: string): [string, Set<MatrixEvent>][] {
    const relations = this.room.relations.getChildEventsForEvent(eventId, RelationType.Annotation, EventType.Reaction);
    return relations?.getSortedAnnotationsByKey() ?? [];
  }

  private reactionStamp(eventId: string): string {
    return this.annotations(eventId)
      .map(([key, events]) => `${key} ${[...events].map((event) => event.getId()).join(" ")}`)
      .join("\t");
  }

  private reactionsTo(eventId: string): Reaction[] {
    return this.annotations(eventId).flatMap(([key, events]) => {
      const live = [...events].filter((event) => !event.isRedacted());
      if (live.length === 0 || typeof key !== "string") return [];
      const senders = [...new Set(live.map((event) => event.getSender() ?? ""))];
      return [
        {
          key,
          count: senders.length,
          names: senders.slice(0, mostNames).map((sender) => nameNow(this.room, sender)),
          ownEventId: live.find((event) => event.getSender() === this.me)?.getId() ?? null,
        },
      ];
    });
  }

  private threadUnder(event: MatrixEvent): ThreadSummary | null {
    const thread = event.isThreadRoot ? event.getThread() : undefined;
    if (!thread || thread.length === 0) return null;
    const last = thread.replyToEvent;
    return {
      replies: thread.length,
      lastSender: last ? nameThen(last, this.room) : "",
      lastBody: last && last.getId() !== event.getId() ? bodyOf(last) : null,
      unread: this.room.getThreadUnreadNotificationCount(thread.id),
    };
  }

  private speaksToUs(event: MatrixEvent): boolean {
    if (event.getSender() === this.me) return false;
    const mentions = asObject(contentOf(event)["m.mentions"]);
    const named = Array.isArray(mentions?.["user_ids"]) && mentions["user_ids"].includes(this.me);
    return named || this.room.client.getPushActionsForEvent(event)?.tweaks?.highlight === true;
  }
}

const noPins: ReadonlySet<string> = new Set();
const pinsOf = new WeakMap<MatrixEvent, ReadonlySet<string>>();

/** The messages pinned in a room, in the order in which they were pinned. */
export function pinnedSet(room: Room): ReadonlySet<string> {
  const event = room.currentState.getStateEvents(EventType.RoomPinnedEvents, "");
  if (!event) return noPins;
  const pins = pinsOf.get(event) ?? new Set(asStrings(event.getContent()["pinned"]));
  pinsOf.set(event, pins);
  return pins;
}

/** The name at the time of the event; who was no member then, as of a room's creation, goes by today's. */
export function nameThen(event: MatrixEvent, room: Room): string {
  const senderId = event.getSender() ?? "";
  const then = event.sender?.name;
  return (then && then !== senderId ? tidyName(then) : "") || nameNow(room, senderId);
}

/** The name that a user has in a room now; the user id without one. */
export function nameNow(room: Room, userId: string): string {
  return tidyName(room.getMember(userId)?.name ?? "") || userId;
}

export function deliveryOf(status: EventStatus | null): Delivery {
  if (status === null || status === EventStatus.SENT) return "sent";
  return status === EventStatus.NOT_SENT || status === EventStatus.CANCELLED ? "failed" : "sending";
}

/** What strangers write may be of any shape: whatever of it cannot be read must not take the rest with it. */
function quietly<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
