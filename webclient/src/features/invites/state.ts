import { signal, type ReadonlySignal } from "@preact/signals";
import { ClientEvent, KnownMembership, RoomEvent, type MatrixClient, type Room } from "matrix-js-sdk";

import { sentenceOf } from "../../core/api";
import { roomPicture } from "../../core/media/avatar-of";
import { Projection, source } from "../../core/projection";

export interface Invite {
  readonly roomId: string;
  readonly roomName: string;
  readonly picture: string | null;
  readonly inviterId: string | null;
  readonly inviterName: string | null;
}

export function inviteTo(room: Room, userId: string): Invite {
  const inviterId = room.getMember(userId)?.events.member?.getSender() ?? null;
  const inviterName = inviterId === null ? null : (room.getMember(inviterId)?.rawDisplayName ?? inviterId);
  return { roomId: room.roomId, roomName: room.name, picture: roomPicture(room), inviterId, inviterName };
}

/** The rooms that the user is invited to, and the two answers. */
export class InvitesState {
  /** The invite that is being answered now. */
  readonly answering: ReadonlySignal<string | null>;
  readonly failure: ReadonlySignal<{ readonly roomId: string; readonly sentence: string } | null>;
  private readonly current = signal<string | null>(null);
  private readonly refusal = signal<{ roomId: string; sentence: string } | null>(null);
  private readonly projection: Projection<readonly Invite[]>;

  constructor(private readonly client: MatrixClient) {
    this.answering = this.current;
    this.failure = this.refusal;
    this.projection = new Projection(
      () =>
        client
          .getRooms()
          .filter((room) => room.getMyMembership() === KnownMembership.Invite)
          .map((room) => inviteTo(room, client.getSafeUserId())),
      [
        source(
          client,
          ClientEvent.Sync,
          ClientEvent.Room,
          ClientEvent.DeleteRoom,
          RoomEvent.MyMembership,
          RoomEvent.Name,
        ),
      ],
    );
  }

  get invites(): readonly Invite[] {
    return this.projection.value.value;
  }

  /** Joins; answers whether that worked. */
  accept(invite: Invite): Promise<boolean> {
    // The server may not know the room yet: the inviter's server does.
    const via = invite.inviterId?.replace(/^[^:]*:/, "");
    return this.answer(invite, () => this.client.joinRoom(invite.roomId, via ? { viaServers: [via] } : {}));
  }

  decline(invite: Invite): Promise<boolean> {
    return this.answer(invite, () => this.client.leave(invite.roomId));
  }

  dispose(): void {
    this.projection.dispose();
  }

  private async answer(invite: Invite, request: () => Promise<unknown>): Promise<boolean> {
    if (this.current.value !== null) return false;
    this.current.value = invite.roomId;
    this.refusal.value = null;
    try {
      await request();
      return true;
    } catch (failure) {
      this.refusal.value = { roomId: invite.roomId, sentence: sentenceOf(failure) };
      return false;
    } finally {
      this.current.value = null;
    }
  }
}
