import {
  ClientEvent,
  KnownMembership,
  RoomMemberEvent,
  RoomStateEvent,
  type MatrixClient,
  type Room,
  type RoomMember,
} from "matrix-js-sdk";

import { Projection, source } from "../../core/projection";
import { Task } from "../../core/task";
import { t } from "../../core/texts";

export interface Member {
  readonly userId: string;
  readonly name: string;
  readonly picture: string | null;
  readonly isInvited: boolean;
  readonly powerLevel: number;
}

export function memberOf(member: RoomMember): Member {
  return {
    userId: member.userId,
    name: member.rawDisplayName || member.userId,
    picture: member.getMxcAvatarUrl() ?? null,
    isInvited: member.membership === KnownMembership.Invite,
    powerLevel: member.powerLevel,
  };
}

/** Who is in the room first, then who is invited; the powerful first, then by name. */
export function byStanding(a: Member, b: Member): number {
  // Creators of a room of version 12 have infinite power: compare, for Infinity - Infinity is no number.
  const power = a.powerLevel === b.powerLevel ? 0 : b.powerLevel > a.powerLevel ? 1 : -1;
  return (
    Number(a.isInvited) - Number(b.isInvited) || power || a.name.localeCompare(b.name) || (a.userId < b.userId ? -1 : 1)
  );
}

export function roleOf(member: Member): string | null {
  if (member.powerLevel >= 100) return t().members.admin;
  return member.powerLevel >= 50 ? t().members.moderator : null;
}

/** A user id somebody typed; throws an Error with a sentence to show. */
export function parseUserId(typed: string): string {
  const userId = typed.trim();
  if (!/^@[^\s:]+:[^\s]+$/.test(userId)) throw new Error(t().failures.userId);
  return userId;
}

/** The members of a room, and inviting more. */
export class MembersState {
  readonly loading = new Task();
  readonly inviting = new Task();
  private readonly projection: Projection<readonly Member[]>;

  constructor(
    private readonly client: MatrixClient,
    private readonly room: Room,
  ) {
    const listed = (): Member[] => {
      const present = [KnownMembership.Join, KnownMembership.Invite].flatMap((kind) =>
        room.getMembersWithMembership(kind),
      );
      return present.map(memberOf).sort(byStanding);
    };
    this.projection = new Projection(listed, [
      source(room, RoomStateEvent.Members, RoomStateEvent.Update),
      source(client, RoomMemberEvent.Name, RoomMemberEvent.PowerLevel, RoomMemberEvent.Membership, ClientEvent.Sync),
    ]);
  }

  get members(): readonly Member[] {
    return this.projection.value.value;
  }

  /** Fetches the members that lazy loading left out. */
  async load(): Promise<void> {
    await this.loading.run(() => this.room.loadMembersIfNeeded());
    this.projection.refresh();
  }

  /** Answers whether the invite is out. */
  async invite(typed: string): Promise<boolean> {
    return (await this.inviting.run(() => this.client.invite(this.room.roomId, parseUserId(typed)))) !== null;
  }

  dispose(): void {
    this.projection.dispose();
  }
}
