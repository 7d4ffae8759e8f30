import { ReceiptType, type MatrixEvent, type Room } from "matrix-js-sdk";

import { nameNow, type Entry } from "../../messages/entry";
import type { Reader } from "./rows";

/** So many events from the end are looked at: who has read less far is not worth a picture. */
const farthest = 400;

/** Who has read how far, by the id of the last shown event that they have read. */
export function readersByEvent(
  room: Room,
  events: readonly MatrixEvent[],
  shown: readonly (Entry | null)[],
): ReadonlyMap<string, readonly Reader[]> {
  const me = room.client.getUserId();
  const seen = new Set<string>();
  const readers = new Map<string, Reader[]>();
  let waiting: Reader[] = [];
  for (let index = events.length - 1; index >= Math.max(0, events.length - farthest); index--) {
    const event = events[index];
    if (!event) continue;
    for (const receipt of room.getReceiptsForEvent(event)) {
      if (receipt.type !== ReceiptType.Read || receipt.userId === me || seen.has(receipt.userId)) continue;
      seen.add(receipt.userId);
      const member = room.getMember(receipt.userId);
      waiting.push({
        userId: receipt.userId,
        name: nameNow(room, receipt.userId),
        picture: member?.getMxcAvatarUrl() ?? null,
      });
    }
    const entry = shown[index];
    // What somebody has said is no news to them.
    if (!entry || waiting.length === 0) continue;
    readers.set(entry.eventId, waiting);
    waiting = [];
  }
  return readers;
}
