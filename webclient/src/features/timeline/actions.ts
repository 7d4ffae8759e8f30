import type { Place } from "../../design/floating";
import type { MenuItem } from "../../design/menu";
import type { MessageEntry, Reaction } from "../../messages/entry";

/** What can be done with a message. The shell says how, for other features do it. */
export interface MessageActions {
  readonly mayWrite: boolean;
  readonly mayEdit: (entry: MessageEntry) => boolean;
  readonly reply: (entry: MessageEntry) => void;
  readonly edit: (entry: MessageEntry) => void;
  readonly toggleReaction: (entry: MessageEntry, key: string, own: Reaction | undefined) => void;
  /** Null where there is no way into threads, as in one. */
  readonly openThread: ((eventId: string) => void) | null;
  readonly menu: (entry: MessageEntry) => readonly MenuItem[];
  readonly openUser: (userId: string, place: Place) => void;
}
