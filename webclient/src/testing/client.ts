import type { MatrixClient } from "matrix-js-sdk";
import { vi } from "vitest";

import type { JsonObject } from "../core/api";
import { clientFor } from "../core/client";
import { Connection } from "../core/sync";
import { ScriptedHomeserver } from "./scripted-homeserver";

export const me = "@me:test";
export const roomId = "!room";

/** A logged-in client in step with a scripted homeserver. */
export interface Setting {
  readonly homeserver: ScriptedHomeserver;
  readonly client: MatrixClient;
  readonly connection: Connection;
  readonly end: () => Promise<void>;
}

/** Waits until `check` stops throwing; longer than a busy machine could need. */
export function soon(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 10_000, interval: 10 });
}

/** Starts both; `rooms` is that part of the first sync. */
export async function setting(rooms: JsonObject = {}): Promise<Setting> {
  const homeserver = await ScriptedHomeserver.start();
  const client = clientFor({ homeserverUrl: homeserver.url, userId: me, deviceId: "D", accessToken: "t" });
  const connection = new Connection(client, () => undefined);
  homeserver.sync({ rooms });
  await connection.start();
  await soon(() => {
    if (!connection.isReady.value) throw new Error("not in step yet");
  });
  const end = async (): Promise<void> => {
    connection.stop();
    await homeserver.stop();
  };
  return { homeserver, client, connection, end };
}

let eventCount = 0;

/** An event of a room; `at` is minutes after an arbitrary moment. */
export function event(type: string, sender: string, content: JsonObject, at = ++eventCount): JsonObject {
  return {
    type,
    sender,
    content,
    event_id: `$${type}${++eventCount}`,
    origin_server_ts: 1_700_000_000_000 + at * 60_000,
  };
}

export function stateEvent(type: string, sender: string, content: JsonObject, stateKey = ""): JsonObject {
  return { ...event(type, sender, content, 0), state_key: stateKey };
}

export function message(sender: string, body: string, at?: number): JsonObject {
  return event("m.room.message", sender, { msgtype: "m.text", body }, at);
}

export function join(userId: string, displayname?: string): JsonObject {
  return stateEvent("m.room.member", userId, { membership: "join", ...(displayname && { displayname }) }, userId);
}

/** A joined room of a sync. */
export function joined(state: JsonObject[], timeline: JsonObject[] = [], more: JsonObject = {}): JsonObject {
  return { state: { events: state }, timeline: { events: timeline, limited: false, prev_batch: "p1" }, ...more };
}
