import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { Avatar, Dialog, IconButton } from "../design/components";
import { SetUpDialog } from "../features/encryption/recovery-view";

/** Who is logged in, the way to the settings, the other accounts, and out. */
export function UserBar(): JSX.Element {
  const { client, encryption, userId, logOut, router } = useWorkspace();
  const [dialog, setDialog] = useState<"accounts" | "log-out" | "set-up" | null>(null);
  const [localpart, serverName] = splitUserId(userId);
  const leave = (): void => {
    const hasSecrets = client.getRooms().some((room) => room.hasEncryptionStateEvent());
    if (hasSecrets && encryption.phase.peek() !== "ready") setDialog("log-out");
    else void logOut();
  };
  return (
    <footer class="user-bar">
      <button
        type="button"
        class="user-bar-account"
        title={userId}
        onClick={() => setDialog("accounts")}
        data-testid="own-user-id"
        data-user-id={userId}
      >
        <Avatar id={userId} name={userId} size="small" />
        <span class="user-bar-text">
          <strong>{localpart}</strong>
          <small>{serverName}</small>
        </span>
      </button>
      <IconButton
        icon="settings"
        label={t().settings.openSettings}
        onClick={() => router.go({ page: "settings", section: "account" })}
        testId="open-settings"
      />
      <IconButton icon="leave" label={t().account.logOut} onClick={leave} testId="log-out" />
      {dialog === "accounts" && <AccountsDialog onClose={() => setDialog(null)} />}
      {dialog === "log-out" && (
        <LogOutDialog onClose={() => setDialog(null)} onSetUp={() => setDialog("set-up")} />
      )}
      {dialog === "set-up" && <SetUpDialog onClose={() => setDialog(null)} />}
    </footer>
  );
}

function LogOutDialog({ onClose, onSetUp }: { onClose: () => void; onSetUp: () => void }): JSX.Element {
  const { encryption, logOut } = useWorkspace();
  return (
    <Dialog title={t().encryption.logOutTitle} onClose={onClose} testId="log-out-dialog">
      <div class="dialog-form">
        <p>{t().encryption.logOutHint}</p>
        <div class="dialog-buttons">
          <button type="button" class="danger" onClick={() => void logOut()} data-testid="log-out-anyway">
            {t().encryption.logOutAnyway}
          </button>
          {encryption.phase.value !== "unverified" && (
            <button type="button" class="primary" onClick={onSetUp} data-testid="log-out-set-up">
              {t().encryption.setUp}
            </button>
          )}
        </div>
      </div>
    </Dialog>
  );
}

function AccountsDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const { session, userId } = useWorkspace();
  return (
    <Dialog title={t().settings.accounts} onClose={onClose} testId="accounts-dialog">
      <div class="dialog-form">
        <ul class="people">
          {session.accounts.value.map((account) => (
            <li key={account.userId}>
              <button
                type="button"
                class="person"
                aria-current={account.userId === userId}
                onClick={() => (account.userId === userId ? onClose() : void session.show(account.userId))}
                data-testid="account"
                data-user-id={account.userId}
              >
                <Avatar id={account.userId} name={account.userId} size="small" />
                <span>
                  <strong>{splitUserId(account.userId)[0]}</strong>
                  <small>{splitUserId(account.userId)[1]}</small>
                </span>
              </button>
            </li>
          ))}
        </ul>
        <button type="button" onClick={() => void session.show(null)} data-testid="account-add">
          {t().settings.addAccount}
        </button>
      </div>
    </Dialog>
  );
}

function splitUserId(userId: string): [localpart: string, serverName: string] {
  const colon = userId.indexOf(":");
  return [userId.slice(1, colon), userId.slice(colon + 1)];
}
