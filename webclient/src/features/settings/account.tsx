import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { MediaAvatar } from "../../core/media/avatar";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Failure, Field } from "../../design/components";
import { Group, Toggle } from "../../design/settings-frame";
import { AccountState } from "./account-state";

export function AccountSection(): JSX.Element {
  const workspace = useWorkspace();
  const state = useMemo(() => new AccountState(workspace), [workspace]);
  useEffect(() => void state.load(), [state]);
  return (
    <>
      <ProfileGroup state={state} />
      <EmailGroup state={state} />
      <PasswordGroup state={state} />
      <DeactivateGroup state={state} />
    </>
  );
}

function ProfileGroup({ state }: { state: AccountState }): JSX.Element {
  const { userId } = useWorkspace();
  const known = state.name.value;
  const [name, setName] = useState<string | null>(null);
  const shown = name ?? known;
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (await state.rename(shown)) setName(null);
  };
  return (
    <Group title={t().settings.profile}>
      <div class="settings-row">
        <MediaAvatar id={userId} name={known || userId} mxc={state.picture.value} size="large" />
        <label class="button">
          {t().settings.choosePicture}
          <input
            type="file"
            accept="image/*"
            class="visually-hidden"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              if (file) void state.setPicture(file);
            }}
            data-testid="account-picture"
          />
        </label>
        {state.picture.value && (
          <button type="button" onClick={() => void state.removePicture()} data-testid="account-picture-remove">
            {t().common.remove}
          </button>
        )}
      </div>
      <form class="settings-row" onSubmit={(event) => void save(event)}>
        <Field
          label={t().settings.displayName}
          value={shown}
          onValue={setName}
          isProse
          isOptional
          hint={userId}
          testId="account-name"
        />
        <button
          type="submit"
          class="primary"
          disabled={state.profile.isRunning.value || shown === known}
          data-testid="account-name-save"
        >
          {t().common.save}
        </button>
      </form>
      <Failure sentence={state.profile.failure.value} testId="account-error" />
    </Group>
  );
}

function EmailGroup({ state }: { state: AccountState }): JSX.Element {
  const [address, setAddress] = useState("");
  const pending = state.pendingAddress.value;
  return (
    <Group title={t().settings.emails} hint={t().settings.emailsHint}>
      <ul>
        {state.addresses.value.map((each) => (
          <li key={each} class="settings-line" data-testid="account-email">
            <span>{each}</span>
            <button type="button" class="small" onClick={() => void state.removeEmail(each)}>
              {t().common.remove}
            </button>
          </li>
        ))}
      </ul>
      {pending === null ? (
        <form
          class="settings-row"
          onSubmit={(event) => {
            event.preventDefault();
            void state.requestEmail(address);
          }}
        >
          <Field label={t().auth.emailAddress} value={address} onValue={setAddress} testId="account-email-address" />
          <button type="submit" disabled={state.email.isRunning.value} data-testid="account-email-add">
            {t().settings.add}
          </button>
        </form>
      ) : (
        <div class="settings-line">
          <span>
            {t().auth.emailSent(pending)}
            <small>{t().auth.emailNext}</small>
          </span>
          <button type="button" class="primary" onClick={() => void state.confirmEmail()} data-testid="account-email-confirm">
            {t().common.next}
          </button>
        </div>
      )}
      <Failure sentence={state.email.failure.value} testId="account-email-error" />
    </Group>
  );
}

function PasswordGroup({ state }: { state: AccountState }): JSX.Element {
  const [before, setBefore] = useState("");
  const [after, setAfter] = useState("");
  const [logsOthersOut, setLogsOthersOut] = useState(false);
  const [isDone, setDone] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setDone(false);
    if (!(await state.changePassword(before, after, logsOthersOut))) return;
    setBefore("");
    setAfter("");
    setDone(true);
  };
  return (
    <Group title={t().account.password}>
      <form class="settings-group" onSubmit={(event) => void submit(event)}>
        <Field
          label={t().settings.passwordNow}
          value={before}
          onValue={setBefore}
          isSecret
          autocomplete="current-password"
          testId="account-password-now"
        />
        <Field
          label={t().settings.passwordNew}
          value={after}
          onValue={setAfter}
          isSecret
          autocomplete="new-password"
          testId="account-password-new"
        />
        <Toggle
          label={t().settings.logOutOthers}
          hint={t().settings.logOutOthersHint}
          checked={logsOthersOut}
          onChange={setLogsOthersOut}
          testId="account-password-others"
        />
        <Failure sentence={state.password.failure.value} testId="account-password-error" />
        {isDone && (
          <p class="settings-good" role="status" data-testid="account-password-done">
            {t().settings.passwordDone}
          </p>
        )}
        <button type="submit" disabled={state.password.isRunning.value} data-testid="account-password-save">
          {t().settings.passwordChange}
        </button>
      </form>
    </Group>
  );
}

function DeactivateGroup({ state }: { state: AccountState }): JSX.Element {
  const { logOut } = useWorkspace();
  const [isOpen, setOpen] = useState(false);
  const [erases, setErases] = useState(false);
  const deactivate = async (): Promise<void> => {
    if (await state.deactivate(erases)) await logOut();
  };
  return (
    <Group title={t().settings.deactivate} hint={t().settings.deactivateHint}>
      {isOpen ? (
        <>
          <Toggle
            label={t().settings.erase}
            hint={t().settings.eraseHint}
            checked={erases}
            onChange={setErases}
            testId="account-erase"
          />
          <Failure sentence={state.deactivation.failure.value} testId="account-deactivate-error" />
          <button type="button" class="danger" onClick={() => void deactivate()} data-testid="account-deactivate-confirm">
            {t().settings.deactivateConfirm}
          </button>
        </>
      ) : (
        <button type="button" onClick={() => setOpen(true)} data-testid="account-deactivate">
          {t().settings.deactivate}
        </button>
      )}
    </Group>
  );
}
