import type { Room } from "matrix-js-sdk";

/** The `mxc:` address of a room's picture: its own, or that of the other person in a room of two. */
export function roomPicture(room: Room): string | null {
  return room.getMxcAvatarUrl() ?? room.getAvatarFallbackMember()?.getMxcAvatarUrl() ?? null;
}
