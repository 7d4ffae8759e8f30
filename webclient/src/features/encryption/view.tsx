import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Dialog } from "../../design/components";
import { Icon } from "../../design/icons";
import { ResetDialog, SetUpDialog, UnlockForm } from "./recovery-view";
import { StartedVerification, VerificationDialog } from "./verification-view";
import "./encryption.css";

/** What there is to do for one's keys; nothing while all is well. And requests of others to compare emoji. */
export function EncryptionNotice(): JSX.Element | null {
  const { encryption } = useWorkspace();
  const [dialog, setDialog] = useState<"verify" | "set-up" | null>(null);
  const request = encryption.request.value;
  const phase = encryption.phase.value;
  const isVerifying = phase === "unverified";
  const isShown = isVerifying || phase === "no-recovery" || phase === "no-identity";
  return (
    <>
      {isShown && (
        <section class="encryption-notice" aria-label={t().encryption.title} data-testid="encryption-notice" data-phase={phase}>
          <Icon name="shield" />
          <p>{isVerifying ? t().encryption.verifyNotice : t().encryption.setUpNotice}</p>
          <button
            type="button"
            class="small primary"
            onClick={() => setDialog(isVerifying ? "verify" : "set-up")}
            data-testid="encryption-notice-open"
          >
            {isVerifying ? t().encryption.verify : t().encryption.setUp}
          </button>
        </section>
      )}
      {dialog === "verify" && <VerifySessionDialog onClose={() => setDialog(null)} />}
      {dialog === "set-up" && <SetUpDialog onClose={() => setDialog(null)} />}
      {request && (
        <VerificationDialog key={request.transactionId} request={request} onClose={() => encryption.dismiss()} />
      )}
    </>
  );
}

/** The ways to verify this session. */
export function VerifySessionDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const { encryption } = useWorkspace();
  const [way, setWay] = useState<"session" | "key" | "reset" | null>(null);
  if (way === "session") {
    const ask = () => encryption.api.requestOwnUserVerification();
    return <StartedVerification ask={ask} who={t().encryption.otherSession} onClose={onClose} />;
  }
  if (way === "reset") return <ResetDialog onClose={onClose} />;
  return (
    <Dialog title={t().encryption.verifyTitle} onClose={onClose} testId="verify-session">
      {way === "key" ? (
        <UnlockForm onDone={onClose} />
      ) : (
        <div class="dialog-form">
          <Way
            title={t().encryption.verifyWithSession}
            hint={t().encryption.verifyWithSessionHint}
            onClick={() => setWay("session")}
            testId="verify-with-session"
          />
          <Way
            title={t().encryption.verifyWithKey}
            hint={t().encryption.verifyWithKeyHint}
            onClick={() => setWay("key")}
            testId="verify-with-key"
          />
          <p class="hint">
            {t().encryption.lostEverything}{" "}
            <button type="button" class="link" onClick={() => setWay("reset")} data-testid="verify-reset">
              {t().encryption.reset}
            </button>
          </p>
        </div>
      )}
    </Dialog>
  );
}

interface WayProps {
  title: string;
  hint: string;
  onClick: () => void;
  testId: string;
}

function Way({ title, hint, onClick, testId }: WayProps): JSX.Element {
  return (
    <button type="button" class="way" onClick={onClick} data-testid={testId}>
      <strong>{title}</strong>
      <small>{hint}</small>
    </button>
  );
}
