import { RoomEvent, ThreadEvent, type MatrixClient, type MatrixEvent, type Room } from "matrix-js-sdk";

import { Projection, source } from "../../core/projection";
import { Task } from "../../core/task";
import { Entries, type ThreadSummary } from "../../messages/entry";

export interface ListedThread {
  readonly root: MatrixEvent;
  readonly summary: ThreadSummary;
  readonly lastMs: number;
}

/** The threads of a room, the latest active first. */
export class ThreadsState {
  readonly loading = new Task();
  private readonly projection: Projection<readonly ListedThread[]>;
  private readonly entries: Entries;
  private isComplete = false;

  constructor(
    private readonly client: MatrixClient,
    private readonly room: Room,
  ) {
    this.entries = new Entries(room, client.getSafeUserId());
    this.projection = new Projection(
      () => this.compute(),
      [
        source(room, ThreadEvent.New, ThreadEvent.Update, ThreadEvent.NewReply, ThreadEvent.Delete),
        source(room, RoomEvent.UnreadNotifications, RoomEvent.Redaction),
      ],
    );
  }

  get threads(): readonly ListedThread[] {
    return this.projection.value.value;
  }

  get hasMore(): boolean {
    return !this.isComplete;
  }

  /** Fetches the threads that are not known yet, page by page. */
  async load(): Promise<void> {
    await this.loading.run(async () => {
      const [all] = this.room.threadsTimelineSets;
      if (!all) {
        await this.room.createThreadsTimelineSets();
        await this.room.fetchRoomThreads();
      }
      const timeline = this.room.threadsTimelineSets[0]?.getLiveTimeline();
      this.isComplete = !timeline || !(await this.client.paginateEventTimeline(timeline, { backwards: true, limit: 30 }));
    });
    this.projection.refresh();
  }

  dispose(): void {
    this.projection.dispose();
  }

  private compute(): ListedThread[] {
    const listed = this.room.getThreads().flatMap((thread) => {
      const root = thread.rootEvent;
      const entry = root && this.entries.entryOf(root);
      if (!root || entry?.kind !== "message" || !entry.thread) return [];
      return [{ root, summary: entry.thread, lastMs: thread.replyToEvent?.getTs() ?? root.getTs() }];
    });
    return listed.sort((a, b) => b.lastMs - a.lastMs);
  }
}
