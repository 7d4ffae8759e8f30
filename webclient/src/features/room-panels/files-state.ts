import { signal, type ReadonlySignal } from "@preact/signals";
import { Direction, Filter, type MatrixClient, type MatrixEvent, type Room } from "matrix-js-sdk";

import { Task } from "../../core/task";
import { bodyOf, type Media } from "../../messages/body";

export interface RoomFile {
  readonly event: MatrixEvent;
  readonly media: Media;
}

const pageSize = 30;

/** The files that were sent to a room, the newest first. Of encrypted ones those that are loaded. */
export class FilesState {
  readonly loading = new Task();
  readonly files: ReadonlySignal<readonly RoomFile[]>;
  readonly hasMore: ReadonlySignal<boolean>;
  private readonly found = signal<readonly RoomFile[]>([]);
  private readonly more = signal(true);
  private from: string | null = null;

  constructor(
    private readonly client: MatrixClient,
    private readonly room: Room,
  ) {
    this.files = this.found;
    this.hasMore = this.more;
    if (room.hasEncryptionStateEvent()) {
      // The server cannot tell which of them are files.
      this.more.value = false;
      this.found.value = filesAmong([...room.getLiveTimeline().getEvents()].reverse());
    }
  }

  async loadMore(): Promise<void> {
    if (!this.more.peek()) return;
    const filter = new Filter(this.client.getUserId(), "files");
    filter.setDefinition({ room: { timeline: { contains_url: true, types: ["m.room.message"] } } });
    const page = await this.loading.run(() =>
      this.client.createMessagesRequest(this.room.roomId, this.from, pageSize, Direction.Backward, filter),
    );
    if (!page) return;
    const events = page.chunk.map(this.client.getEventMapper());
    for (const event of events) event.setMetadata(this.room.currentState, false);
    this.found.value = [...this.found.peek(), ...filesAmong(events)];
    this.from = page.end ?? null;
    this.more.value = page.end !== undefined && page.chunk.length > 0;
  }
}

function filesAmong(events: readonly MatrixEvent[]): RoomFile[] {
  return events.flatMap((event) => {
    const body = bodyOf(event);
    return body.kind === "media" && !event.isRedacted() ? [{ event, media: body.media }] : [];
  });
}
