import { signal, type Signal } from "@preact/signals";
import type { MatrixClient, Room } from "matrix-js-sdk";

import { t } from "../../core/texts";

// Kept while the page lives, so that a half-written message survives a look into another room.
const drafts = new WeakMap<MatrixClient, Map<string, Signal<string>>>();

export function draftIn(client: MatrixClient, roomId: string): Signal<string> {
  const rooms = drafts.get(client) ?? new Map<string, Signal<string>>();
  drafts.set(client, rooms);
  const draft = rooms.get(roomId) ?? signal("");
  rooms.set(roomId, draft);
  return draft;
}

/** What is being written in a room. */
export class ComposerState {
  readonly draft: Signal<string>;

  constructor(
    private readonly client: MatrixClient,
    private readonly roomId: string,
  ) {
    this.draft = draftIn(client, roomId);
  }

  /** Sends the draft and empties it; answers false when there was nothing to send. */
  send(): boolean {
    const text = this.draft.value.trim();
    if (text === "") return false;
    this.draft.value = "";
    // A failure is the local echo's to show, with its offer to try again: see the timeline.
    this.client.sendTextMessage(this.roomId, text).catch(() => undefined);
    return true;
  }
}

/** Why nothing can be written in a room, or null when it can. */
export function silenceIn(room: Room): string | null {
  if (room.hasEncryptionStateEvent()) return t().composer.encrypted;
  return room.maySendMessage() ? null : t().composer.readOnly;
}

/** What a key means in the composer. Enter that ends an input method's composition does not send. */
export function isSendKey(key: { key: string; shiftKey: boolean; isComposing: boolean }): boolean {
  return key.key === "Enter" && !key.shiftKey && !key.isComposing;
}
