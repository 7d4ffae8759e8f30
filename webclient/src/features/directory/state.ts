import { signal, type ReadonlySignal } from "@preact/signals";
import type { IPublicRoomsChunkRoom, MatrixClient } from "matrix-js-sdk";

import { Task } from "../../core/task";
import { tidyName } from "../../messages/names";

export interface ListedRoom {
  readonly roomId: string;
  readonly name: string;
  readonly alias: string | null;
  readonly topic: string;
  readonly picture: string | null;
  readonly members: number;
  readonly isJoined: boolean;
  readonly via: readonly string[];
}

const pageSize = 30;

/** Where to look: the directory of a server, or the rooms of a space. */
export type Place = { readonly kind: "server"; readonly server: string | null } | { readonly kind: "space"; readonly spaceId: string };

/** The rooms that can be found and joined, page by page. */
export class DirectoryState {
  readonly loading = new Task();
  readonly joining = new Task();
  readonly rooms: ReadonlySignal<readonly ListedRoom[]>;
  readonly hasMore: ReadonlySignal<boolean>;
  private readonly found = signal<readonly ListedRoom[]>([]);
  private readonly more = signal(false);
  private next: string | undefined;
  private query = 0;
  private term = "";
  private place: Place = { kind: "server", server: null };

  constructor(private readonly client: MatrixClient) {
    this.rooms = this.found;
    this.hasMore = this.more;
  }

  /** Begins anew with other words or another place. */
  async search(term: string, place: Place): Promise<void> {
    this.term = term.trim();
    this.place = place;
    this.next = undefined;
    this.query++;
    this.loading.isRunning.value = false;
    await this.load(true);
  }

  async loadMore(): Promise<void> {
    if (this.more.peek()) await this.load(false);
  }

  /** Answers the id of the room that was joined. */
  join(room: ListedRoom): Promise<string | null> {
    return this.joining.run(async () => {
      const target = room.alias ?? room.roomId;
      const joined = await this.client.joinRoom(target, room.via.length > 0 ? { viaServers: [...room.via] } : {});
      return joined.roomId;
    });
  }

  private async load(isFirst: boolean): Promise<void> {
    const query = this.query;
    const page = await this.loading.run(() => (this.place.kind === "server" ? this.serverPage() : this.spacePage()));
    // The answer to what was asked before is of no use any more.
    if (query !== this.query) return;
    if (isFirst) this.found.value = [];
    if (!page) return void (this.more.value = false);
    this.found.value = [...this.found.peek(), ...page.rooms];
    this.next = page.next;
    this.more.value = page.next !== undefined;
  }

  private async serverPage(): Promise<{ rooms: ListedRoom[]; next: string | undefined }> {
    const server = this.place.kind === "server" ? this.place.server : null;
    const answer = await this.client.publicRooms({
      limit: pageSize,
      ...(server && { server }),
      ...(this.next !== undefined && { since: this.next }),
      ...(this.term && { filter: { generic_search_term: this.term } }),
    });
    const via = server ? [server] : [];
    return { rooms: answer.chunk.map((room) => this.listed(room, via)), next: answer.next_batch };
  }

  private async spacePage(): Promise<{ rooms: ListedRoom[]; next: string | undefined }> {
    const spaceId = this.place.kind === "space" ? this.place.spaceId : "";
    const answer = await this.client.getRoomHierarchy(spaceId, pageSize, undefined, false, this.next);
    const rooms = answer.rooms.filter((room) => room.room_id !== spaceId && room.room_type !== "m.space");
    const wanted = this.term.toLowerCase();
    const listed = rooms.map((room) => this.listed(room, serversIn(answer.rooms, room.room_id)));
    return { rooms: listed.filter(({ name, topic }) => `${name} ${topic}`.toLowerCase().includes(wanted)), next: answer.next_batch };
  }

  private listed(room: IPublicRoomsChunkRoom, via: readonly string[]): ListedRoom {
    const alias = typeof room.canonical_alias === "string" ? room.canonical_alias : null;
    return {
      roomId: room.room_id,
      name: tidyName(String(room.name ?? "")) || alias || room.room_id,
      alias,
      topic: typeof room.topic === "string" ? room.topic.slice(0, 300) : "",
      picture: typeof room.avatar_url === "string" ? room.avatar_url : null,
      members: Number(room.num_joined_members) || 0,
      isJoined: this.client.getRoom(room.room_id)?.getMyMembership() === "join",
      via,
    };
  }
}

interface HierarchyRoom {
  readonly children_state?: readonly { readonly state_key?: string; readonly content?: { readonly via?: unknown } }[];
}

/** The servers that a space names for one of its rooms. */
function serversIn(rooms: readonly HierarchyRoom[], roomId: string): string[] {
  const named = rooms.flatMap(({ children_state: children }) => children ?? []).find((child) => child.state_key === roomId);
  const via = named?.content?.via;
  return Array.isArray(via) ? via.filter((server): server is string => typeof server === "string") : [];
}
