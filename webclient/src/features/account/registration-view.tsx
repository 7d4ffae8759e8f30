import { useState } from "preact/hooks";
import type { JSX } from "preact";

import { ClientApi } from "../../core/api";
import { formatRoute } from "../../core/router";
import { t } from "../../core/texts";
import { StageForm } from "../../core/uia/stage-form";
import { Failure, Field } from "../../design/components";
import { AccountPage, CancelButton, HomeserverField, type AccountViewProps } from "./account-page";
import { useHomeserver } from "./use-homeserver";
import { Registration } from "./registration";

export function RegistrationView({ homeserver, onHomeserver, onCredentials, onCancel }: AccountViewProps): JSX.Element {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [registration, setRegistration] = useState<Registration | null>(null);
  const { finding, find } = useHomeserver(homeserver);
  const stage = registration?.auth.stage.value ?? null;
  const isWorking = finding.isRunning.value || (registration?.auth.isWorking.value ?? false);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const url = await find();
    if (url === null) return;
    const next = new Registration(new ClientApi(url));
    setRegistration(next);
    const credentials = await next.submit(username, password);
    if (credentials) onCredentials(credentials);
  };

  return (
    <AccountPage title={t().account.createAccount}>
      {registration && stage ? (
        <div class="account-form" data-testid="register-stage">
          <StageForm
            key={stage.type}
            auth={registration.auth}
            stage={stage}
            homeserverUrl={registration.api.homeserverUrl}
            requestEmail={registration.requestEmail}
          />
          <button type="button" class="link" onClick={() => registration.auth.cancel()} data-testid="register-back">
            {t().common.back}
          </button>
        </div>
      ) : (
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
          <HomeserverField value={homeserver} onValue={onHomeserver} />
          <Failure sentence={finding.failure.value ?? registration?.failure.value ?? null} testId="register-error" />
          <button type="submit" class="primary" disabled={isWorking} data-testid="register-submit">
            {isWorking ? t().account.creating : t().account.create}
          </button>
        </form>
      )}
      <p class="account-other">
        {t().account.haveAccount}{" "}
        <a href={formatRoute({ page: "login" })} data-testid="go-login">
          {t().account.logIn}
        </a>
      </p>
      <CancelButton onCancel={onCancel} />
    </AccountPage>
  );
}
