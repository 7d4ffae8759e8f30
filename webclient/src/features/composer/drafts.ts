import { signal, type Signal } from "@preact/signals";
import type { MatrixClient } from "matrix-js-sdk";

import { accountRecord } from "../../core/account-record";
import { asObject } from "../../core/api";

/** Somebody named in a text as `@name`. */
export interface Mention {
  readonly name: string;
  readonly userId: string;
}

/** What is being written, and for what. */
export interface Draft {
  readonly text: string;
  readonly mentions: readonly Mention[];
  /** The message that it answers. */
  readonly replyTo: string | null;
  /** The message of our own that it will replace. */
  readonly editing: string | null;
}

export const emptyDraft: Draft = { text: "", mentions: [], replyTo: null, editing: null };

const saveAfterMs = 500;
const longestKept = 100_000;

/** The drafts of an account: one for each room and thread, kept across reloads. */
class Drafts {
  private readonly drafts = new Map<string, Signal<Draft>>();
  private readonly record;
  private due: ReturnType<typeof setTimeout> | null = null;

  constructor(userId: string) {
    this.record = accountRecord(userId, "drafts", parseDrafts);
    for (const [place, draft] of Object.entries(this.record.find() ?? {})) this.drafts.set(place, signal(draft));
  }

  in(roomId: string, threadId: string | null): Signal<Draft> {
    const place = threadId === null ? roomId : `${roomId} ${threadId}`;
    const draft = this.drafts.get(place) ?? signal(emptyDraft);
    if (!this.drafts.has(place)) this.drafts.set(place, draft);
    return draft;
  }

  /** Whether something is written there that was not sent. */
  has(roomId: string): boolean {
    // Without listening: the list of rooms need not be drawn again at every key.
    return (this.drafts.get(roomId)?.peek().text.trim() ?? "") !== "";
  }

  /** Writes them down, a little later: not at every key. */
  readonly changed = (): void => {
    this.due ??= setTimeout(() => {
      this.due = null;
      const kept = [...this.drafts].filter(([, { value }]) => value.text !== "" && value.text.length < longestKept);
      if (kept.length === 0) this.record.clear();
      else this.record.save(Object.fromEntries(kept.map(([place, { value }]) => [place, value])));
    }, saveAfterMs);
  };
}

const ofClients = new WeakMap<MatrixClient, Drafts>();

export function draftsOf(client: MatrixClient): Drafts {
  const drafts = ofClients.get(client) ?? new Drafts(client.getSafeUserId());
  ofClients.set(client, drafts);
  return drafts;
}

function parseDrafts(raw: unknown): Record<string, Draft> {
  const entries = Object.entries(asObject(raw) ?? {}).flatMap(([place, value]) => {
    const draft = parseDraft(value);
    return draft ? [[place, draft] as const] : [];
  });
  return Object.fromEntries(entries);
}

function parseDraft(raw: unknown): Draft | null {
  const { text, mentions, replyTo, editing } = asObject(raw) ?? {};
  if (typeof text !== "string") return null;
  const named = (Array.isArray(mentions) ? mentions : []).flatMap((each: unknown) => {
    const { name, userId } = asObject(each) ?? {};
    return typeof name === "string" && typeof userId === "string" ? [{ name, userId }] : [];
  });
  const idOr = (value: unknown): string | null => (typeof value === "string" ? value : null);
  return { text, mentions: named, replyTo: idOr(replyTo), editing: idOr(editing) };
}
