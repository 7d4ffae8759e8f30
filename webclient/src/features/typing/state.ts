import { RoomMemberEvent, type MatrixClient, type Room } from "matrix-js-sdk";

import { Projection, source } from "../../core/projection";
import { t } from "../../core/texts";

/** How long the server shows us as typing without another word from us. */
const shownMs = 20_000;
/** While somebody goes on typing, the server is told again after this time. */
const repeatMs = 10_000;
/** Without a key for this long, typing has stopped. */
const idleMs = 5_000;

/**
 * Turns key strokes into as few typing notices as keep the other side right.
 *
 * https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidtypinguserid
 */
export class TypingNotices {
  private toldAtMs: number | null = null;
  private idle: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly tell: (isTyping: boolean, timeoutMs: number) => void) {}

  /** The text has changed to this by the user's hand. */
  changed(text: string): void {
    if (text.trim() === "") return this.stopped();
    if (this.idle !== null) clearTimeout(this.idle);
    this.idle = setTimeout(() => this.stopped(), idleMs);
    const nowMs = Date.now();
    if (this.toldAtMs !== null && nowMs - this.toldAtMs < repeatMs) return;
    this.toldAtMs = nowMs;
    this.tell(true, shownMs);
  }

  /** Nobody types any more: idle, sent, or gone elsewhere. */
  stopped(): void {
    if (this.idle !== null) clearTimeout(this.idle);
    this.idle = null;
    if (this.toldAtMs === null) return;
    this.toldAtMs = null;
    this.tell(false, 0);
  }
}

/** Typing notices to a room; one that cannot be sent is not worth a word to the user. */
export function typingNoticesTo(client: MatrixClient, roomId: string): TypingNotices {
  return new TypingNotices((isTyping, timeoutMs) => {
    client.sendTyping(roomId, isTyping, timeoutMs).catch(() => undefined);
  });
}

/** Who else is typing in a room. Of members that lazy loading has not brought yet the SDK does not say it. */
export class TypingWatch {
  private readonly projection: Projection<readonly string[]>;

  constructor(client: MatrixClient, room: Room) {
    const typingNames = (): string[] => {
      const others = room.currentState
        .getMembers()
        .filter(({ typing, userId }) => typing && userId !== client.getUserId());
      return others.map((member) => member.rawDisplayName || member.userId);
    };
    this.projection = new Projection(typingNames, [source(client, RoomMemberEvent.Typing)]);
  }

  get names(): readonly string[] {
    return this.projection.value.value;
  }

  dispose(): void {
    this.projection.dispose();
  }
}

/** `Alice and Bob are typing…`; an empty text when nobody is. */
export function typingSentence(names: readonly string[]): string {
  const [first, second, third] = names;
  if (first === undefined) return "";
  if (second === undefined) return t().typing.one(first);
  if (third === undefined) return t().typing.two(first, second);
  return names.length === 3 ? t().typing.three(first, second, third) : t().typing.many;
}
