import { KnownMembership, type MatrixClient } from "matrix-js-sdk";

import { roomPicture } from "../../core/media/avatar-of";
import type { IconName } from "../../design/icons";
import { tidyName } from "../../messages/names";

/** Something that the palette can do besides opening rooms. */
export interface PaletteCommand {
  readonly id: string;
  readonly label: string;
  readonly icon: IconName;
  readonly run: () => void;
}

export interface PaletteRoom {
  readonly kind: "room";
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly picture: string | null;
  readonly unread: number;
}

export interface PalettePerson {
  readonly kind: "person";
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly picture: string | null;
}

export type PaletteEntry = PaletteRoom | PalettePerson | ({ readonly kind: "command"; readonly name: string } & PaletteCommand);

const mostRooms = 12;
const mostCommands = 6;
const mostPeople = 5;

/** The rooms that somebody is in, the latest active first. */
export function allRooms(client: MatrixClient): PaletteRoom[] {
  const joined = client.getVisibleRooms().filter((room) => room.getMyMembership() === KnownMembership.Join && !room.isSpaceRoom());
  return joined
    .sort((a, b) => b.getLastActiveTimestamp() - a.getLastActiveTimestamp())
    .map((room) => ({
      kind: "room",
      id: room.roomId,
      name: tidyName(room.name) || room.roomId,
      note: room.getCanonicalAlias() ?? room.getAvatarFallbackMember()?.userId ?? "",
      picture: roomPicture(room),
      unread: room.getUnreadNotificationCount(),
    }));
}

/** People whom the server knows by what was typed. */
export async function findPeople(client: MatrixClient, typed: string): Promise<PalettePerson[]> {
  const { results } = await client.searchUserDirectory({ term: typed, limit: mostPeople });
  const others = results.filter(({ user_id: userId }) => userId !== client.getUserId());
  return others.map(({ user_id: userId, display_name: name, avatar_url: picture }) => ({
    kind: "person",
    id: userId,
    name: tidyName(name ?? "") || userId,
    note: userId,
    picture: picture ?? null,
  }));
}

/** What is offered for what was typed: rooms first, then people, then commands; a `>` at the start wants commands only. */
export function entriesFor(
  typed: string,
  rooms: readonly PaletteRoom[],
  people: readonly PalettePerson[],
  commands: readonly PaletteCommand[],
): PaletteEntry[] {
  const wantsCommands = typed.startsWith(">");
  const words = typed.replace(/^>/, "").trim().toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (text: string): boolean => words.every((word) => text.toLowerCase().includes(word));
  const chosenRooms = wantsCommands ? [] : rooms.filter(({ name, note }) => fits(`${name} ${note}`));
  // A name that begins with what was typed is more likely meant than one that has it inside.
  const first = words[0] ?? "";
  const ranked = chosenRooms.sort((a, b) => Number(startsWith(b, first)) - Number(startsWith(a, first)));
  const chosen = commands.filter(({ label }) => fits(label)).map((command) => ({ kind: "command", name: command.label, ...command }) as const);
  return [...ranked.slice(0, mostRooms), ...(wantsCommands ? [] : people), ...chosen.slice(0, wantsCommands ? commands.length : mostCommands)];
}

function startsWith(room: PaletteRoom, word: string): boolean {
  return room.name.toLowerCase().startsWith(word);
}
