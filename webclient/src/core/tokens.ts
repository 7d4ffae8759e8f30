import { ApiError, ClientApi } from "./api";
import { tokensIn, type Credentials } from "./session";

/** A token that expires sooner than this is renewed before it is used. */
const marginMs = 30_000;

type Fetch = typeof globalThis.fetch;

/**
 * Renews access tokens that expire, for the SDK's requests.
 *
 * https://spec.matrix.org/v1.19/client-server-api/#refreshing-access-tokens
 */
export class Tokens {
  private renewing: Promise<boolean> | null = null;

  constructor(
    private credentials: Credentials,
    private readonly keep: (tokens: Partial<Credentials>) => Promise<void>,
  ) {}

  /** `fetch`, with the token of now in place of the one that the request was made with. */
  readonly fetch: Fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    if (!headers.has("Authorization") || !this.credentials.refreshToken) return globalThis.fetch(input, init);
    if (this.isNearlyExpired()) await this.renew();
    const used = this.credentials.accessToken;
    const response = await this.send(input, init, headers);
    if (response.status !== 401 || !(await isTokenRefused(response))) return response;
    // Another request may have had it renewed while this one was on its way.
    const isRenewed = this.credentials.accessToken !== used || (await this.renew());
    return isRenewed ? this.send(input, init, headers) : response;
  };

  /** The token to show to whom the SDK does not ask for us. */
  get accessToken(): string {
    return this.credentials.accessToken;
  }

  private send(input: Parameters<Fetch>[0], init: RequestInit | undefined, headers: Headers): Promise<Response> {
    headers.set("Authorization", `Bearer ${this.credentials.accessToken}`);
    return globalThis.fetch(input, { ...init, headers });
  }

  private isNearlyExpired(): boolean {
    const { expiresAtMs } = this.credentials;
    return expiresAtMs !== undefined && expiresAtMs - Date.now() < marginMs;
  }

  /** Answers whether there is a new token; throws when the server cannot be reached. */
  private renew(): Promise<boolean> {
    this.renewing ??= this.requestTokens().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  private async requestTokens(): Promise<boolean> {
    const api = new ClientApi(this.credentials.homeserverUrl);
    try {
      const answer = await api.request("POST", "/refresh", { refresh_token: this.credentials.refreshToken });
      const tokens = tokensIn(answer);
      if (!tokens.accessToken) return false;
      this.credentials = { ...this.credentials, ...tokens };
      await this.keep(tokens);
      return true;
    } catch (failure) {
      // Refused: the answer to the request itself tells the SDK what the token is worth.
      if (failure instanceof ApiError && failure.status >= 400 && failure.status < 500 && failure.status !== 429) return false;
      throw failure;
    }
  }
}

async function isTokenRefused(response: Response): Promise<boolean> {
  const body: unknown = await response.clone().json().catch(() => null);
  return typeof body === "object" && body !== null && "errcode" in body && body.errcode === "M_UNKNOWN_TOKEN";
}
