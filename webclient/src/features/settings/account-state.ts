import { signal, type ReadonlySignal } from "@preact/signals";
import { ThreepidMedium, type MatrixClient } from "matrix-js-sdk";

import { Task } from "../../core/task";
import { t } from "../../core/texts";
import { authenticated } from "../../core/uia/dialog";
import type { Workspace } from "../../core/workspace";

/** The largest picture that is worth uploading as an avatar. */
const mostBytes = 10_000_000;

/** Somebody's own name, picture, password and addresses. */
export class AccountState {
  readonly profile = new Task();
  readonly password = new Task();
  readonly email = new Task();
  readonly deactivation = new Task();
  readonly name: ReadonlySignal<string>;
  readonly picture: ReadonlySignal<string | null>;
  readonly addresses: ReadonlySignal<readonly string[]>;
  /** A mail is out, and its link has to be opened before the address can be added. */
  readonly pendingAddress: ReadonlySignal<string | null>;
  private readonly currentName = signal("");
  private readonly currentPicture = signal<string | null>(null);
  private readonly known = signal<readonly string[]>([]);
  private readonly pending = signal<string | null>(null);
  private readonly secret = crypto.randomUUID();
  private sid = "";
  private attempts = 0;

  constructor(private readonly workspace: Workspace) {
    this.name = this.currentName;
    this.picture = this.currentPicture;
    this.addresses = this.known;
    this.pendingAddress = this.pending;
  }

  async load(): Promise<void> {
    await this.profile.run(async () => {
      const { displayname, avatar_url: picture } = await this.client.getProfileInfo(this.workspace.userId);
      this.currentName.value = displayname ?? "";
      this.currentPicture.value = picture ?? null;
    });
    await this.loadAddresses();
  }

  /** Answers whether the name is changed. */
  async rename(name: string): Promise<boolean> {
    const done = await this.profile.run(() => this.client.setDisplayName(name.trim()));
    if (done !== null) this.currentName.value = name.trim();
    return done !== null;
  }

  async setPicture(file: File): Promise<void> {
    await this.profile.run(async () => {
      if (!file.type.startsWith("image/")) throw new Error(t().settings.noPicture);
      if (file.size > mostBytes) throw new Error(t().settings.pictureTooLarge);
      const { content_uri: mxc } = await this.client.uploadContent(file, { includeFilename: false });
      await this.client.setAvatarUrl(mxc);
      this.currentPicture.value = mxc;
    });
  }

  async removePicture(): Promise<void> {
    const done = await this.profile.run(() => this.client.setAvatarUrl(""));
    if (done !== null) this.currentPicture.value = null;
  }

  /** Answers whether the password is changed. The old one goes along, so that the server need not ask. */
  async changePassword(before: string, after: string, logsOthersOut: boolean): Promise<boolean> {
    const identifier = { type: "m.id.user", user: this.workspace.userId };
    const done = await this.password.run(async () => {
      await this.client.setPassword({ type: "m.login.password", identifier, password: before }, after, logsOthersOut);
      return true;
    });
    return done === true;
  }

  /** Asks the server to send a mail with a link to an address. */
  async requestEmail(address: string): Promise<void> {
    await this.email.run(async () => {
      const answer = await this.client.requestAdd3pidEmailToken(address.trim(), this.secret, ++this.attempts);
      this.sid = answer.sid;
      this.pending.value = address.trim();
    });
  }

  /** Adds the address whose link has been opened. */
  async confirmEmail(): Promise<void> {
    await this.email.run(async () => {
      const body = { sid: this.sid, client_secret: this.secret };
      const done = await authenticated(this.workspace, (auth) =>
        this.client.addThreePidOnly({ ...body, ...(auth && { auth: auth as never }) }),
      );
      if (done === null) return;
      this.pending.value = null;
      await this.loadAddresses();
    });
  }

  async removeEmail(address: string): Promise<void> {
    await this.email.run(() => this.client.deleteThreePid(ThreepidMedium.Email, address));
    await this.loadAddresses();
  }

  /** Answers whether the account is gone. */
  async deactivate(erases: boolean): Promise<boolean> {
    const done = await this.deactivation.run(() =>
      authenticated(this.workspace, (auth) =>
        this.client.deactivateAccount(auth ? (auth as never) : undefined, erases),
      ),
    );
    return done !== null;
  }

  private get client(): MatrixClient {
    return this.workspace.client;
  }

  private async loadAddresses(): Promise<void> {
    const answer = await this.client.getThreePids().catch(() => ({ threepids: [] }));
    this.known.value = answer.threepids.filter(({ medium }) => medium === ThreepidMedium.Email).map(({ address }) => address);
  }
}
