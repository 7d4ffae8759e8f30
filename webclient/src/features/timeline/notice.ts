import { EventType, KnownMembership, type MatrixEvent } from "matrix-js-sdk";

import { t } from "../../core/texts";
import { membershipText } from "./membership";

/** One line about a state event of `actor`, or null for one that is not worth a line. */
export function noticeText(event: MatrixEvent, actor: string): string | null {
  const content = event.getContent();
  switch (event.getType()) {
    case EventType.RoomMember:
      return membershipOf(event, actor);
    case EventType.RoomCreate:
      return t().notices.created(actor);
    case EventType.RoomName:
      return content["name"]
        ? t().notices.named(actor, text(content["name"]))
        : t().notices.nameRemoved(actor);
    case EventType.RoomTopic:
      return content["topic"] ? t().notices.topic(actor, text(content["topic"])) : t().notices.topicRemoved(actor);
    case EventType.RoomCanonicalAlias:
      return content["alias"]
        ? t().notices.alias(actor, text(content["alias"]))
        : t().notices.aliasRemoved(actor);
    case EventType.RoomAvatar:
      return t().notices.avatar(actor);
    case EventType.RoomEncryption:
      return t().notices.encryption(actor);
    case EventType.RoomTombstone:
      return t().notices.replaced(actor);
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
