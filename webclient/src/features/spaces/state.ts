import { signal, type ReadonlySignal } from "@preact/signals";
import { ClientEvent, EventType, KnownMembership, RoomEvent, RoomStateEvent, type MatrixClient, type Room } from "matrix-js-sdk";

import { asStrings } from "../../core/api";
import { roomPicture } from "../../core/media/avatar-of";
import { Projection, source } from "../../core/projection";
import { tidyName } from "../../messages/names";

export interface Space {
  readonly roomId: string;
  readonly name: string;
  readonly picture: string | null;
  /** How deep it stands under others; 0 for one that is in no other. */
  readonly depth: number;
  /** All rooms below it, at any depth. */
  readonly rooms: ReadonlySet<string>;
  readonly unread: number;
  readonly highlights: number;
}

/** The children of each space: ids of rooms and spaces, in the order that the space gives them. */
export type SpaceChildren = ReadonlyMap<string, readonly string[]>;

/**
 * The spaces as a tree, each after the one it is in. One that is in several is shown in the first; one that is in
 * itself, by whatever detour, ends there.
 */
export function treeOf(children: SpaceChildren): { roomId: string; depth: number }[] {
  const inOthers = new Set([...children].flatMap(([parent, below]) => below.filter((id) => children.has(id) && id !== parent)));
  const tree: { roomId: string; depth: number }[] = [];
  const seen = new Set<string>();
  const visit = (roomId: string, depth: number): void => {
    if (seen.has(roomId)) return;
    seen.add(roomId);
    tree.push({ roomId, depth });
    for (const child of children.get(roomId) ?? []) if (children.has(child)) visit(child, depth + 1);
  };
  for (const roomId of children.keys()) if (!inOthers.has(roomId)) visit(roomId, 0);
  // A ring of spaces has no top.
  for (const roomId of children.keys()) visit(roomId, 0);
  return tree;
}

/** All rooms below a space. */
export function roomsBelow(children: SpaceChildren, spaceId: string): Set<string> {
  const below = new Set<string>();
  const waiting = [spaceId];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const child of children.get(next) ?? []) {
      if (below.has(child)) continue;
      below.add(child);
      waiting.push(child);
    }
  }
  return below;
}

/** The children that a space names. https://spec.matrix.org/v1.19/client-server-api/#mspacechild */
export function childrenOf(space: Room): string[] {
  const events = space.currentState.getStateEvents(EventType.SpaceChild).filter((event) => asStrings(event.getContent()["via"]).length > 0);
  const ordered = events.map((event) => {
    const order: unknown = event.getContent()["order"];
    const isValid = typeof order === "string" && order.length <= 50 && /^[\x20-\x7e]*$/.test(order);
    return { roomId: event.getStateKey() ?? "", order: isValid ? order : "\x7f", atMs: event.getTs() };
  });
  ordered.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : a.atMs - b.atMs));
  return ordered.map(({ roomId }) => roomId);
}

/** The spaces that the user is in, and the one whose rooms are shown. */
export class SpacesState {
  readonly chosen: ReadonlySignal<string | null>;
  private readonly current = signal<string | null>(null);
  private readonly projection: Projection<readonly Space[]>;

  constructor(private readonly client: MatrixClient) {
    this.chosen = this.current;
    this.projection = new Projection(
      () => this.compute(),
      [
        source(client, ClientEvent.Sync, ClientEvent.Room, ClientEvent.DeleteRoom),
        source(client, RoomEvent.Name, RoomEvent.MyMembership, RoomStateEvent.Events),
      ],
    );
  }

  get spaces(): readonly Space[] {
    return this.projection.value.value;
  }

  /** The chosen space; null while all rooms are shown. */
  get space(): Space | null {
    return this.spaces.find(({ roomId }) => roomId === this.chosen.value) ?? null;
  }

  choose(roomId: string | null): void {
    this.current.value = roomId;
  }

  dispose(): void {
    this.projection.dispose();
  }

  private compute(): Space[] {
    const joined = this.client
      .getVisibleRooms()
      .filter((room) => room.isSpaceRoom() && room.getMyMembership() === KnownMembership.Join);
    const named = joined.sort((a, b) => a.name.localeCompare(b.name));
    const byId = new Map(named.map((room) => [room.roomId, room]));
    const children = new Map(named.map((room) => [room.roomId, childrenOf(room)]));
    return treeOf(children).flatMap(({ roomId, depth }) => {
      const room = byId.get(roomId);
      if (!room) return [];
      const rooms = roomsBelow(children, roomId);
      const below = [...rooms].flatMap((id) => this.client.getRoom(id) ?? []);
      return [
        {
          roomId,
          name: tidyName(room.name) || roomId,
          picture: roomPicture(room),
          depth,
          rooms,
          unread: sum(below, "total"),
          highlights: sum(below, "highlight"),
        },
      ];
    });
  }
}

function sum(rooms: readonly Room[], kind: "total" | "highlight"): number {
  return rooms.reduce((total, room) => total + room.getUnreadNotificationCount(kind as never), 0);
}
