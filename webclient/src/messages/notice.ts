import { EventType, KnownMembership, type MatrixEvent } from "matrix-js-sdk";

import { asObject, type JsonObject } from "../core/api";
import { t } from "../core/texts";
import { membershipText } from "./membership";
import { nameInSentence } from "./names";

const longestQuote = 300;

/** One line about an event of `actor` that is no message, or null for one that is not worth a line. */
export function noticeText(event: MatrixEvent, actor: string): string | null {
  if (event.getType() === EventType.CallInvite) return t().notices.called(actor);
  if (!event.isState() || event.isRedacted()) return null;
  const content = asObject(event.getContent()) ?? {};
  if (event.getType() === EventType.RoomMember) return membershipOf(event, content, actor);
  return lineAbout(event.getType(), content, asObject(event.getPrevContent()) ?? {}, actor);
}

function lineAbout(type: string, content: JsonObject, before: JsonObject, actor: string): string | null {
  const texts = t().notices;
  switch (type) {
    case EventType.RoomCreate:
      return texts.created(actor);
    case EventType.RoomName:
      return quoted(content["name"]) ? texts.named(actor, quoted(content["name"])) : texts.nameRemoved(actor);
    case EventType.RoomTopic:
      return quoted(content["topic"]) ? texts.topic(actor, quoted(content["topic"])) : texts.topicRemoved(actor);
    case EventType.RoomCanonicalAlias:
      return quoted(content["alias"]) ? texts.alias(actor, quoted(content["alias"])) : texts.aliasRemoved(actor);
    case EventType.RoomAvatar:
      return texts.avatar(actor);
    case EventType.RoomEncryption:
      return texts.encryption(actor);
    case EventType.RoomTombstone:
      return texts.replaced(actor);
    case EventType.RoomPinnedEvents:
      return pinsLine(content, before, actor);
    case EventType.RoomPowerLevels:
      return texts.powerLevels(actor);
    case EventType.RoomServerAcl:
      return texts.serverAcl(actor);
    default:
      return accessLine(type, content, actor);
  }
}

function accessLine(type: string, content: JsonObject, actor: string): string | null {
  const texts = t().notices;
  if (type === EventType.RoomJoinRules) return known(texts.joinRules, content["join_rule"])?.(actor) ?? null;
  if (type === EventType.RoomHistoryVisibility) {
    return known(texts.history, content["history_visibility"])?.(actor) ?? null;
  }
  if (type === EventType.RoomGuestAccess) return known(texts.guests, content["guest_access"])?.(actor) ?? null;
  return null;
}

function known<T>(table: Readonly<Record<string, T>>, key: unknown): T | undefined {
  return typeof key === "string" && Object.hasOwn(table, key) ? table[key] : undefined;
}

function pinsLine(content: JsonObject, before: JsonObject, actor: string): string {
  const count = (pins: unknown): number => (Array.isArray(pins) ? pins.length : 0);
  const hasFewer = count(content["pinned"]) < count(before["pinned"]);
  return hasFewer ? t().notices.unpinned(actor) : t().notices.pinned(actor);
}

function membershipOf(event: MatrixEvent, now: JsonObject, actor: string): string | null {
  const before = asObject(event.getPrevContent()) ?? {};
  const targetId = event.getStateKey() ?? "";
  // Somebody who leaves is still called by the name of before.
  const target = nameInSentence(text(now["displayname"])) || nameInSentence(text(before["displayname"])) || targetId;
  return membershipText({
    before: text(before["membership"]) || KnownMembership.Leave,
    now: text(now["membership"]),
    isOwn: event.getSender() === targetId,
    actor,
    target,
    nameBefore: nameInSentence(text(before["displayname"])) || null,
    nameNow: nameInSentence(text(now["displayname"])) || null,
    pictureChanged: before["avatar_url"] !== now["avatar_url"],
    reason: quoted(now["reason"]) || null,
  });
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A stranger's text for a line of its own. */
function quoted(value: unknown): string {
  const line = text(value).slice(0, 2 * longestQuote).replace(/\s+/g, " ").trim();
  return line.length > longestQuote ? `${line.slice(0, longestQuote)}…` : line;
}
