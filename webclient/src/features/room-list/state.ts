import {
  ClientEvent,
  EventType,
  KnownMembership,
  NotificationCountType,
  PushRuleActionName,
  RoomEvent,
  RoomStateEvent,
  type MatrixClient,
  type Room,
} from "matrix-js-sdk";

import { asObject, asStrings } from "../../core/api";
import { roomPicture } from "../../core/media/avatar-of";
import { Projection, source } from "../../core/projection";
import { tidyName } from "../../messages/names";

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
  readonly isFavourite: boolean;
  readonly isLowPriority: boolean;
  readonly isDirect: boolean;
  readonly isMuted: boolean;
  /** The user wants to come back to it. */
  readonly isMarkedUnread: boolean;
}

export type SectionName = "favourites" | "people" | "rooms" | "lowPriority";

export interface Section {
  readonly name: SectionName;
  readonly rooms: readonly RoomSummary[];
}

/** https://spec.matrix.org/v1.19/client-server-api/#room-tagging */
export const favouriteTag = "m.favourite";
export const lowPriorityTag = "m.lowpriority";

export function summaryOf(room: Room, directRooms: ReadonlySet<string>): RoomSummary {
  const marked = room.getAccountData("m.marked_unread")?.getContent();
  return {
    roomId: room.roomId,
    name: tidyName(room.name) || room.roomId,
    picture: roomPicture(room),
    unread: room.getUnreadNotificationCount(NotificationCountType.Total),
    highlights: room.getUnreadNotificationCount(NotificationCountType.Highlight),
    lastActiveMs: room.getLastActiveTimestamp(),
    isFavourite: favouriteTag in room.tags,
    isLowPriority: lowPriorityTag in room.tags,
    isDirect: directRooms.has(room.roomId),
    isMuted: isMuted(room),
    isMarkedUnread: marked?.["unread"] === true,
  };
}

function isMuted(room: Room): boolean {
  const rule = room.client.getRoomPushRule("global", room.roomId);
  const overriding = room.client.pushRules?.global?.override?.find(({ rule_id: id }) => id === room.roomId);
  return [rule, overriding].some((each) => each?.enabled === true && !each.actions.includes(PushRuleActionName.Notify));
}

/** Most recent activity first; by name, then id, where that is equal, so that the order never flickers. */
export function byActivity(a: RoomSummary, b: RoomSummary): number {
  return b.lastActiveMs - a.lastActiveMs || a.name.localeCompare(b.name) || (a.roomId < b.roomId ? -1 : 1);
}

/** The rooms under their headings; a heading without rooms is left out. */
export function sectionsOf(rooms: readonly RoomSummary[]): Section[] {
  const sections: Record<SectionName, RoomSummary[]> = { favourites: [], people: [], rooms: [], lowPriority: [] };
  for (const room of rooms) sections[sectionOf(room)].push(room);
  const names: readonly SectionName[] = ["favourites", "people", "rooms", "lowPriority"];
  return names.map((name) => ({ name, rooms: sections[name] })).filter(({ rooms: some }) => some.length > 0);
}

function sectionOf(room: RoomSummary): SectionName {
  if (room.isFavourite) return "favourites";
  if (room.isLowPriority) return "lowPriority";
  return room.isDirect ? "people" : "rooms";
}

/** The rooms that the user is in, and what can be done with them there. */
export class RoomListState {
  private readonly projection: Projection<readonly RoomSummary[]>;

  constructor(private readonly client: MatrixClient) {
    const listed = (): RoomSummary[] => {
      const direct = directRoomIds(client);
      const joined = client
        .getVisibleRooms()
        .filter((room) => room.getMyMembership() === KnownMembership.Join && !room.isSpaceRoom());
      return joined.map((room) => summaryOf(room, direct)).sort(byActivity);
    };
    // Unread counts change with no event of their own on the client: the end of a sync covers them.
    this.projection = new Projection(listed, [
      source(client, ClientEvent.Sync, ClientEvent.Room, ClientEvent.DeleteRoom, ClientEvent.AccountData),
      source(client, RoomEvent.Name, RoomEvent.MyMembership, RoomEvent.Timeline, RoomEvent.Receipt),
      source(client, RoomEvent.Tags, RoomEvent.AccountData, RoomEvent.UnreadNotifications, RoomStateEvent.Events),
    ]);
  }

  get rooms(): readonly RoomSummary[] {
    return this.projection.value.value;
  }

  /** Puts a tag on a room, or takes it away; the two tags that order the list exclude each other. */
  async toggleTag(room: RoomSummary, tag: typeof favouriteTag | typeof lowPriorityTag): Promise<void> {
    const isSet = tag === favouriteTag ? room.isFavourite : room.isLowPriority;
    const other = tag === favouriteTag ? lowPriorityTag : favouriteTag;
    const hasOther = tag === favouriteTag ? room.isLowPriority : room.isFavourite;
    if (isSet) await this.client.deleteRoomTag(room.roomId, tag);
    else await this.client.setRoomTag(room.roomId, tag, { order: 0.5 });
    if (!isSet && hasOther) await this.client.deleteRoomTag(room.roomId, other);
  }

  async toggleMute(room: RoomSummary): Promise<void> {
    await this.client.setRoomMutePushRule("global", room.roomId, !room.isMuted);
    this.projection.refresh();
  }

  /** Marks a room as unread, or everything in it as read. */
  async toggleRead(summary: RoomSummary): Promise<void> {
    const isUnread = summary.unread > 0 || summary.isMarkedUnread;
    await this.client.setRoomAccountData(summary.roomId, "m.marked_unread" as never, { unread: !isUnread } as never);
    const room = this.client.getRoom(summary.roomId);
    const newest = room?.getLiveTimeline().getEvents().findLast((event) => !event.status);
    // Without a thread named, for all of the room.
    if (isUnread && newest) await this.client.sendReadReceipt(newest, undefined, true);
  }

  dispose(): void {
    this.projection.dispose();
  }
}

/** The rooms that are chats with one person. https://spec.matrix.org/v1.19/client-server-api/#direct-messaging */
export function directRoomIds(client: MatrixClient): ReadonlySet<string> {
  const people = asObject(client.getAccountData(EventType.Direct)?.getContent()) ?? {};
  return new Set(Object.values(people).flatMap(asStrings));
}
