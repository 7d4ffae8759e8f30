import { signal, type Signal } from "@preact/signals";
import { EventType, type MatrixClient, type MatrixEvent, type Room } from "matrix-js-sdk";

import { asObject, asStrings, sentenceOf, type JsonObject } from "../../core/api";
import { t } from "../../core/texts";
import { findEmojiTable, loadEmoji, withEmoji } from "../../emoji/data";
import { contentOf } from "../../messages/body";
import { parseMatrixLink } from "../../core/permalink";
import { parseCommand, runCommand } from "./commands";
import { asEdit, asReply, inThread, textContent, type TextKind } from "./content";
import { draftsOf, emptyDraft, type Draft, type Mention } from "./drafts";
import { uploadsIn, type Uploads } from "./uploads";

/** What is being written in a room, or in one thread of it. */
export class ComposerState {
  readonly draft: Signal<Draft>;
  readonly uploads: Uploads;
  /** Why the last command did nothing. */
  readonly failure = signal<string | null>(null);
  readonly isBusy = signal(false);
  /** Counts the times that the composer should have the focus. */
  readonly focusWanted = signal(0);

  constructor(
    private readonly client: MatrixClient,
    readonly room: Room,
    readonly threadId: string | null = null,
    private readonly openRoom: (roomId: string) => void = () => undefined,
  ) {
    this.draft = draftsOf(client).in(room.roomId, threadId);
    this.uploads = uploadsIn(client, room.roomId, threadId);
  }

  write(text: string): void {
    this.change({ text });
    this.failure.value = null;
    // Only who writes shortcodes needs the table of emoji.
    if (/:[a-z0-9_+-]{2,}/.test(text)) void loadEmoji().catch(() => undefined);
  }

  mention(mention: Mention): void {
    const { mentions } = this.draft.peek();
    if (!mentions.some(({ userId }) => userId === mention.userId)) this.change({ mentions: [...mentions, mention] });
  }

  reply(eventId: string): void {
    const { editing } = this.draft.peek();
    this.change({ replyTo: eventId, editing: null, ...(editing !== null && { text: "" }) });
    this.focusWanted.value++;
  }

  /** Begins to edit a message of our own; answers whether that one can be edited. */
  edit(event: MatrixEvent): boolean {
    const eventId = event.getId();
    const content = contentOf(event);
    if (!eventId || !isEditable(event, this.client.getSafeUserId())) return false;
    const body = String(content["body"]);
    const text = content["msgtype"] === "m.emote" ? `/me ${body}` : body;
    this.draft.value = { text, mentions: linkedMentions(content), replyTo: null, editing: eventId };
    this.focusWanted.value++;
    return true;
  }

  /** Begins to edit the newest message of our own. */
  editLast(): boolean {
    const me = this.client.getSafeUserId();
    const timelineSet = this.threadId === null ? null : this.room.getThread(this.threadId)?.timelineSet;
    const events = (timelineSet ?? this.room.getUnfilteredTimelineSet()).getLiveTimeline().getEvents();
    const last = events.findLast((event) => isEditable(event, me));
    return last !== undefined && this.edit(last);
  }

  /** Gives up an edit or an answer; the text of an answer stays. */
  cancel(): void {
    const { editing } = this.draft.peek();
    if (editing === null) this.change({ replyTo: null });
    else this.draft.value = emptyDraft;
    draftsOf(this.client).changed();
  }

  /** Sends what is written and chosen; answers false when there was nothing to send, or it could not be. */
  async send(): Promise<boolean> {
    const draft = this.draft.peek();
    const text = withKnownEmoji(draft.text.trim());
    if (this.isBusy.peek() || (text === "" && !this.uploads.hasStaged)) return false;
    const content = await this.contentFor(text, draft);
    if (content === undefined) return false;
    this.draft.value = emptyDraft;
    draftsOf(this.client).changed();
    if (this.uploads.hasStaged && draft.editing === null) {
      this.uploads.sendStaged(content && this.placed(content, draft), (file) => this.deliver(this.placed(file, draft)));
    } else if (content) {
      // A failure is the local echo's to show, with its offer to try again: see the timeline.
      this.deliver(this.placed(content, draft)).catch(() => undefined);
    }
    return true;
  }

  /** Sends a poll here. */
  async sendPoll(type: string, content: JsonObject): Promise<void> {
    const placed = this.threadId === null ? content : inThread(content, this.threadId, this.lastInThread());
    await this.client.sendEvent(this.room.roomId, this.threadId, type as never, placed as never);
  }

  /** Null when a command has done it all; undefined when nothing may be sent. */
  private async contentFor(text: string, draft: Draft): Promise<JsonObject | null | undefined> {
    const command = parseCommand(text);
    if (!command) {
      // A second slash is for a text that begins with one.
      return text === "" ? null : this.wording(text.replace(/^\/\//, "/"), "m.text", draft);
    }
    this.isBusy.value = true;
    this.failure.value = null;
    try {
      const outcome = await runCommand(command, { client: this.client, room: this.room, mentions: draft.mentions });
      if ("content" in outcome) return outcome.content;
      if (outcome.openRoom) this.openRoom(outcome.openRoom);
      return null;
    } catch (failure) {
      this.failure.value = sentenceOf(failure);
      return undefined;
    } finally {
      this.isBusy.value = false;
    }
  }

  private wording(text: string, kind: TextKind, { mentions }: Draft): JsonObject {
    const mayMentionRoom = this.room.currentState.mayTriggerNotifOfType("room", this.client.getSafeUserId());
    return textContent({ text, kind, mentions, mayMentionRoom });
  }

  /** The content in its relation to other messages. */
  private placed(content: JsonObject, { editing, replyTo }: Draft): JsonObject {
    const withMentions = { "m.mentions": {}, ...content };
    if (editing !== null) {
      const before = asObject(this.room.findEventById(editing)?.getContent()["m.mentions"]);
      return asEdit(withMentions, editing, asStrings(before?.["user_ids"]));
    }
    const answered = replyTo === null ? null : this.room.findEventById(replyTo);
    const senderId = answered?.getSender() ?? this.client.getSafeUserId();
    const reply =
      replyTo === null ? withMentions : asReply(withMentions, { eventId: replyTo, senderId }, this.client.getSafeUserId());
    return this.threadId === null ? reply : inThread(reply, this.threadId, this.lastInThread());
  }

  private deliver(content: JsonObject): Promise<unknown> {
    return this.client.sendMessage(this.room.roomId, this.threadId, content as never);
  }

  private lastInThread(): string {
    const threadId = this.threadId ?? "";
    const last = this.room.getThread(threadId)?.liveTimeline.getEvents().findLast((event) => !event.status);
    return last?.getId() ?? threadId;
  }

  private change(change: Partial<Draft>): void {
    this.draft.value = { ...this.draft.peek(), ...change };
    draftsOf(this.client).changed();
  }
}

/** Whether a message is one of our own that has words which can be others. */
export function isEditable(event: MatrixEvent, me: string): boolean {
  const content = asObject(event.getContent()) ?? {};
  const isText = ["m.text", "m.emote", "m.notice"].includes(String(content["msgtype"]));
  const isOurs = event.getSender() === me && event.getType() === EventType.RoomMessage && !event.status;
  return isOurs && isText && typeof content["body"] === "string" && !event.isRedacted() && !event.isRelation("m.replace");
}

/** Why nothing can be written in a room, or null when it can. */
export function silenceIn(room: Room): string | null {
  if (room.hasEncryptionStateEvent() && !room.client.getCrypto()) return t().composer.encrypted;
  return room.maySendMessage() ? null : t().composer.readOnly;
}

/** What a key means in the composer. Enter that ends an input method's composition does not send. */
export function isSendKey(key: { key: string; shiftKey: boolean; isComposing: boolean }): boolean {
  return key.key === "Enter" && !key.shiftKey && !key.isComposing;
}

function withKnownEmoji(text: string): string {
  const table = findEmojiTable();
  return table && !text.startsWith("/plain") ? withEmoji(table, text) : text;
}

/** Who is linked in a message as `@name`, so that an edit keeps the links. */
function linkedMentions(content: JsonObject): Mention[] {
  const html = content["formatted_body"];
  if (typeof html !== "string") return [];
  const links = [...html.matchAll(/<a href="([^"]*)">@?([^<]*)<\/a>/g)];
  return links.flatMap(([, href = "", name = ""]) => {
    const target = parseMatrixLink(href);
    return target?.kind === "user" && name !== "" ? [{ name, userId: target.userId }] : [];
  });
}
