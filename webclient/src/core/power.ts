import { EventType, type Room } from "matrix-js-sdk";

import { asObject, type JsonObject } from "./api";

/** Who may do what in a room. Creators of rooms of version 12 and later have infinite power. */
export interface PowerView {
  of(userId: string): number;
  /** What it takes to send an event of a type. */
  toSend(type: string, isState: boolean): number;
  readonly ban: number;
  readonly kick: number;
  readonly invite: number;
  readonly redact: number;
  readonly usersDefault: number;
  readonly content: JsonObject;
}

/** The levels that people are commonly given. */
export const commonLevels = [0, 50, 100] as const;

export function powerIn(room: Room): PowerView {
  const content = asObject(room.currentState.getStateEvents(EventType.RoomPowerLevels, "")?.getContent()) ?? {};
  const create = room.currentState.getStateEvents(EventType.RoomCreate, "");
  return powerOf(content, creatorsOf(create?.getSender() ?? null, asObject(create?.getContent()) ?? {}));
}

/** https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels */
export function powerOf(content: JsonObject, creators: ReadonlySet<string> = new Set()): PowerView {
  const users = asObject(content["users"]) ?? {};
  const events = asObject(content["events"]) ?? {};
  const usersDefault = level(content["users_default"], 0);
  return {
    of: (userId) => (creators.has(userId) ? Infinity : level(users[userId], usersDefault)),
    toSend: (type, isState) =>
      level(events[type], level(content[isState ? "state_default" : "events_default"], isState ? 50 : 0)),
    ban: level(content["ban"], 50),
    kick: level(content["kick"], 50),
    invite: level(content["invite"], 0),
    redact: level(content["redact"], 50),
    usersDefault,
    content,
  };
}

/** Versions before 12 list their creator among the users. https://spec.matrix.org/v1.19/rooms/v12/ */
function creatorsOf(sender: string | null, content: JsonObject): ReadonlySet<string> {
  const version = Number(content["room_version"] ?? "1");
  if (!(version >= 12) || sender === null) return new Set();
  const more = content["additional_creators"];
  return new Set([sender, ...(Array.isArray(more) ? more.filter((each) => typeof each === "string") : [])]);
}

/** The levels that one user may give to another: none above the own, and nobody as powerful can be changed. */
export function mayGive(power: PowerView, ownId: string, userId: string): number[] {
  const own = power.of(ownId);
  const now = power.of(userId);
  if (own < power.toSend(EventType.RoomPowerLevels, true) || now === Infinity) return [];
  if (ownId !== userId && now >= own) return [];
  const levels = [...new Set([...commonLevels, now])].filter((each) => each <= own);
  return levels.sort((a, b) => b - a);
}

function level(value: unknown, otherwise: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}
