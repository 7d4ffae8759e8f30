import { EventType, RelationType, type MatrixClient, type MatrixEvent, type Room } from "matrix-js-sdk";

import { asObject, type JsonObject } from "../../core/api";
import { matrixLink } from "../../core/permalink";
import { Task } from "../../core/task";
import { contentOf } from "../../messages/body";
import { pinnedSet, type MessageEntry } from "../../messages/entry";

const mostVia = 3;

/** What can be done with the messages of a room. */
export class MessageWork {
  /** What runs without a dialog of its own that could tell of a failure. */
  readonly task = new Task();

  constructor(
    private readonly client: MatrixClient,
    private readonly room: Room,
  ) {}

  find(eventId: string): MatrixEvent | undefined {
    return this.room.findEventById(eventId);
  }

  /** Reacts, or takes the own reaction back. */
  async toggleReaction(eventId: string, key: string, ownEventId: string | null): Promise<void> {
    if (ownEventId?.startsWith("~")) return;
    await this.task.run(async () => {
      if (ownEventId !== null) return this.client.redactEvent(this.room.roomId, ownEventId);
      const content = { "m.relates_to": { rel_type: RelationType.Annotation, event_id: eventId, key } };
      return this.client.sendEvent(this.room.roomId, EventType.Reaction, content as never);
    });
  }

  mayRemove(eventId: string): boolean {
    const event = this.find(eventId);
    return event !== undefined && this.room.currentState.maySendRedactionForEvent(event, this.client.getSafeUserId());
  }

  async remove(eventId: string, reason: string): Promise<void> {
    await this.client.redactEvent(this.room.roomId, eventId, undefined, reason.trim() ? { reason: reason.trim() } : {});
  }

  mayPin(): boolean {
    return this.room.currentState.mayClientSendStateEvent(EventType.RoomPinnedEvents, this.client);
  }

  async togglePin(eventId: string): Promise<void> {
    const pinned = [...pinnedSet(this.room)];
    const changed = pinned.includes(eventId) ? pinned.filter((each) => each !== eventId) : [...pinned, eventId];
    await this.task.run(() =>
      this.client.sendStateEvent(this.room.roomId, EventType.RoomPinnedEvents, { pinned: changed }),
    );
  }

  /** A link to a message that other people's clients understand, with servers that know the room. */
  linkTo(eventId: string): string {
    return matrixLink(this.room.roomId, eventId, serversOf(this.room));
  }

  async report(eventId: string, reason: string): Promise<void> {
    await this.client.reportEvent(this.room.roomId, eventId, -100, reason.trim());
  }

  /** The wordings that a message has had, the newest first. */
  async history(eventId: string): Promise<{ atMs: number; content: JsonObject }[]> {
    const original = this.find(eventId);
    const { events } = await this.client.relations(this.room.roomId, eventId, RelationType.Replace, null, { limit: 100 });
    const edits = events.filter((event) => event.getSender() === original?.getSender() && !event.isRedacted());
    const wordings = edits.flatMap((event) => {
      const content = asObject(event.getContent()["m.new_content"]);
      return content ? [{ atMs: event.getTs(), content }] : [];
    });
    wordings.sort((a, b) => b.atMs - a.atMs);
    const first = original && asObject(original.getOriginalContent());
    return first ? [...wordings, { atMs: original.getTs(), content: first }] : wordings;
  }

  /** The rooms that a message can be forwarded to, the most recently active first. */
  goals(): Room[] {
    const open = this.client.getVisibleRooms().filter((room) => room.getMyMembership() === "join" && room.maySendMessage());
    return open.sort((a, b) => b.getLastActiveTimestamp() - a.getLastActiveTimestamp());
  }

  async forward(eventId: string, goal: Room): Promise<void> {
    const event = this.find(eventId);
    if (!event) return;
    // Whom a message answers and mentions is a matter of the room it comes from.
    const { "m.relates_to": _relation, "m.mentions": _mentions, ...content } = contentOf(event);
    await this.client.sendEvent(goal.roomId, event.getType() as never, { ...content, "m.mentions": {} } as never);
  }
}

/** The servers with most of a room's members, which others may join through. */
export function serversOf(room: Room): string[] {
  const counts = new Map<string, number>();
  for (const { userId } of room.getJoinedMembers()) {
    const server = userId.slice(userId.indexOf(":") + 1);
    counts.set(server, (counts.get(server) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, mostVia)
    .map(([server]) => server);
}

/** The text of a message for the clipboard. */
export function textToCopy(entry: MessageEntry): string | null {
  const { body } = entry;
  if (body.kind === "text" || body.kind === "location") return body.text;
  if (body.kind === "media") return body.caption?.text ?? body.media.name;
  return body.kind === "poll" ? [body.poll.question, ...body.poll.answers.map(({ text }) => `- ${text}`)].join("\n") : null;
}
