import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { VerificationRequest } from "matrix-js-sdk/lib/crypto-api";

import { Verification } from "../../core/encryption/verification";
import { useOwned } from "../../core/owned";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Dialog, Failure, Spinner } from "../../design/components";
import { sentenceOf } from "../../core/api";

interface VerificationDialogProps {
  request: VerificationRequest;
  onClose: () => void;
}

/** Compares emoji with somebody, or with another session of the user's own. */
export function VerificationDialog({ request, onClose }: VerificationDialogProps): JSX.Element {
  const { client } = useWorkspace();
  const verification = useOwned(() => new Verification(request), [request]);
  const who = request.isSelfVerification
    ? t().encryption.otherSession
    : (client.getUser(request.otherUserId)?.displayName ?? request.otherUserId);
  const close = (): void => {
    void verification.cancel();
    onClose();
  };
  return (
    <Dialog title={t().encryption.compareTitle} onClose={close} testId="verification">
      <div class="dialog-form" data-testid="verification-step" data-step={verification.step.value}>
        <Step verification={verification} who={who} onClose={close} />
      </div>
    </Dialog>
  );
}

interface StepProps {
  verification: Verification;
  who: string;
  onClose: () => void;
}

function Step({ verification, who, onClose }: StepProps): JSX.Element {
  switch (verification.step.value) {
    case "asked":
      return (
        <>
          <p>{t().encryption.asked(who)}</p>
          <div class="dialog-buttons">
            <button type="button" onClick={onClose} data-testid="verification-decline">
              {t().encryption.decline}
            </button>
            <button
              type="button"
              class="primary"
              onClick={() => void verification.accept()}
              data-testid="verification-accept"
            >
              {t().encryption.accept}
            </button>
          </div>
        </>
      );
    case "emoji":
      return <CompareEmoji verification={verification} />;
    case "done":
      return (
        <>
          <p role="status">
            {verification.request.isSelfVerification
              ? t().encryption.verifiedSession
              : t().encryption.verifiedUser(who)}
          </p>
          <button type="button" class="primary" onClick={onClose} data-testid="verification-done">
            {t().encryption.done}
          </button>
        </>
      );
    case "cancelled":
      return (
        <>
          <Failure sentence={t().encryption.cancelled} testId="verification-cancelled" />
          <p>{t().encryption.notSame}</p>
        </>
      );
    default:
      return <Spinner label={t().encryption.waitingFor(who)} />;
  }
}

function CompareEmoji({ verification }: { verification: Verification }): JSX.Element {
  return (
    <>
      <p>{t().encryption.compareHint}</p>
      <ul class="emoji-row">
        {verification.emoji.value.map(([emoji, name], index) => (
          <li key={index}>
            <span class="emoji-picture" aria-hidden="true">
              {emoji}
            </span>
            <span data-testid="verification-emoji">{t().encryption.emojiName(name)}</span>
          </li>
        ))}
      </ul>
      <div class="dialog-buttons">
        <button type="button" onClick={() => verification.mismatch()} data-testid="verification-mismatch">
          {t().encryption.different}
        </button>
        <button
          type="button"
          class="primary"
          onClick={() => void verification.confirm()}
          data-testid="verification-match"
        >
          {t().encryption.same}
        </button>
      </div>
    </>
  );
}

interface StartedVerificationProps {
  /** Asks the other side. */
  ask: () => Promise<VerificationRequest>;
  who: string;
  onClose: () => void;
}

/** A verification that this session asks for. */
export function StartedVerification({ ask, who, onClose }: StartedVerificationProps): JSX.Element {
  const [request, setRequest] = useState<VerificationRequest | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    ask().then(setRequest, (reason: unknown) => setFailure(sentenceOf(reason)));
  }, []);
  if (request) return <VerificationDialog request={request} onClose={onClose} />;
  return (
    <Dialog title={t().encryption.compareTitle} onClose={onClose} testId="verification-starting">
      <div class="dialog-form">
        {failure === null ? <Spinner label={t().encryption.waitingFor(who)} /> : <Failure sentence={failure} testId="verification-error" />}
      </div>
    </Dialog>
  );
}
