import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";

import { ClientApi } from "../../core/api";
import { deleteDatabases } from "../../core/databases";
import type { Account, Session } from "../../core/session";
import { Task } from "../../core/task";
import { t } from "../../core/texts";
import { Failure, Field } from "../../design/components";
import { AccountPage } from "./account-page";
import { logIn } from "./login";

/** The server wants the password again; the device, and with it the keys to messages, stays. */
export function SoftLogoutView({ account, session }: { account: Account; session: Session }): JSX.Element {
  const [password, setPassword] = useState("");
  const task = useMemo(() => new Task(), []);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { homeserverUrl, userId, deviceId } = account;
    const credentials = await task.run(() => logIn(new ClientApi(homeserverUrl), userId, password, deviceId));
    if (credentials) await session.begin(credentials);
  };
  const forget = async (): Promise<void> => {
    await deleteDatabases(account);
    await session.end(account.userId);
  };
  return (
    <AccountPage title={t().account.again} notice={t().account.againHint}>
      <form class="account-form" onSubmit={(event) => void submit(event)} data-testid="soft-logout-form">
        <p class="account-who" data-testid="soft-logout-user">
          {account.userId}
        </p>
        <Field
          label={t().account.password}
          value={password}
          onValue={setPassword}
          isSecret
          hasFocus
          autocomplete="current-password"
          testId="soft-logout-password"
        />
        <Failure sentence={task.failure.value} testId="soft-logout-error" />
        <button type="submit" class="primary" disabled={task.isRunning.value} data-testid="soft-logout-submit">
          {task.isRunning.value ? t().account.loggingIn : t().account.logIn}
        </button>
      </form>
      <p class="account-other">
        <button
          type="button"
          class="link"
          onClick={() => void forget()}
          data-testid="soft-logout-forget"
        >
          {t().account.forgetAccount}
        </button>
      </p>
    </AccountPage>
  );
}
