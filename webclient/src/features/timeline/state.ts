import { signal, type ReadonlySignal } from "@preact/signals";
import {
  Direction,
  EventStatus,
  EventTimeline,
  MatrixEventEvent,
  NotificationCountType,
  RoomEvent,
  RoomStateEvent,
  ThreadEvent,
  type EventTimelineSet,
  type MatrixClient,
  type MatrixEvent,
  type Room,
  type Thread,
} from "matrix-js-sdk";

import { Projection, source } from "../../core/projection";
import { Task } from "../../core/task";
import { t } from "../../core/texts";
import { Entries } from "../../messages/entry";
import { readersByEvent } from "./readers";
import { RowMaker, type Row } from "./rows";

/** How many events one step back in the history fetches. */
const pageSize = 60;

export interface TimelineView {
  readonly rows: readonly Row[];
  /** There is nothing older on the server. */
  readonly isAtStart: boolean;
  /** The newest message is among the rows. */
  readonly isAtEnd: boolean;
}

/** The messages of a room or of one thread, around its end or around a message, with our own on their way at the end. */
export class TimelineState {
  readonly loadingOlder = new Task();
  readonly loadingNewer = new Task();
  /** Going to a message that is not here yet. */
  readonly jumping = new Task();
  /** The message that was last jumped to. */
  readonly target: ReadonlySignal<string | null>;
  private readonly currentTarget = signal<string | null>(null);
  private readonly entries: Entries;
  private readonly maker = new RowMaker();
  private readonly projection: Projection<TimelineView>;
  private readonly thread: Thread | null;
  private readonly timelineSet: EventTimelineSet;
  /** Where we are; null is the end, which goes on as events arrive. */
  private place: EventTimeline | null = null;
  private unreadAfter: string | null;
  private readUpTo: string | null;

  constructor(
    private readonly client: MatrixClient,
    readonly room: Room,
    threadId: string | null = null,
  ) {
    const me = client.getSafeUserId();
    this.target = this.currentTarget;
    this.entries = new Entries(room, me);
    this.thread = threadId === null ? null : threadIn(room, threadId);
    this.timelineSet = this.thread?.timelineSet ?? room.getUnfilteredTimelineSet();
    this.readUpTo = (this.thread ?? room).getEventReadUpTo(me);
    this.unreadAfter = this.readUpTo;
    this.projection = new Projection(() => this.compute(), this.sources());
  }

  get view(): TimelineView {
    return this.projection.value.value;
  }

  /** The message after which nothing was read when the room was opened, if it is not among the rows. */
  firstUnreadElsewhere(): string | null {
    if (this.thread || this.unreadAfter === null || this.room.getUnreadNotificationCount() === 0) return null;
    return this.timelineSet.getTimelineForEvent(this.unreadAfter) ? null : this.unreadAfter;
  }

  /** Fetches the next older page, unless one is on its way or there is none. */
  async loadOlder(): Promise<void> {
    if (this.isAtStart() || this.loadingOlder.isRunning.peek()) return;
    const oldest = edgeOf(this.base(), Direction.Backward);
    await this.loadingOlder.run(() =>
      this.client.paginateEventTimeline(oldest, { backwards: true, limit: pageSize }),
    );
    this.projection.refresh();
  }

  /** Fetches the next newer page, when the rows are not at the end. */
  async loadNewer(): Promise<void> {
    if (this.isAtEnd() || this.loadingNewer.isRunning.peek()) return;
    const newest = edgeOf(this.base(), Direction.Forward);
    await this.loadingNewer.run(() =>
      this.client.paginateEventTimeline(newest, { backwards: false, limit: pageSize }),
    );
    this.projection.refresh();
  }

  /** Shows a message in its place, fetching it and those around it; answers whether it is there. */
  async jumpTo(eventId: string): Promise<boolean> {
    const found = await this.jumping.run(async () => {
      const timeline = await this.client.getEventTimeline(this.timelineSet, eventId);
      if (!timeline) throw new Error(t().timeline.notFound);
      return timeline;
    });
    if (!found) return false;
    this.place = edgeOf(found, Direction.Forward) === this.timelineSet.getLiveTimeline() ? null : found;
    this.projection.refresh();
    this.currentTarget.value = eventId;
    return true;
  }

  /** Back to the end. */
  readonly showEnd = (): void => {
    this.currentTarget.value = null;
    this.jumping.failure.value = null;
    if (this.place === null) return;
    this.place = null;
    this.projection.refresh();
  };

  /** Sends a message again that could not be sent, and those after it. */
  readonly retry = (eventId: string): void => {
    const pending = this.pending();
    const from = pending.findIndex((event) => event.getId() === eventId);
    for (const event of from < 0 ? [] : pending.slice(from)) {
      if (event.status === EventStatus.NOT_SENT) this.client.resendEvent(event, this.room).catch(() => undefined);
    }
  };

  /** Gives up on a message that could not be sent. */
  readonly discard = (eventId: string): void => {
    const event = this.pending().find((each) => each.getId() === eventId);
    if (event?.status === EventStatus.NOT_SENT) this.client.cancelPendingEvent(event);
  };

  /** Tells the server that everything here has been seen. */
  async markRead(): Promise<void> {
    if (!this.isAtEnd()) return;
    const me = this.client.getUserId();
    const newest = this.timelineSet
      .getLiveTimeline()
      .getEvents()
      .findLast((event) => event.getSender() !== me && !event.status);
    const eventId = newest?.getId();
    // The SDK takes a thread for read whose room was: the server's count knows better.
    if (!newest || !eventId || (eventId === this.readUpTo && this.unreadCount() === 0)) return;
    const before = this.readUpTo;
    this.readUpTo = eventId;
    this.clearCounts();
    try {
      await this.client.sendReadReceipt(newest);
    } catch {
      // Left for the next look at the room to repeat.
      this.readUpTo = before;
      return;
    }
    // Where to read on from, on any device; the receipt alone says what others may know.
    if (!this.thread) await this.client.setRoomReadMarkersHttpRequest(this.room.roomId, eventId).catch(() => undefined);
  }

  /** What arrives from now on is new to somebody who has looked away. */
  lookedAway(): void {
    this.unreadAfter = this.timelineSet.getLiveTimeline().getEvents().at(-1)?.getId() ?? null;
  }

  dispose(): void {
    this.projection.dispose();
  }

  private unreadCount(): number {
    if (this.thread) return this.room.getThreadUnreadNotificationCount(this.thread.id);
    return this.room.getRoomUnreadNotificationCount();
  }

  /** The server's count of zero comes with the next sync only: until then the room list would show them as unread. */
  private clearCounts(): void {
    for (const kind of [NotificationCountType.Total, NotificationCountType.Highlight]) {
      if (this.thread) this.room.setThreadUnreadNotificationCount(this.thread.id, kind, 0);
      else this.room.setUnreadNotificationCount(kind, 0);
    }
  }

  private sources(): ReturnType<typeof source>[] {
    const { room, client } = this;
    return [
      source(room, RoomEvent.Timeline, RoomEvent.TimelineReset, RoomEvent.LocalEchoUpdated, RoomEvent.Redaction),
      source(room, RoomEvent.Receipt, RoomEvent.UnreadNotifications, RoomEvent.OldStateUpdated),
      source(room, RoomStateEvent.Members, RoomStateEvent.Events),
      source(room, ThreadEvent.New, ThreadEvent.Update, ThreadEvent.NewReply, ThreadEvent.Delete),
      source(client, MatrixEventEvent.Replaced, MatrixEventEvent.Decrypted),
    ];
  }

  private compute(): TimelineView {
    const events = this.events();
    const shown = events.map((event) => this.entries.entryOf(event));
    const entries = shown.filter((entry) => entry !== null);
    const readers = readersByEvent(this.room, events, shown);
    const rows = this.maker.rows({
      entries,
      unreadAfter: this.unreadAfter,
      me: this.client.getSafeUserId(),
      readersOf: (eventId) => readers.get(eventId) ?? [],
    });
    return { rows, isAtStart: this.isAtStart(), isAtEnd: this.isAtEnd() };
  }

  /** Everything that is loaded around here, oldest first. */
  private events(): MatrixEvent[] {
    const timelines: EventTimeline[] = [];
    let each: EventTimeline | null = edgeOf(this.base(), Direction.Backward);
    for (; each; each = each.getNeighbouringTimeline(EventTimeline.FORWARDS)) timelines.push(each);
    const events = timelines.flatMap((timeline) => timeline.getEvents());
    const root = this.thread?.rootEvent;
    const withRoot = root && this.isAtStart() && !events.includes(root) ? [root, ...events] : events;
    return this.isAtEnd() ? [...withRoot, ...this.pending()] : withRoot;
  }

  private pending(): MatrixEvent[] {
    const threadId = this.thread?.id;
    return this.room.getPendingEvents().filter((event) => event.threadRootId === threadId);
  }

  private base(): EventTimeline {
    return this.place ?? this.timelineSet.getLiveTimeline();
  }

  private isAtStart(): boolean {
    const oldest = edgeOf(this.base(), Direction.Backward);
    if (this.thread && !this.thread.initialEventsFetched) return false;
    return oldest.getPaginationToken(Direction.Backward) === null;
  }

  private isAtEnd(): boolean {
    return this.place === null || edgeOf(this.place, Direction.Forward) === this.timelineSet.getLiveTimeline();
  }
}

function edgeOf(timeline: EventTimeline, direction: Direction): EventTimeline {
  let edge = timeline;
  for (let next = edge.getNeighbouringTimeline(direction); next; next = edge.getNeighbouringTimeline(direction)) {
    edge = next;
  }
  return edge;
}

function threadIn(room: Room, threadId: string): Thread {
  return room.getThread(threadId) ?? room.createThread(threadId, room.findEventById(threadId), [], true);
}
