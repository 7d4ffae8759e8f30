import {
  EventStatus,
  MatrixEventEvent,
  NotificationCountType,
  RoomEvent,
  RoomStateEvent,
  type MatrixClient,
  type MatrixEvent,
  type Room,
} from "matrix-js-sdk";

import { Projection, source } from "../../core/projection";
import { Task } from "../../core/task";
import { arrange, type TimelineItem } from "./arrange";
import { entryOf } from "./entry";

/** How many events one step back in the history fetches. */
const pageSize = 40;

export interface TimelineView {
  readonly items: readonly TimelineItem[];
  /** There is nothing older on the server. */
  readonly isAtStart: boolean;
}

/** The messages of one room, with our own that are still on their way at the end. */
export class TimelineState {
  readonly loadingOlder = new Task();
  private readonly projection: Projection<TimelineView>;
  private readUpTo: string | null;

  constructor(
    private readonly client: MatrixClient,
    private readonly room: Room,
  ) {
    this.readUpTo = room.getEventReadUpTo(client.getSafeUserId());
    this.projection = new Projection(
      () => this.compute(),
      [
        source(room, RoomEvent.Timeline, RoomEvent.TimelineReset, RoomEvent.LocalEchoUpdated, RoomEvent.Redaction),
        source(room, RoomStateEvent.Members, RoomEvent.OldStateUpdated),
        source(client, MatrixEventEvent.Replaced),
      ],
    );
  }

  get view(): TimelineView {
    return this.projection.value.value;
  }

  /** Fetches the next older page, unless one is on its way or there is none. */
  async loadOlder(): Promise<void> {
    if (this.isAtStart() || this.loadingOlder.isRunning.peek()) return;
    await this.loadingOlder.run(() => this.client.scrollback(this.room, pageSize));
    this.projection.refresh();
  }

  /** Sends a message again that could not be sent. */
  readonly retry = (eventId: string): void => {
    const event = this.findPending(eventId);
    if (event?.status === EventStatus.NOT_SENT) this.client.resendEvent(event, this.room).catch(() => undefined);
  };

  /** Gives up on a message that could not be sent. */
  readonly discard = (eventId: string): void => {
    const event = this.findPending(eventId);
    if (event?.status === EventStatus.NOT_SENT) this.client.cancelPendingEvent(event);
  };

  /** Tells the server that everything here has been seen. */
  async markRead(): Promise<void> {
    const me = this.client.getUserId();
    const newest = this.room
      .getLiveTimeline()
      .getEvents()
      .findLast((event) => event.getSender() !== me);
    const eventId = newest?.getId();
    if (!newest || !eventId || eventId === this.readUpTo) return;
    const before = this.readUpTo;
    this.readUpTo = eventId;
    // The server's count of zero comes with the next sync only: until then the room list would show them as unread.
    this.room.setUnreadNotificationCount(NotificationCountType.Total, 0);
    this.room.setUnreadNotificationCount(NotificationCountType.Highlight, 0);
    await this.client.sendReadReceipt(newest).catch(() => {
      // Left for the next look at the room to repeat.
      this.readUpTo = before;
    });
  }

  dispose(): void {
    this.projection.dispose();
  }

  private compute(): TimelineView {
    const events = [...this.room.getLiveTimeline().getEvents(), ...this.room.getPendingEvents()];
    const nameOf = (userId: string): string => this.room.getMember(userId)?.name ?? userId;
    const entries = events.map((event) => entryOf(event, nameOf)).filter((entry) => entry !== null);
    return { items: arrange(entries), isAtStart: this.isAtStart() };
  }

  private isAtStart(): boolean {
    return this.room.oldState.paginationToken === null;
  }

  private findPending(eventId: string): MatrixEvent | undefined {
    return this.room.getPendingEvents().find((event) => event.getId() === eventId);
  }
}
