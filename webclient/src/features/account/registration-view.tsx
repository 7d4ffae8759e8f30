import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";

import { ClientApi, sentenceOf } from "../../core/api";
import { homeserverUrl } from "../../core/homeserver";
import { formatRoute } from "../../core/router";
import type { Credentials } from "../../core/session";
import { t } from "../../core/texts";
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
    <AccountPage title={t().account.createAccount}>
      <form class="account-form" onSubmit={(event) => void submit(event)} data-testid="register-form">
        <Field
          label={t().account.username}
          value={username}
          onValue={setUsername}
          hasFocus
          autocomplete="username"
          hint={t().account.usernameHint}
          testId="register-username"
        />
        <Field
          label={t().account.password}
          value={password}
          onValue={setPassword}
          isSecret
          autocomplete="new-password"
          testId="register-password"
        />
        {asksToken && (
          <Field
            label={t().account.token}
            value={token}
            onValue={setToken}
            hasFocus
            hint={t().account.tokenHint}
            testId="register-token"
          />
        )}
        <HomeserverField value={homeserver} onValue={onHomeserver} />
        <Failure sentence={addressFailure ?? registration.failure.value} testId="register-error" />
        <button type="submit" class="primary" disabled={isWorking} data-testid="register-submit">
          {isWorking ? t().account.creating : t().account.create}
        </button>
      </form>
      <p class="account-other">
        {t().account.haveAccount}{" "}
        <a href={formatRoute({ page: "login" })} data-testid="go-login">
          {t().account.logIn}
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
