import { computed, signal, type ReadonlySignal } from "@preact/signals";

import type { AccountArea } from "./account-area";
import { asObject, type JsonObject } from "./api";
import type { StorageArea } from "./storage";
import { t } from "./texts";

/** What a log-in or registration gives, and all that is needed to go on after a reload. */
export interface Credentials {
  readonly homeserverUrl: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  /** Where access tokens expire, what a new one is got with, and when that is due. */
  readonly refreshToken?: string;
  readonly expiresAtMs?: number;
}

export interface Account extends Credentials {
  /** The server wants the password again, but this device and its keys are still ours. */
  readonly isSoftLoggedOut: boolean;
}

export const deviceDisplayName = "Hearth web client";

const tabKey = "hearth.account";

/** The accounts that are logged in on this browser, and which of them this tab shows. */
export class Session {
  /** The account shown; null for the log-in page. */
  readonly credentials: ReadonlySignal<Account | null>;
  readonly accounts: ReadonlySignal<readonly Account[]>;
  /** Why the last session ended, when it was not the user's own doing. */
  readonly farewell: ReadonlySignal<string | null>;
  private readonly all = signal<readonly Account[]>([]);
  private readonly shown = signal<string | null>(null);
  private readonly reason = signal<string | null>(null);

  private constructor(
    private readonly area: AccountArea,
    private readonly tab: StorageArea,
    stored: Stored,
  ) {
    this.accounts = this.all;
    this.farewell = this.reason;
    this.all.value = stored.accounts;
    this.shown.value = tab.getItem(tabKey) ?? stored.lastShown;
    this.credentials = computed(() => {
      if (this.shown.value === "") return null;
      return this.all.value.find(({ userId }) => userId === this.shown.value) ?? this.all.value[0] ?? null;
    });
  }

  /** Reads what is kept. `tab` is what outlives a reload of this tab only. */
  static async open(area: AccountArea, tab: StorageArea): Promise<Session> {
    return new Session(area, tab, parseStored(await area.get()));
  }

  /** Adds an account, or a new token for one, and shows it. */
  async begin(credentials: Credentials): Promise<void> {
    const account = { ...credentials, isSoftLoggedOut: false };
    await this.change((accounts) => [...accounts.filter(({ userId }) => userId !== account.userId), account]);
    this.reason.value = null;
    await this.show(account.userId);
  }

  /** Shows another account; null shows the log-in page to add one. */
  async show(userId: string | null): Promise<void> {
    this.tab.setItem(tabKey, userId ?? "");
    this.shown.value = userId ?? "";
    if (userId !== null) await this.change((accounts) => accounts);
  }

  /** Keeps new tokens of an account that is still here. */
  async renew(userId: string, tokens: Partial<Credentials>): Promise<void> {
    await this.change((accounts) =>
      accounts.map((account) => (account.userId === userId ? { ...account, ...tokens } : account)),
    );
  }

  /** The server has refused the token, but would take this device back. */
  async softEnd(userId: string): Promise<void> {
    await this.change((accounts) =>
      accounts.map((account) => (account.userId === userId ? { ...account, isSoftLoggedOut: true } : account)),
    );
  }

  /** Forgets an account. Another one that is logged in is shown next, if there is one. */
  async end(userId: string, reason: string | null = null): Promise<void> {
    this.reason.value = reason;
    this.tab.removeItem(tabKey);
    await this.change((accounts) => accounts.filter((account) => account.userId !== userId));
    const next = this.all.value[0]?.userId ?? null;
    this.shown.value = next;
    if (next !== null) this.tab.setItem(tabKey, next);
  }

  private async change(next: (accounts: readonly Account[]) => readonly Account[]): Promise<void> {
    await this.area.update((present) => {
      // Other tabs may have added accounts of their own since.
      const accounts = next(parseStored(present).accounts);
      this.all.value = accounts;
      return accounts.length === 0 ? null : ({ accounts, lastShown: this.shown.value } as unknown as JsonObject);
    });
  }
}

interface Stored {
  readonly accounts: readonly Account[];
  readonly lastShown: string | null;
}

/** What is stored is untrusted: what is no account is left out. */
function parseStored(raw: unknown): Stored {
  const { accounts, lastShown } = asObject(raw) ?? {};
  const parsed = Array.isArray(accounts) ? accounts.map(parseAccount) : [];
  return {
    accounts: parsed.filter((account) => account !== null),
    lastShown: typeof lastShown === "string" ? lastShown : null,
  };
}

function parseAccount(raw: unknown): Account | null {
  const credentials = parseCredentials(raw);
  return credentials && { ...credentials, isSoftLoggedOut: asObject(raw)?.["isSoftLoggedOut"] === true };
}

/** The credentials in the answer of `/login` or `/register`; throws when the server left something out. */
export function credentialsFrom(homeserverUrl: string, answer: unknown): Credentials {
  const fields = asObject(answer) ?? {};
  const credentials = parseCredentials({
    homeserverUrl,
    userId: fields["user_id"],
    deviceId: fields["device_id"],
    ...tokensIn(fields),
  });
  if (!credentials) throw new Error(t().failures.noAccessToken);
  return credentials;
}

/** The tokens in the answer of `/login`, `/register` or `/refresh`. */
export function tokensIn(fields: JsonObject): Partial<Credentials> {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in_ms: lifetimeMs } = fields;
  return {
    ...(typeof accessToken === "string" && { accessToken }),
    ...(typeof refreshToken === "string" && { refreshToken }),
    ...(typeof lifetimeMs === "number" && { expiresAtMs: Date.now() + lifetimeMs }),
  };
}

function parseCredentials(raw: unknown): Credentials | null {
  const { homeserverUrl, userId, deviceId, accessToken, refreshToken, expiresAtMs } = asObject(raw) ?? {};
  const all = [homeserverUrl, userId, deviceId, accessToken];
  if (!all.every((part): part is string => typeof part === "string" && part !== "")) return null;
  return {
    ...({ homeserverUrl, userId, deviceId, accessToken } as Credentials),
    ...(typeof refreshToken === "string" && { refreshToken }),
    ...(typeof expiresAtMs === "number" && { expiresAtMs }),
  };
}
