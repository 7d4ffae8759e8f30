import { signal, type ReadonlySignal } from "@preact/signals";

import { sentenceOf, type ClientApi } from "../../core/api";
import { credentialsFrom, deviceDisplayName, type Credentials } from "../../core/session";
import { t } from "../../core/texts";
import { AuthCancelled, InteractiveAuth } from "../../core/uia/engine";
import type { RequestEmail } from "../../core/uia/stage-form";

/**
 * Registers an account, through the stages that the server asks for: see `auth.stage`.
 *
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3register
 */
export class Registration {
  readonly auth = new InteractiveAuth();
  /** The sentence to show, usually the server's own. */
  readonly failure: ReadonlySignal<string | null>;
  private readonly refusal = signal<string | null>(null);
  private mailsSent = 0;

  constructor(readonly api: ClientApi) {
    this.failure = this.refusal;
  }

  /** Answers credentials, or null when the server refused or the user went back: see `failure`. */
  async submit(username: string, password: string): Promise<Credentials | null> {
    const account = {
      username: username.trim(),
      password,
      initial_device_display_name: deviceDisplayName,
      refresh_token: true,
    };
    this.refusal.value = null;
    try {
      const answer = await this.auth.run((auth) =>
        this.api.request("POST", "/register", { ...account, ...(auth && { auth }) }),
      );
      return credentialsFrom(this.api.homeserverUrl, answer);
    } catch (failure) {
      if (!(failure instanceof AuthCancelled)) this.refusal.value = sentenceOf(failure);
      return null;
    }
  }

  /** https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3registeremailrequesttoken */
  readonly requestEmail: RequestEmail = async (email, clientSecret) => {
    const answer = await this.api.request("POST", "/register/email/requestToken", {
      email,
      client_secret: clientSecret,
      send_attempt: ++this.mailsSent,
    });
    if (typeof answer["sid"] !== "string") throw new Error(t().failures.unknown);
    return answer["sid"];
  };
}
