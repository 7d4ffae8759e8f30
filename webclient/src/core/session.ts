import { signal, type ReadonlySignal } from "@preact/signals";

import { t } from "./texts";
import { asObject } from "./api";
import { StoredRecord, type StorageArea } from "./storage";

/** What a log-in or registration gives, and all that is needed to go on after a reload. */
export interface Credentials {
  readonly homeserverUrl: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
}

export const deviceDisplayName = "Hearth web client";

/** Whether somebody is logged in on this browser, kept across reloads. */
export class Session {
  readonly credentials: ReadonlySignal<Credentials | null>;
  /** Why the last session ended, when it was not the user's own doing. */
  readonly farewell: ReadonlySignal<string | null>;
  private readonly current;
  private readonly reason;
  private readonly record: StoredRecord<Credentials>;

  constructor(area: StorageArea) {
    this.record = new StoredRecord(area, "hearth.session", parseCredentials);
    this.credentials = this.current = signal(this.record.find());
    this.farewell = this.reason = signal<string | null>(null);
  }

  begin(credentials: Credentials): void {
    this.record.save(credentials);
    this.reason.value = null;
    this.current.value = credentials;
  }

  end(reason: string | null = null): void {
    this.record.clear();
    this.reason.value = reason;
    this.current.value = null;
  }
}

/** The credentials in the answer of `/login` or `/register`; throws when the server left something out. */
export function credentialsFrom(homeserverUrl: string, answer: unknown): Credentials {
  const fields = asObject(answer) ?? {};
  const credentials = parseCredentials({
    homeserverUrl,
    userId: fields["user_id"],
    deviceId: fields["device_id"],
    accessToken: fields["access_token"],
  });
  if (!credentials) throw new Error(t().failures.noAccessToken);
  return credentials;
}

function parseCredentials(raw: unknown): Credentials | null {
  const { homeserverUrl, userId, deviceId, accessToken } = asObject(raw) ?? {};
  const all = [homeserverUrl, userId, deviceId, accessToken];
  if (!all.every((part): part is string => typeof part === "string" && part !== "")) return null;
  return { homeserverUrl, userId, deviceId, accessToken } as Credentials;
}
