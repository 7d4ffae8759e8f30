import { t } from "./texts";

/** A refusal by the homeserver in the standard error format. https://spec.matrix.org/v1.19/client-server-api/#standard-error-response */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly errcode: string,
    message: string,
    readonly body: JsonObject,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export type JsonObject = Record<string, unknown>;

/** The few requests made before there is a session; everything after goes through matrix-js-sdk. */
export class ClientApi {
  constructor(readonly homeserverUrl: string) {}

  /** What the server can do. https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientversions */
  versions(): Promise<JsonObject> {
    return this.send("GET", "/_matrix/client/versions");
  }

  /** Sends JSON, answers the decoded object; throws `ApiError` on any other status than 2xx. */
  async request(method: "GET" | "POST", path: string, body?: JsonObject): Promise<JsonObject> {
    return this.send(method, `/_matrix/client/v3${path}`, body);
  }

  private async send(method: "GET" | "POST", path: string, body?: JsonObject): Promise<JsonObject> {
    const response = await fetch(`${this.homeserverUrl}${path}`, {
      method,
      ...(body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    });
    const decoded = asObject(await response.json().catch(() => null));
    if (response.ok && decoded) return decoded;
    const errcode = typeof decoded?.["errcode"] === "string" ? decoded["errcode"] : "M_UNKNOWN";
    const sentence = typeof decoded?.["error"] === "string" ? decoded["error"] : t().failures.unexplained(response.status);
    throw new ApiError(response.status, errcode, sentence, decoded ?? {});
  }
}

/** The sentence to show somebody for any failure: the server's own where it gave one. */
export function sentenceOf(failure: unknown): string {
  if (failure instanceof ApiError) return failure.message;
  const named = asObject(failure);
  // matrix-js-sdk's MatrixError puts status and address into `message`; the server's sentence is in `error`.
  if (typeof named?.["errcode"] === "string" && typeof named["error"] === "string") return named["error"];
  if (isConnectionFailure(failure)) return t().failures.unreachable;
  return failure instanceof Error && failure.message ? failure.message : t().failures.unknown;
}

function isConnectionFailure(failure: unknown): boolean {
  // `fetch` rejects with a TypeError when there was no answer; matrix-js-sdk wraps that as ConnectionError.
  return failure instanceof TypeError || (failure instanceof Error && failure.name === "ConnectionError");
}

export function asObject(value: unknown): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

export function asStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
