import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";

import { ClientApi, sentenceOf } from "../../core/api";
import { homeserverUrl } from "../../core/homeserver";
import { formatRoute } from "../../core/router";
import type { Credentials } from "../../core/session";
import { Failure, Field } from "../../design/components";
import { AccountPage, HomeserverField } from "./account-page";
import { Registration } from "./registration";

interface RegistrationViewProps {
  homeserver: string;
  onHomeserver: (address: string) => void;
  onCredentials: (credentials: Credentials) => void;
}

export function RegistrationView({ homeserver, onHomeserver, onCredentials }: RegistrationViewProps): JSX.Element {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [token, setToken] = useState("");
  const { registration, addressFailure } = useRegistration(homeserver);
  const step = registration.step.value;
  const isWorking = step === "working";
  const asksToken = step === "token" || (isWorking && token !== "");

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (addressFailure || isWorking) return;
    const credentials =
      step === "token" ? await registration.submitToken(token) : await registration.submit(username, password);
    if (credentials) onCredentials(credentials);
  };

  return (
    <AccountPage title="Create an account">
      <form class="account-form" onSubmit={(event) => void submit(event)} data-testid="register-form">
        <Field
          label="Username"
          value={username}
          onValue={setUsername}
          hasFocus
          autocomplete="username"
          hint="Small letters, digits and . _ - = / +"
          testId="register-username"
        />
        <Field
          label="Password"
          value={password}
          onValue={setPassword}
          isSecret
          autocomplete="new-password"
          testId="register-password"
        />
        {asksToken && (
          <Field
            label="Registration token"
            value={token}
            onValue={setToken}
            hasFocus
            hint="This server gives accounts to people with a token. Ask who runs it."
            testId="register-token"
          />
        )}
        <HomeserverField value={homeserver} onValue={onHomeserver} />
        <Failure sentence={addressFailure ?? registration.failure.value} testId="register-error" />
        <button type="submit" class="primary" disabled={isWorking} data-testid="register-submit">
          {isWorking ? "Creating…" : "Create account"}
        </button>
      </form>
      <p class="account-other">
        Have an account?{" "}
        <a href={formatRoute({ page: "login" })} data-testid="go-login">
          Log in
        </a>
      </p>
    </AccountPage>
  );
}

/** A registration with the homeserver of that address; a new one when the address changes. */
function useRegistration(homeserver: string): { registration: Registration; addressFailure: string | null } {
  return useMemo(() => {
    try {
      return { registration: new Registration(new ClientApi(homeserverUrl(homeserver))), addressFailure: null };
    } catch (failure) {
      return { registration: new Registration(new ClientApi(homeserver)), addressFailure: sentenceOf(failure) };
    }
  }, [homeserver]);
}
