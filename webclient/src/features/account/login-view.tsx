import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";

import { ClientApi } from "../../core/api";
import { formatRoute } from "../../core/router";
import { Task } from "../../core/task";
import { t } from "../../core/texts";
import { Failure, Field } from "../../design/components";
import { AccountPage, CancelButton, HomeserverField, type AccountViewProps } from "./account-page";
import { logIn } from "./login";
import { useHomeserver } from "./use-homeserver";

interface LoginViewProps extends AccountViewProps {
  notice: string | null;
}

export function LoginView({ homeserver, notice, onHomeserver, onCredentials, onCancel }: LoginViewProps): JSX.Element {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const task = useMemo(() => new Task(), []);
  const { finding, find } = useHomeserver(homeserver);
  const isWorking = task.isRunning.value || finding.isRunning.value;

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const url = await find();
    const credentials = url && (await task.run(() => logIn(new ClientApi(url), user, password)));
    if (credentials) onCredentials(credentials);
  };

  return (
    <AccountPage title={t().account.logIn} notice={notice}>
      <form class="account-form" onSubmit={(event) => void submit(event)} data-testid="login-form">
        <Field
          label={t().account.username}
          value={user}
          onValue={setUser}
          hasFocus
          autocomplete="username"
          testId="login-username"
        />
        <Field
          label={t().account.password}
          value={password}
          onValue={setPassword}
          isSecret
          autocomplete="current-password"
          testId="login-password"
        />
        <HomeserverField value={homeserver} onValue={onHomeserver} />
        <Failure sentence={finding.failure.value ?? task.failure.value} testId="login-error" />
        <button type="submit" class="primary" disabled={isWorking} data-testid="login-submit">
          {isWorking ? t().account.loggingIn : t().account.logIn}
        </button>
      </form>
      <p class="account-other">
        {t().account.newHere}{" "}
        <a href={formatRoute({ page: "register" })} data-testid="go-register">
          {t().account.createAccount}
        </a>
      </p>
      <CancelButton onCancel={onCancel} />
    </AccountPage>
  );
}
