import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { JsonObject } from "../core/api";

export interface SeenRequest {
  readonly method: string;
  /** Decoded, without `/_matrix/client` and the version: `/login`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  readonly authorization: string | undefined;
}

export interface Answer {
  readonly status?: number;
  readonly body: JsonObject;
}

type Respond = (request: SeenRequest) => Answer | Promise<Answer>;

/** A homeserver for tests: a real HTTP server on this machine that answers as a test tells it. */
export class ScriptedHomeserver {
  readonly requests: SeenRequest[] = [];
  url = "";
  private readonly rules: { method: string; path: RegExp; respond: Respond }[] = [];
  private readonly syncs: JsonObject[] = [];
  private waiting: ((sync: JsonObject) => void) | null = null;
  private syncCount = 0;
  private readonly server: Server = createServer((request, response) => void this.serve(request, response));

  static async start(): Promise<ScriptedHomeserver> {
    const homeserver = new ScriptedHomeserver();
    homeserver.on("GET", /^\/versions$/, () => ({ body: { versions: ["v1.11"] } }));
    homeserver.on("GET", /^\/pushrules\/$/, () => ({ body: { global: {} } }));
    homeserver.on("POST", /\/filter$/, () => ({ body: { filter_id: "1" } }));
    homeserver.on("GET", /^\/capabilities$/, () => ({ body: { capabilities: {} } }));
    homeserver.on("GET", /^\/sync$/, async () => ({ body: await homeserver.nextSync() }));
    await homeserver.listen(0);
    return homeserver;
  }

  /** Answers such requests from now on; the latest rule for a path wins. */
  on(method: string, path: RegExp, respond: Respond): void {
    this.rules.unshift({ method, path, respond });
  }

  /** What the next `/sync` answers; until there is one, `/sync` waits. */
  sync(body: JsonObject): void {
    const sync = { next_batch: `s${++this.syncCount}`, ...body };
    if (this.waiting) this.waiting(sync);
    else this.syncs.push(sync);
    this.waiting = null;
  }

  /** The bodies of the requests of that kind so far. */
  bodies(method: string, path: RegExp): JsonObject[] {
    return this.requests.filter((seen) => seen.method === method && path.test(seen.path)).map((seen) => seen.body);
  }

  /** Goes off the network; `listen(port)` brings it back. */
  async stop(): Promise<number> {
    const { port } = this.server.address() as AddressInfo;
    this.waiting = null;
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    return port;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private nextSync(): Promise<JsonObject> {
    const ready = this.syncs.shift();
    if (ready) return Promise.resolve(ready);
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk as string;
    const seen: SeenRequest = {
      method: request.method ?? "GET",
      path: decodeURIComponent(url.pathname).replace(/^\/_matrix\/client(\/(v\d+|unstable))?/, ""),
      query: url.searchParams,
      body: jsonIn(text),
      authorization: request.headers.authorization,
    };
    this.requests.push(seen);
    const rule = this.rules.find(({ method, path }) => method === seen.method && path.test(seen.path));
    const unknown: Answer = { status: 404, body: { errcode: "M_UNRECOGNIZED", error: "Unrecognized request" } };
    const answer = (await rule?.respond(seen)) ?? unknown;
    response.writeHead(answer.status ?? 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer.body));
  }
}

/** A file that is uploaded is no JSON. */
function jsonIn(text: string): JsonObject {
  try {
    return text ? (JSON.parse(text) as JsonObject) : {};
  } catch {
    return { text };
  }
}
