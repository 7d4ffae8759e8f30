import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Group } from "../../design/settings-frame";
import { ResetDialog, SetUpDialog } from "./recovery-view";
import { VerifySessionDialog } from "./view";

/** How one's keys stand, in the settings. */
export function EncryptionSection(): JSX.Element {
  const { encryption } = useWorkspace();
  const [dialog, setDialog] = useState<"verify" | "set-up" | "reset" | null>(null);
  const phase = encryption.phase.value;
  const close = (): void => setDialog(null);
  return (
    <>
      <Group title={t().settings.recovery}>
        <p data-testid="encryption-state" data-phase={phase} class={phase === "ready" ? "settings-good" : undefined}>
          {phase === "ready"
            ? t().settings.recoveryReady
            : phase === "unverified"
              ? t().encryption.verifyNotice
              : t().encryption.setUpNotice}
        </p>
        {phase === "unverified" ? (
          <button type="button" class="primary" onClick={() => setDialog("verify")} data-testid="encryption-verify">
            {t().encryption.verify}
          </button>
        ) : (
          <button type="button" onClick={() => setDialog("set-up")} data-testid="encryption-new-key">
            {phase === "ready" ? t().settings.recoveryNew : t().encryption.setUp}
          </button>
        )}
        {phase === "ready" && <p class="hint">{t().settings.exportHint}</p>}
      </Group>
      <Group title={t().encryption.reset} hint={t().encryption.resetHint}>
        <button type="button" class="danger" onClick={() => setDialog("reset")} data-testid="encryption-reset">
          {t().encryption.reset}
        </button>
      </Group>
      {dialog === "verify" && <VerifySessionDialog onClose={close} />}
      {dialog === "set-up" && <SetUpDialog onClose={close} />}
      {dialog === "reset" && <ResetDialog onClose={close} />}
    </>
  );
}
