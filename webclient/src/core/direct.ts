import { EventType, KnownMembership, Preset, type MatrixClient } from "matrix-js-sdk";

import { asObject, asStrings } from "./api";
import { encryptionState } from "./encryption/room-state";

/** Which rooms are direct chats with whom. https://spec.matrix.org/v1.19/client-server-api/#mdirect */
export function directRooms(client: MatrixClient): Map<string, string[]> {
  const content = asObject(client.getAccountData(EventType.Direct)?.getContent()) ?? {};
  return new Map(Object.entries(content).map(([userId, roomIds]) => [userId, asStrings(roomIds)]));
}

/** The direct chat with somebody that both are in, or invited to; null without one. */
export function directRoomWith(client: MatrixClient, userId: string): string | null {
  const present: ReadonlySet<string | undefined> = new Set([KnownMembership.Join, KnownMembership.Invite]);
  const roomIds = directRooms(client).get(userId) ?? [];
  const found = roomIds.find((roomId) => {
    const room = client.getRoom(roomId);
    return room?.getMyMembership() === KnownMembership.Join && present.has(room.getMember(userId)?.membership);
  });
  return found ?? null;
}

/** The direct chat with somebody: the one there is, or a new one, encrypted where they have a device that can read it. */
export async function openDirectRoom(client: MatrixClient, userId: string): Promise<string> {
  const existing = directRoomWith(client, userId);
  if (existing !== null) return existing;
  const { room_id: roomId } = await client.createRoom({
    preset: Preset.TrustedPrivateChat,
    is_direct: true,
    invite: [userId],
    ...((await canDecrypt(client, userId)) && { initial_state: [encryptionState] }),
  });
  await addDirectRoom(client, userId, roomId);
  return roomId;
}

/** Marks a room as a direct chat with somebody. */
export async function addDirectRoom(client: MatrixClient, userId: string, roomId: string): Promise<void> {
  const rooms = directRooms(client);
  rooms.set(userId, [...new Set([...(rooms.get(userId) ?? []), roomId])]);
  await client.setAccountData(EventType.Direct, Object.fromEntries(rooms));
}

async function canDecrypt(client: MatrixClient, userId: string): Promise<boolean> {
  const devices = await client.getCrypto()?.getUserDeviceInfo([userId], true);
  return (devices?.get(userId)?.size ?? 0) > 0;
}
