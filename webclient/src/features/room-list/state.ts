import {
  ClientEvent,
  KnownMembership,
  NotificationCountType,
  RoomEvent,
  type MatrixClient,
  type Room,
} from "matrix-js-sdk";

import { roomPicture } from "../../core/media/avatar-of";
import { Projection, source } from "../../core/projection";

/** One line of the room list. */
export interface RoomSummary {
  readonly roomId: string;
  readonly name: string;
  /** The `mxc:` address of its picture. */
  readonly picture: string | null;
  readonly unread: number;
  /** How many of the unread messages mention the user. */
  readonly highlights: number;
  readonly lastActiveMs: number;
}

export function summaryOf(room: Room): RoomSummary {
  return {
    roomId: room.roomId,
    name: room.name,
    picture: roomPicture(room),
    unread: room.getUnreadNotificationCount(NotificationCountType.Total),
    highlights: room.getUnreadNotificationCount(NotificationCountType.Highlight),
    lastActiveMs: room.getLastActiveTimestamp(),
  };
}

/** Most recent activity first; by name, then id, where that is equal, so that the order never flickers. */
export function byActivity(a: RoomSummary, b: RoomSummary): number {
  return b.lastActiveMs - a.lastActiveMs || a.name.localeCompare(b.name) || (a.roomId < b.roomId ? -1 : 1);
}

/** The rooms that the user is in. */
export class RoomListState {
  private readonly projection: Projection<readonly RoomSummary[]>;

  constructor(client: MatrixClient) {
    const listed = (): RoomSummary[] => {
      const joined = client.getRooms().filter((room) => room.getMyMembership() === KnownMembership.Join);
      return joined.map(summaryOf).sort(byActivity);
    };
    // Unread counts change with no event of their own on the client: the end of a sync covers them.
    this.projection = new Projection(listed, [
      source(client, ClientEvent.Sync, ClientEvent.Room, ClientEvent.DeleteRoom),
      source(client, RoomEvent.Name, RoomEvent.MyMembership, RoomEvent.Timeline, RoomEvent.Receipt),
    ]);
  }

  get rooms(): readonly RoomSummary[] {
    return this.projection.value.value;
  }

  dispose(): void {
    this.projection.dispose();
  }
}
