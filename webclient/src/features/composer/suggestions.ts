import { KnownMembership, type MatrixClient, type Room } from "matrix-js-sdk";

import { roomPicture } from "../../core/media/avatar-of";
import { t } from "../../core/texts";
import { loadEmoji, searchEmoji } from "../../emoji/data";
import { tidyName } from "../../messages/names";
import { commandNames, howTo } from "./commands";
import { bestMatches, type CompletionQuery, type Named } from "./completion";
import type { Mention } from "./drafts";

/** One line of the list above the composer. */
export interface Suggestion {
  readonly key: string;
  /** What takes the place of what was typed. */
  readonly replacement: string;
  readonly title: string;
  readonly note: string;
  readonly picture: { readonly id: string; readonly mxc: string | null } | { readonly emoji: string } | null;
  readonly mention: Mention | null;
}

const most = 8;

/** What could be meant. Members that lazy loading left out are fetched, and are there the next time. */
export async function suggestionsFor(query: CompletionQuery, client: MatrixClient, room: Room): Promise<Suggestion[]> {
  switch (query.kind) {
    case "person":
      await room.loadMembersIfNeeded().catch(() => undefined);
      return people(query.typed, client, room);
    case "room":
      return rooms(query.typed, client);
    case "emoji":
      return searchEmoji(await loadEmoji(), query.typed, most).map((emoji) => ({
        key: emoji.character,
        replacement: emoji.character,
        title: `:${emoji.shortcodes.find((code) => code.startsWith(query.typed.toLowerCase())) ?? emoji.shortcodes[0] ?? emoji.label}:`,
        note: emoji.label,
        picture: { emoji: emoji.character },
        mention: null,
      }));
    case "command":
      return commands(query.typed);
  }
}

function people(typed: string, client: MatrixClient, room: Room): Suggestion[] {
  const present = [KnownMembership.Join, KnownMembership.Invite].flatMap((kind) => room.getMembersWithMembership(kind));
  const named = present.flatMap((member): (Named & { mxc: string | null })[] => {
    if (member.userId === client.getUserId()) return [];
    const name = tidyName(member.rawDisplayName) || member.userId;
    return [{ id: member.userId, name, mxc: member.getMxcAvatarUrl() ?? null }];
  });
  named.sort((a, b) => a.name.localeCompare(b.name));
  const found = bestMatches(named, typed, most).map(({ id, name, mxc }) => {
    const shown = name === id ? id.slice(1) : name;
    return {
      key: id,
      replacement: `@${shown}`,
      title: name,
      note: id,
      picture: { id, mxc },
      mention: { name: shown, userId: id },
    };
  });
  const mayCallAll = room.currentState.mayTriggerNotifOfType("room", client.getSafeUserId());
  const all = mayCallAll && typed !== "" && "room".startsWith(typed.toLowerCase());
  return all ? [...found.slice(0, most - 1), everybody(room)] : found;
}

function everybody(room: Room): Suggestion {
  const note = t().composer.everybody;
  return { key: "@room", replacement: "@room", title: "@room", note, picture: { id: room.roomId, mxc: roomPicture(room) }, mention: null };
}

function rooms(typed: string, client: MatrixClient): Suggestion[] {
  const named = client.getRooms().flatMap((room) => {
    const alias = room.getCanonicalAlias();
    return alias === null ? [] : [{ id: alias, name: tidyName(room.name), mxc: roomPicture(room), roomId: room.roomId }];
  });
  return bestMatches(named, typed, most).map(({ id, name, mxc, roomId }) => ({
    key: id,
    replacement: id,
    title: name,
    note: id,
    picture: { id: roomId, mxc },
    mention: null,
  }));
}

function commands(typed: string): Suggestion[] {
  const found = commandNames.filter((name) => name.startsWith(typed.toLowerCase()));
  return found.map((name) => ({
    key: name,
    replacement: `/${name}`,
    title: `/${name} ${howTo(name)}`.trim(),
    note: t().commands.what[name],
    picture: null,
    mention: null,
  }));
}
