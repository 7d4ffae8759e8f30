import { EventType, type MatrixClient, type Room } from "matrix-js-sdk";

import { parseMatrixLink } from "../../core/permalink";
import { t } from "../../core/texts";
import { textContent } from "./content";
import type { Mention } from "./drafts";

/** What a command leads to: a message, or something that is done. */
export type Outcome = { readonly content: Record<string, unknown> } | { readonly done: true; readonly openRoom?: string };

export interface CommandSurroundings {
  readonly client: MatrixClient;
  readonly room: Room;
  readonly mentions: readonly Mention[];
}

type Run = (rest: string, around: CommandSurroundings) => Outcome | Promise<Outcome>;

const done: Outcome = { done: true };
const lessThanModerator = 0;
const moderator = 50;

const commands: Readonly<Record<string, Run>> = {
  me: (rest, { mentions }) => ({ content: textContent({ text: rest, kind: "m.emote", mentions }) }),
  plain: (rest, { mentions }) => ({ content: textContent({ text: rest, kind: "m.text", mentions, isPlain: true }) }),
  notice: (rest, { mentions }) => ({ content: textContent({ text: rest, kind: "m.notice", mentions }) }),
  spoiler: (rest, { mentions }) => ({ content: textContent({ text: `||${rest}||`, kind: "m.text", mentions }) }),
  shrug: (rest, { mentions }) => decorated("¯\\_(ツ)_/¯", rest, mentions),
  tableflip: (rest, { mentions }) => decorated("(╯°□°)╯︵ ┻━┻", rest, mentions),
  unflip: (rest, { mentions }) => decorated("┬──┬ ノ( ゜-゜ノ)", rest, mentions),
  join: async (rest, { client }) => {
    const link = parseMatrixLink(rest);
    const target = link?.kind === "room" ? link : { room: rest, via: [] };
    if (!/^[!#]\S+$/.test(target.room)) throw new Error(t().failures.roomAddress);
    const room = await client.joinRoom(target.room, target.via.length > 0 ? { viaServers: [...target.via] } : {});
    return { done: true, openRoom: room.roomId };
  },
  leave: async (_, { client, room }) => {
    await client.leave(room.roomId);
    return done;
  },
  invite: async (rest, around) => {
    const [userId, reason] = personIn(rest, around);
    await around.client.invite(around.room.roomId, userId, reason ? { reason } : {});
    return done;
  },
  kick: async (rest, around) => {
    const [userId, reason] = personIn(rest, around);
    await around.client.kick(around.room.roomId, userId, reason);
    return done;
  },
  ban: async (rest, around) => {
    const [userId, reason] = personIn(rest, around);
    await around.client.ban(around.room.roomId, userId, reason);
    return done;
  },
  unban: async (rest, around) => {
    await around.client.unban(around.room.roomId, personIn(rest, around)[0]);
    return done;
  },
  op: async (rest, around) => {
    const [userId, level] = personIn(rest, around);
    const number = level ? Number(level) : moderator;
    if (!Number.isSafeInteger(number)) throw new Error(t().commands.levelExpected);
    await around.client.setPowerLevel(around.room.roomId, userId, number);
    return done;
  },
  deop: async (rest, around) => {
    await around.client.setPowerLevel(around.room.roomId, personIn(rest, around)[0], lessThanModerator);
    return done;
  },
  topic: async (rest, { client, room }) => {
    await client.setRoomTopic(room.roomId, rest);
    return done;
  },
  roomname: async (rest, { client, room }) => {
    await client.setRoomName(room.roomId, rest);
    return done;
  },
  nick: async (rest, { client }) => {
    await client.setDisplayName(rest);
    return done;
  },
  myroomnick: async (rest, { client, room }) => {
    const own = room.getMember(client.getSafeUserId())?.events.member?.getContent() ?? {};
    const content = { ...own, membership: "join", displayname: rest };
    await client.sendStateEvent(room.roomId, EventType.RoomMember, content as never, client.getSafeUserId());
    return done;
  },
  ignore: async (rest, around) => {
    const ignored = around.client.getIgnoredUsers();
    await around.client.setIgnoredUsers([...new Set([...ignored, personIn(rest, around)[0]])]);
    return done;
  },
  unignore: async (rest, around) => {
    const [userId] = personIn(rest, around);
    await around.client.setIgnoredUsers(around.client.getIgnoredUsers().filter((each) => each !== userId));
    return done;
  },
};

const otherNames: Readonly<Record<string, string>> = { part: "leave", remove: "kick", j: "join" };
const wantsWords = new Set("me plain notice spoiler join invite kick ban unban op deop roomname nick myroomnick ignore unignore".split(" "));

export type CommandName = keyof ReturnType<typeof t>["commands"]["what"];

/** What follows a command; nothing for one that stands alone. */
export function howTo(name: string): string {
  const how: Readonly<Record<string, string>> = t().commands.how;
  return how[name] ?? "";
}

/** The names of all commands, in the order of the alphabet. */
export const commandNames = Object.keys(commands).sort() as CommandName[];

export interface ParsedCommand {
  readonly name: string;
  readonly rest: string;
}

/** A text as a command, or null: `//` at the start is for a text that begins with a slash, and a path is no command. */
export function parseCommand(text: string): ParsedCommand | null {
  const match = /^\/([a-z]+)(?:\s+([\s\S]*))?$/i.exec(text.trim());
  return match?.[1] ? { name: match[1].toLowerCase(), rest: (match[2] ?? "").trim() } : null;
}

/** Runs a command; throws an Error with a sentence to show, of an unknown one with the nearest that there is. */
export async function runCommand({ name, rest }: ParsedCommand, around: CommandSurroundings): Promise<Outcome> {
  const known = otherNames[name] ?? name;
  const run = Object.hasOwn(commands, known) ? commands[known] : undefined;
  if (!run) {
    const nearest = nearestCommand(name);
    throw new Error(nearest ? t().commands.unknownNearest(name, nearest) : t().commands.unknown(name));
  }
  if (rest === "" && wantsWords.has(known)) throw new Error(t().commands.incomplete(known, howTo(known)));
  return run(rest, around);
}

/** The command that somebody most likely meant. */
export function nearestCommand(typed: string): string | null {
  const ranked = [...commandNames, ...Object.keys(otherNames)].map((name) => ({ name, distance: editDistance(typed, name) }));
  const best = ranked.sort((a, b) => a.distance - b.distance)[0];
  return best && best.distance <= Math.max(2, Math.floor(typed.length / 2)) ? best.name : null;
}

/** How many letters must change to make one word the other; two swapped letters count as one. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

function decorated(sign: string, rest: string, mentions: readonly Mention[]): Outcome {
  const text = rest ? `${rest} ${sign}` : sign;
  return { content: textContent({ text, kind: "m.text", mentions, isPlain: true }) };
}

/** The person that a command is about, by id or by a name chosen from the list, and what follows. */
function personIn(rest: string, { mentions }: CommandSurroundings): [userId: string, rest: string] {
  const named = [...mentions]
    .sort((a, b) => b.name.length - a.name.length)
    .find(({ name }) => rest.startsWith(`@${name}`));
  if (named) return [named.userId, rest.slice(named.name.length + 1).trim()];
  const [, word = "", more = ""] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
  const link = parseMatrixLink(word);
  const userId = link?.kind === "user" ? link.userId : word;
  if (!/^@[^\s:]+:\S+$/.test(userId)) throw new Error(t().failures.userId);
  return [userId, more.trim()];
}
