import { signal, type ReadonlySignal } from "@preact/signals";

import { ApiError, asObject, asStrings, sentenceOf, type ClientApi, type JsonObject } from "../../core/api";
import { credentialsFrom, deviceDisplayName, type Credentials } from "../../core/session";
import { t } from "../../core/texts";

/** `form`: asks for name and password; `token`: the server wants a registration token; `done`: there is an account. */
export type RegistrationStep = "form" | "working" | "token" | "done";

interface Challenge {
  readonly session: string;
  readonly flows: readonly (readonly string[])[];
  readonly completed: readonly string[];
  readonly error: string | null;
}

const dummyStage = "m.login.dummy";
const tokenStage = "m.login.registration_token";
const knownStages = new Set([dummyStage, tokenStage]);

/**
 * Registers an account, through the stages that the server asks for.
 *
 * https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api
 */
export class Registration {
  readonly step: ReadonlySignal<RegistrationStep>;
  /** The sentence to show, usually the server's own. */
  readonly failure: ReadonlySignal<string | null>;
  private readonly current = signal<RegistrationStep>("form");
  private readonly refusal = signal<string | null>(null);
  private account: JsonObject = {};
  private session = "";

  constructor(private readonly api: ClientApi) {
    this.step = this.current;
    this.failure = this.refusal;
  }

  /** Answers credentials, or null when a step is still open or the server refused: see `step` and `failure`. */
  async submit(username: string, password: string): Promise<Credentials | null> {
    this.account = { username: username.trim(), password, initial_device_display_name: deviceDisplayName };
    return this.attempt("form");
  }

  async submitToken(token: string): Promise<Credentials | null> {
    return this.attempt("token", { type: tokenStage, session: this.session, token: token.trim() });
  }

  /** Sends the request until the server accepts, refuses, or asks for what only the user knows. */
  private async attempt(askedAt: RegistrationStep, auth?: JsonObject): Promise<Credentials | null> {
    this.current.value = "working";
    this.refusal.value = null;
    try {
      let answer = await this.send(auth);
      for (let rounds = 0; "flows" in answer && rounds < 8; rounds++) {
        if (answer.error) throw new Error(answer.error);
        this.session = answer.session;
        const stage = nextStage(answer);
        if (stage === tokenStage) {
          this.current.value = "token";
          return null;
        }
        answer = await this.send({ type: stage, session: answer.session });
      }
      if ("flows" in answer) throw new Error(t().account.sameStep);
      this.current.value = "done";
      return answer;
    } catch (failure) {
      this.refusal.value = sentenceOf(failure);
      this.current.value = askedAt;
      return null;
    }
  }

  private async send(auth?: JsonObject): Promise<Credentials | Challenge> {
    try {
      const answer = await this.api.request("POST", "/register", { ...this.account, ...(auth && { auth }) });
      return credentialsFrom(this.api.homeserverUrl, answer);
    } catch (failure) {
      const challenge = failure instanceof ApiError ? challengeIn(failure) : null;
      if (challenge) return challenge;
      throw failure;
    }
  }
}

function challengeIn(refusal: ApiError): Challenge | null {
  const { flows, session, completed, error } = refusal.body;
  if (refusal.status !== 401 || !Array.isArray(flows) || typeof session !== "string") return null;
  return {
    session,
    flows: flows.map((flow) => asStrings(asObject(flow)?.["stages"])),
    completed: asStrings(completed),
    error: typeof error === "string" ? error : null,
  };
}

/** The next stage of the first flow that this client can finish; throws with a sentence when there is none. */
function nextStage(challenge: Challenge): string {
  const left = challenge.flows.map((stages) => stages.filter((stage) => !challenge.completed.includes(stage)));
  const possible = left.find((stages) => stages.length > 0 && stages.every((stage) => knownStages.has(stage)));
  const stage = possible?.[0];
  if (stage) return stage;
  const unknown = [...new Set(left.flat())].filter((name) => !knownStages.has(name));
  throw new Error(t().account.unknownSteps(unknown.join(", ")));
}
