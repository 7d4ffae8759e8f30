import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Dialog, Failure, Field, Spinner } from "../../design/components";
import { RecoveryState, saveText } from "./state";

/** Makes a recovery key and shows it, once. */
export function SetUpDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const workspace = useWorkspace();
  const state = useMemo(() => new RecoveryState(workspace), [workspace]);
  const key = state.newKey.value;
  return (
    <Dialog title={t().encryption.setUpTitle} onClose={onClose} testId="set-up-encryption">
      {key === null ? (
        <div class="dialog-form">
          <p>{t().encryption.setUpHint}</p>
          <Failure sentence={state.task.failure.value} testId="set-up-error" />
          <MakeButton state={state} onClick={() => void state.setUp()} />
        </div>
      ) : (
        <NewKey recoveryKey={key} onDone={onClose} />
      )}
    </Dialog>
  );
}

/** Gives up everything there was, and starts anew. */
export function ResetDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const workspace = useWorkspace();
  const state = useMemo(() => new RecoveryState(workspace), [workspace]);
  const key = state.newKey.value;
  return (
    <Dialog title={t().encryption.resetTitle} onClose={onClose} testId="reset-encryption">
      {key === null ? (
        <div class="dialog-form">
          <p>{t().encryption.resetHint}</p>
          <Failure sentence={state.task.failure.value} testId="reset-error" />
          {state.task.isRunning.value && <Spinner label={t().encryption.settingUp} />}
          <button
            type="button"
            class="danger"
            disabled={state.task.isRunning.value}
            onClick={() => void state.reset()}
            data-testid="reset-confirm"
          >
            {t().encryption.resetConfirm}
          </button>
        </div>
      ) : (
        <NewKey recoveryKey={key} onDone={onClose} />
      )}
    </Dialog>
  );
}

function MakeButton({ state, onClick }: { state: RecoveryState; onClick: () => void }): JSX.Element {
  if (state.task.isRunning.value) return <Spinner label={t().encryption.settingUp} />;
  return (
    <button type="button" class="primary" onClick={onClick} data-testid="make-recovery-key">
      {t().encryption.makeKey}
    </button>
  );
}

function NewKey({ recoveryKey, onDone }: { recoveryKey: string; onDone: () => void }): JSX.Element {
  const { userId } = useWorkspace();
  const [isCopied, setCopied] = useState(false);
  const [isSaved, setSaved] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(recoveryKey).catch(() => undefined);
    setCopied(true);
  };
  return (
    <div class="dialog-form">
      <p>{t().encryption.keyOnce}</p>
      <code class="recovery-key" data-testid="recovery-key">
        {recoveryKey}
      </code>
      <div class="dialog-buttons">
        <button type="button" onClick={() => void copy()} data-testid="recovery-key-copy">
          {isCopied ? t().common.copied : t().common.copy}
        </button>
        <button
          type="button"
          onClick={() => saveText(t().encryption.keyFile(userId), `${recoveryKey}\n`)}
          data-testid="recovery-key-download"
        >
          {t().common.download}
        </button>
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={isSaved}
          onChange={(event) => setSaved(event.currentTarget.checked)}
          data-testid="recovery-key-saved"
        />
        {t().encryption.keySaved}
      </label>
      <button type="button" class="primary" disabled={!isSaved} onClick={onDone} data-testid="recovery-key-done">
        {t().encryption.done}
      </button>
    </div>
  );
}

/** Verifies this session with the recovery key, and reads the backup. */
export function UnlockForm({ onDone }: { onDone: () => void }): JSX.Element {
  const workspace = useWorkspace();
  const state = useMemo(() => new RecoveryState(workspace), [workspace]);
  const [typed, setTyped] = useState("");
  if (state.isUnlocked.value) {
    return (
      <div class="dialog-form" data-testid="unlocked">
        <p>{t().encryption.unlocked}</p>
        <button type="button" class="primary" onClick={onDone} data-testid="unlocked-done">
          {t().encryption.done}
        </button>
      </div>
    );
  }
  return (
    <form
      class="dialog-form"
      onSubmit={(event) => {
        event.preventDefault();
        void state.unlock(typed);
      }}
    >
      <Field
        label={t().encryption.recoveryKey}
        value={typed}
        onValue={setTyped}
        hasFocus
        hint={t().encryption.verifyWithKeyHint}
        testId="unlock-key"
      />
      <Failure sentence={state.task.failure.value} testId="unlock-error" />
      {state.task.isRunning.value ? (
        <Spinner label={t().encryption.unlocking} />
      ) : (
        <button type="submit" class="primary" data-testid="unlock-submit">
          {t().encryption.unlock}
        </button>
      )}
    </form>
  );
}
