import { signal, type ReadonlySignal } from "@preact/signals";

import { ApiError, asObject, asStrings, type JsonObject } from "../api";
import { t } from "../texts";

/** One step that only the user can take. */
export interface Stage {
  readonly type: string;
  readonly session: string;
  /** What the server says about the stage, such as the documents to accept. */
  readonly params: JsonObject;
  /** Why the server did not accept the last attempt. */
  readonly error: string | null;
}

interface Challenge {
  readonly session: string;
  readonly flows: readonly (readonly string[])[];
  readonly completed: readonly string[];
  readonly params: JsonObject;
  readonly error: string | null;
}

export const stages = {
  dummy: "m.login.dummy",
  password: "m.login.password",
  token: "m.login.registration_token",
  terms: "m.login.terms",
  email: "m.login.email.identity",
} as const;

const automatic: ReadonlySet<string> = new Set([stages.dummy]);
const ownForms: ReadonlySet<string> = new Set(Object.values(stages));

/** No more rounds than any flow has stages and mistakes. */
const maxRounds = 30;

export class AuthCancelled extends Error {
  override readonly name = "AuthCancelled";
}

/**
 * Repeats a request until the server has all the proof it wants. `stage` is what the user has to do now.
 *
 * https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api
 */
export class InteractiveAuth {
  readonly stage: ReadonlySignal<Stage | null>;
  /** A request is under way. */
  readonly isWorking: ReadonlySignal<boolean>;
  private readonly current = signal<Stage | null>(null);
  private readonly working = signal(false);
  private answer: ((fields: JsonObject | null) => void) | null = null;

  constructor() {
    this.stage = this.current;
    this.isWorking = this.working;
  }

  /** Answers what the request answers in the end. Throws its refusal, or `AuthCancelled`. */
  async run<T>(request: (auth: JsonObject | null) => Promise<T>): Promise<T> {
    let auth: JsonObject | null = null;
    try {
      for (let round = 0; round < maxRounds; round++) {
        this.working.value = true;
        try {
          return await request(auth);
        } catch (failure) {
          const challenge = challengeIn(failure);
          if (!challenge) throw failure;
          this.working.value = false;
          auth = await this.proof(challenge, auth);
        }
      }
      throw new Error(t().account.sameStep);
    } finally {
      this.working.value = false;
      this.current.value = null;
    }
  }

  /** What the user gave for the present stage. */
  submit(fields: JsonObject): void {
    this.answer?.(fields);
  }

  cancel(): void {
    this.answer?.(null);
  }

  private async proof(challenge: Challenge, before: JsonObject | null): Promise<JsonObject> {
    const type = nextStage(challenge);
    const proof = { type, session: challenge.session };
    if (automatic.has(type)) {
      if (before?.["type"] === type) throw new Error(challenge.error ?? t().account.sameStep);
      return proof;
    }
    const params = asObject(challenge.params[type]) ?? {};
    this.current.value = { type, session: challenge.session, params, error: challenge.error };
    const fields = await new Promise<JsonObject | null>((resolve) => {
      this.answer = resolve;
    });
    this.answer = null;
    if (fields === null) throw new AuthCancelled();
    // Who has been to the server's own page sends the session alone.
    return ownForms.has(type) && !("fallback" in fields) ? { ...proof, ...fields } : { session: challenge.session };
  }
}

/** The challenge in a refusal, be it from `ClientApi` or the SDK; null for any other failure. */
export function challengeIn(failure: unknown): Challenge | null {
  const body = failure instanceof ApiError ? failure.body : asObject(asObject(failure)?.["data"]);
  const status = failure instanceof ApiError ? failure.status : asObject(failure)?.["httpStatus"];
  const { flows, session, completed, params, error } = body ?? {};
  if (status !== 401 || !Array.isArray(flows)) return null;
  return {
    session: typeof session === "string" ? session : "",
    flows: flows.map((flow) => asStrings(asObject(flow)?.["stages"])),
    completed: asStrings(completed),
    params: asObject(params) ?? {},
    error: typeof error === "string" ? error : null,
  };
}

/** The next stage of the flow that asks least of the user. A stage without a form here has the server's own page. */
function nextStage({ flows, completed }: Challenge): string {
  const left = flows.map((flow) => flow.filter((stage) => !completed.includes(stage)));
  const possible = left.filter((flow) => flow.length > 0).sort((a, b) => effort(a) - effort(b));
  const stage = possible[0]?.[0];
  if (!stage) throw new Error(t().account.sameStep);
  return stage;
}

function effort(flow: readonly string[]): number {
  const of = (stage: string): number => (automatic.has(stage) ? 0 : ownForms.has(stage) ? 1 : 5);
  return flow.reduce((sum, stage) => sum + of(stage), 0);
}
