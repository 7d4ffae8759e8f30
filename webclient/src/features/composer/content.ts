import type { JsonObject } from "../../core/api";
import { matrixLink } from "../../core/permalink";
import { markdownToHtml } from "../../messages/markdown";
import type { Mention } from "./drafts";

export type TextKind = "m.text" | "m.emote" | "m.notice";

export interface Wording {
  readonly text: string;
  readonly kind: TextKind;
  readonly mentions: readonly Mention[];
  /** What is written is meant as it stands. */
  readonly isPlain?: boolean;
  readonly mayMentionRoom?: boolean;
  /** HTML that was made in another way than from markdown. */
  readonly html?: string;
}

/** Somebody's id in a text, which becomes a mention too. */
const userIds = /(?<![\w@/#])@[\w.=/+-]+:[\w.-]+(?::\d+)?/g;

/** The content of a text message. https://spec.matrix.org/v1.19/client-server-api/#mroommessage-msgtypes */
export function textContent(wording: Wording): JsonObject {
  const { text, kind } = wording;
  const mentioned = mentionsIn(wording);
  const html = wording.html ?? (wording.isPlain ? null : markdownToHtml(withLinks(text, mentioned)));
  const isRoom = (wording.mayMentionRoom ?? false) && /(^|\s)@room\b/.test(text);
  return {
    msgtype: kind,
    body: text,
    ...(html !== null && { format: "org.matrix.custom.html", formatted_body: html }),
    "m.mentions": {
      ...(mentioned.length > 0 && { user_ids: [...new Set(mentioned.map(({ userId }) => userId))] }),
      ...(isRoom && { room: true }),
    },
  };
}

/** Who is mentioned: those chosen from the list whose name still stands there, and those named by id. */
function mentionsIn({ text, mentions }: Wording): Mention[] {
  const chosen = mentions.filter(({ name }) => text.includes(`@${name}`));
  const named = [...text.matchAll(userIds)].map(([userId]) => ({ name: userId.slice(1), userId }));
  return [...chosen, ...named].sort((a, b) => b.name.length - a.name.length);
}

/** Markdown in which each mention is a link; not in code, where it is only text. */
function withLinks(text: string, mentions: readonly Mention[]): string {
  if (mentions.length === 0) return text;
  const names = new Map(mentions.map(({ name, userId }) => [`@${name}`, userId]));
  const pattern = new RegExp([...names.keys()].map(escapedForPattern).join("|"), "g");
  const link = (name: string): string => `[${escapedForMarkdown(name)}](${matrixLink(names.get(name) ?? "")})`;
  return text
    .split(/(```[\s\S]*?```|`[^`\n]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(pattern, link)))
    .join("");
}

function escapedForPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function escapedForMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~&]/g, "\\$&");
}

/** A content as an answer to a message; who wrote that is mentioned by it. */
export function asReply(content: JsonObject, to: { eventId: string; senderId: string }, me: string): JsonObject {
  const mentions = content["m.mentions"] as { user_ids?: string[] };
  const others = to.senderId === me ? [] : [to.senderId];
  const userIds = [...new Set([...(mentions.user_ids ?? []), ...others])];
  return {
    ...content,
    "m.mentions": { ...mentions, ...(userIds.length > 0 && { user_ids: userIds }) },
    "m.relates_to": { ...(content["m.relates_to"] as object), "m.in_reply_to": { event_id: to.eventId } },
  };
}

/** A content as part of a thread; clients without threads show it as an answer to `lastId`. */
export function inThread(content: JsonObject, rootId: string, lastId: string): JsonObject {
  const relation = (content["m.relates_to"] ?? {}) as JsonObject;
  const isReply = "m.in_reply_to" in relation;
  return {
    ...content,
    "m.relates_to": {
      rel_type: "m.thread",
      event_id: rootId,
      ...(isReply ? relation : { "m.in_reply_to": { event_id: lastId } }),
      is_falling_back: !isReply,
    },
  };
}

/** A content in place of that of an older message. Only who was not mentioned before hears of it. */
export function asEdit(content: JsonObject, eventId: string, before: readonly string[]): JsonObject {
  const mentions = content["m.mentions"] as { user_ids?: string[]; room?: boolean };
  const fresh = (mentions.user_ids ?? []).filter((userId) => !before.includes(userId));
  const { formatted_body: html } = content;
  return {
    ...content,
    body: `* ${String(content["body"])}`,
    ...(typeof html === "string" && { formatted_body: `* ${html}` }),
    "m.mentions": fresh.length > 0 ? { user_ids: fresh } : {},
    "m.new_content": content,
    "m.relates_to": { rel_type: "m.replace", event_id: eventId },
  };
}
