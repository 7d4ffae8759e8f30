import { signal, type ReadonlySignal } from "@preact/signals";
import type { ISearchResults, MatrixClient, MatrixEvent, Room } from "matrix-js-sdk";

import { Task } from "../../core/task";

export interface Hit {
  readonly event: MatrixEvent;
  readonly room: Room;
}

/** What the server finds in messages. It cannot read encrypted ones. */
export class SearchState {
  readonly searching = new Task();
  readonly hits: ReadonlySignal<readonly Hit[]>;
  /** How many there are in all, where the server says so; null before the first search. */
  readonly count: ReadonlySignal<number | null>;
  readonly hasMore: ReadonlySignal<boolean>;
  /** The words that the server has searched for, to mark them. */
  readonly words: ReadonlySignal<readonly string[]>;
  private readonly found = signal<readonly Hit[]>([]);
  private readonly total = signal<number | null>(null);
  private readonly more = signal(false);
  private readonly marked = signal<readonly string[]>([]);
  private results: ISearchResults | null = null;

  constructor(private readonly client: MatrixClient) {
    this.hits = this.found;
    this.count = this.total;
    this.hasMore = this.more;
    this.words = this.marked;
  }

  /** Searches in one room, or in all that the user is in. */
  async search(term: string, roomId: string | null): Promise<void> {
    if (term.trim() === "") return;
    this.found.value = [];
    this.total.value = null;
    const filter = roomId === null ? {} : { filter: { rooms: [roomId] } };
    const results = await this.searching.run(() => this.client.searchRoomEvents({ term: term.trim(), ...filter }));
    if (results) this.take(results);
  }

  async loadMore(): Promise<void> {
    const { results } = this;
    if (!results) return;
    const more = await this.searching.run(() => this.client.backPaginateRoomEventsSearch(results));
    if (more) this.take(more);
  }

  private take(results: ISearchResults): void {
    this.results = results;
    this.found.value = results.results.flatMap(({ context }) => {
      const event = context.getEvent();
      const room = this.client.getRoom(event.getRoomId() ?? "");
      if (!room) return [];
      event.setMetadata(room.currentState, false);
      return [{ event, room }];
    });
    this.total.value = results.count ?? this.found.value.length;
    this.more.value = results.next_batch !== undefined && results.next_batch !== "";
    this.marked.value = results.highlights ?? [];
  }
}

export interface MarkedPart {
  readonly text: string;
  readonly isMarked: boolean;
}

/** A text in parts, of which those are marked that were searched for. Begins shortly before the first of them. */
export function markedParts(text: string, words: readonly string[]): MarkedPart[] {
  const wanted = words.filter((word) => word.trim() !== "").map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (wanted.length === 0) return [{ text, isMarked: false }];
  const pattern = new RegExp(`(${wanted.join("|")})`, "gi");
  const start = Math.max(0, text.search(pattern) - 60);
  const shown = start > 0 ? `…${text.slice(start)}` : text;
  return shown
    .split(pattern)
    .map((part, index) => ({ text: part, isMarked: index % 2 === 1 }))
    .filter(({ text: part }) => part !== "");
}
