import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { useOwned } from "../../core/owned";
import { locale, t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Failure, Field, Spinner } from "../../design/components";
import { Group } from "../../design/settings-frame";
import { SessionsState, type SessionLine } from "./sessions-state";

/** `onVerify` compares emoji with another session. */
export function SessionsSection({ onVerify }: { onVerify: (deviceId: string) => void }): JSX.Element {
  const workspace = useWorkspace();
  const state = useOwned(() => new SessionsState(workspace), [workspace]);
  useEffect(() => void state.load(), [state]);
  const sessions = state.sessions.value;
  const others = sessions.filter(({ isCurrent }) => !isCurrent).map(({ deviceId }) => deviceId);
  return (
    <Group title={t().settings.sessions} hint={t().settings.sessionsHint}>
      {sessions.length === 0 && state.task.isRunning.value && <Spinner label={t().common.loading} />}
      <ul data-testid="sessions">
        {sessions.map((session) => (
          <Session key={session.deviceId} session={session} state={state} onVerify={onVerify} />
        ))}
      </ul>
      <Failure sentence={state.task.failure.value} testId="sessions-error" />
      {others.length > 1 && (
        <button type="button" class="danger" onClick={() => void state.signOut(others)} data-testid="sessions-sign-out-all">
          {t().settings.signOutOthers}
        </button>
      )}
    </Group>
  );
}

interface SessionProps {
  session: SessionLine;
  state: SessionsState;
  onVerify: (deviceId: string) => void;
}

function Session({ session, state, onVerify }: SessionProps): JSX.Element {
  const [name, setName] = useState<string | null>(null);
  const rename = (event: SubmitEvent): void => {
    event.preventDefault();
    void state.rename(session.deviceId, name ?? "").then(() => setName(null));
  };
  return (
    <li
      class="settings-line"
      data-testid="session"
      data-device-id={session.deviceId}
      data-verified={String(session.isVerified)}
      data-current={String(session.isCurrent)}
    >
      {name === null ? (
        <span>
          <strong data-testid="session-name">{session.name}</strong>
          <small>{seenText(session)}</small>
          <small class={session.isVerified ? "settings-good" : undefined}>
            {session.isVerified ? t().profile.verified : t().profile.unverified}
          </small>
        </span>
      ) : (
        <form class="settings-row" onSubmit={rename}>
          <Field label={t().settings.sessionName} value={name} onValue={setName} hasFocus isProse testId="session-new-name" />
          <button type="submit" class="primary" data-testid="session-rename-save">
            {t().common.save}
          </button>
        </form>
      )}
      <div class="settings-row">
        {name === null && (
          <button type="button" class="small" onClick={() => setName(session.name)} data-testid="session-rename">
            {t().settings.rename}
          </button>
        )}
        {session.isVerified === false && !session.isCurrent && (
          <button type="button" class="small" onClick={() => onVerify(session.deviceId)} data-testid="session-verify">
            {t().encryption.verify}
          </button>
        )}
        {!session.isCurrent && (
          <button
            type="button"
            class="small danger"
            onClick={() => void state.signOut([session.deviceId])}
            data-testid="session-sign-out"
          >
            {t().settings.signOut}
          </button>
        )}
      </div>
    </li>
  );
}

function seenText({ isCurrent, lastSeenMs, lastSeenIp, deviceId }: SessionLine): string {
  if (isCurrent) return t().settings.thisSession;
  if (lastSeenMs === null) return deviceId;
  const when = new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(lastSeenMs);
  return t().settings.lastSeen(when, lastSeenIp ?? "");
}
