import { signal, type ReadonlySignal } from "@preact/signals";
import {
  ClientEvent,
  KnownMembership,
  RoomMemberEvent,
  RoomStateEvent,
  type MatrixClient,
  type Room,
} from "matrix-js-sdk";
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api";

import { mayGive, powerIn, type PowerView } from "../../core/power";
import { openDirectRoom } from "../../core/direct";
import { Projection, source } from "../../core/projection";
import { Task } from "../../core/task";

export interface Profile {
  readonly userId: string;
  readonly name: string;
  readonly picture: string | null;
  readonly membership: string | null;
  readonly powerLevel: number;
  readonly isIgnored: boolean;
  /** What the user may do here to this member. */
  readonly may: { readonly kick: boolean; readonly ban: boolean; readonly unban: boolean; readonly promote: readonly number[] };
}

/** `changed`: verified once, with another identity now. */
export type Trust = "unknown" | "unverified" | "verified" | "changed";

export function profileOf(room: Room | null, client: MatrixClient, userId: string): Profile {
  const member = room?.getMember(userId) ?? null;
  const user = client.getUser(userId);
  const power = room ? powerIn(room) : null;
  const membership = member?.membership ?? null;
  const powerLevel = power?.of(userId) ?? 0;
  return {
    userId,
    name: member?.rawDisplayName || user?.displayName || userId,
    picture: member?.getMxcAvatarUrl() ?? user?.avatarUrl ?? null,
    membership,
    powerLevel,
    isIgnored: client.isUserIgnored(userId),
    may: actionsOn(power, client.getSafeUserId(), userId, membership),
  };
}

/** https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels */
export function actionsOn(
  power: PowerView | null,
  ownId: string,
  userId: string,
  membership: string | null,
): Profile["may"] {
  if (!power || ownId === userId) {
    const lower = power ? mayGive(power, ownId, userId) : [];
    return { kick: false, ban: false, unban: false, promote: lower };
  }
  const isAbove = power.of(ownId) > power.of(userId);
  const isThere = membership === KnownMembership.Join || membership === KnownMembership.Invite || membership === KnownMembership.Knock;
  return {
    kick: isThere && isAbove && power.of(ownId) >= power.kick,
    ban: membership !== KnownMembership.Ban && isAbove && power.of(ownId) >= power.ban,
    unban: membership === KnownMembership.Ban && isAbove && power.of(ownId) >= Math.max(power.ban, power.kick),
    promote: mayGive(power, ownId, userId),
  };
}

/** Somebody, as seen from a room or from nowhere. */
export class ProfileState {
  readonly task = new Task();
  readonly trust: ReadonlySignal<Trust>;
  private readonly known = signal<Trust>("unknown");
  private readonly projection: Projection<Profile>;

  constructor(
    private readonly client: MatrixClient,
    private readonly room: Room | null,
    private readonly userId: string,
  ) {
    this.trust = this.known;
    this.projection = new Projection(
      () => profileOf(room, client, userId),
      [
        source(client, ClientEvent.AccountData, ClientEvent.Sync, RoomMemberEvent.PowerLevel, RoomMemberEvent.Membership),
        ...(room ? [source(room, RoomStateEvent.Events)] : []),
      ],
    );
    client.on(CryptoEvent.UserTrustStatusChanged, this.findTrust);
    this.findTrust();
  }

  get profile(): Profile {
    return this.projection.value.value;
  }

  /** Answers the direct chat, or null when there is none to be had. */
  message(): Promise<string | null> {
    return this.task.run(() => openDirectRoom(this.client, this.userId));
  }

  async setIgnored(isIgnored: boolean): Promise<void> {
    const others = this.client.getIgnoredUsers().filter((userId) => userId !== this.userId);
    await this.task.run(() => this.client.setIgnoredUsers(isIgnored ? [...others, this.userId] : others));
  }

  async setPowerLevel(level: number): Promise<void> {
    await this.inRoom((roomId) => this.client.setPowerLevel(roomId, this.userId, level));
  }

  kick(reason: string): Promise<boolean> {
    return this.inRoom((roomId) => this.client.kick(roomId, this.userId, reason || undefined));
  }

  ban(reason: string): Promise<boolean> {
    return this.inRoom((roomId) => this.client.ban(roomId, this.userId, reason || undefined));
  }

  unban(): Promise<boolean> {
    return this.inRoom((roomId) => this.client.unban(roomId, this.userId));
  }

  /** Accepts the identity that somebody has now. */
  async acceptIdentity(): Promise<void> {
    await this.task.run(async () => {
      await this.client.getCrypto()?.withdrawVerificationRequirement(this.userId);
      await this.client.getCrypto()?.pinCurrentUserIdentity(this.userId);
    });
    this.findTrust();
  }

  dispose(): void {
    this.projection.dispose();
    this.client.off(CryptoEvent.UserTrustStatusChanged, this.findTrust);
  }

  private async inRoom(work: (roomId: string) => Promise<unknown>): Promise<boolean> {
    const { room } = this;
    return room !== null && (await this.task.run(() => work(room.roomId))) !== null;
  }

  private readonly findTrust = (): void => {
    this.client
      .getCrypto()
      ?.getUserVerificationStatus(this.userId)
      .then((status) => {
        if (status.wasCrossSigningVerified() && !status.isCrossSigningVerified()) this.known.value = "changed";
        else this.known.value = status.isCrossSigningVerified() ? "verified" : "unverified";
      })
      .catch(() => undefined);
  };
}
