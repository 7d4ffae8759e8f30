import { EventType, KnownMembership, type MatrixEvent } from "matrix-js-sdk";

import { membershipText } from "./membership";

/** One line about a state event of `actor`, or null for one that is not worth a line. */
export function noticeText(event: MatrixEvent, actor: string): string | null {
  const content = event.getContent();
  switch (event.getType()) {
    case EventType.RoomMember:
      return membershipOf(event, actor);
    case EventType.RoomCreate:
      return `${actor} created this room`;
    case EventType.RoomName:
      return content["name"]
        ? `${actor} named the room “${text(content["name"])}”`
        : `${actor} removed the room's name`;
    case EventType.RoomTopic:
      return content["topic"] ? `${actor} set the topic to “${text(content["topic"])}”` : `${actor} removed the topic`;
    case EventType.RoomCanonicalAlias:
      return content["alias"]
        ? `${actor} set the room's address to ${text(content["alias"])}`
        : `${actor} removed the room's address`;
    case EventType.RoomAvatar:
      return `${actor} changed the room's picture`;
    case EventType.RoomEncryption:
      return `${actor} turned on encryption`;
    case EventType.RoomTombstone:
      return `${actor} replaced this room with a newer one`;
    default:
      return null;
  }
}

function membershipOf(event: MatrixEvent, actor: string): string | null {
  const before = event.getPrevContent();
  const now = event.getContent();
  const targetId = event.getStateKey() ?? "";
  // Somebody who leaves is still called by the name of before.
  const target = text(now["displayname"]) || text(before["displayname"]) || targetId;
  return membershipText({
    before: text(before["membership"]) || KnownMembership.Leave,
    now: text(now["membership"]),
    isOwn: event.getSender() === targetId,
    actor,
    target,
    nameBefore: text(before["displayname"]) || null,
    nameNow: text(now["displayname"]) || null,
    pictureChanged: before["avatar_url"] !== now["avatar_url"],
    reason: text(now["reason"]) || null,
  });
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
