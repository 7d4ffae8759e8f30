import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";

import { ClientApi } from "../../core/api";
import { homeserverUrl } from "../../core/homeserver";
import { formatRoute } from "../../core/router";
import type { Credentials } from "../../core/session";
import { Task } from "../../core/task";
import { t } from "../../core/texts";
import { Failure, Field } from "../../design/components";
import { AccountPage, HomeserverField } from "./account-page";
import { logIn } from "./login";

interface LoginViewProps {
  homeserver: string;
  notice: string | null;
  onHomeserver: (address: string) => void;
  onCredentials: (credentials: Credentials) => void;
}

export function LoginView({ homeserver, notice, onHomeserver, onCredentials }: LoginViewProps): JSX.Element {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const task = useMemo(() => new Task(), []);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const credentials = await task.run(() => logIn(new ClientApi(homeserverUrl(homeserver)), user, password));
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
        <Failure sentence={task.failure.value} testId="login-error" />
        <button type="submit" class="primary" disabled={task.isRunning.value} data-testid="login-submit">
          {task.isRunning.value ? t().account.loggingIn : t().account.logIn}
        </button>
      </form>
      <p class="account-other">
        {t().account.newHere}{" "}
        <a href={formatRoute({ page: "register" })} data-testid="go-register">
          {t().account.createAccount}
        </a>
      </p>
    </AccountPage>
  );
}
