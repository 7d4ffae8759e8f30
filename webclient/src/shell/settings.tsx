import type { JSX } from "preact";

import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { EncryptionSection } from "../features/encryption/section";
import { StartedVerification } from "../features/encryption/verification-view";
import { SettingsPage } from "../features/settings/view";

/** The settings, with what they take from other features. */
export function Settings({ section }: { section: string }): JSX.Element {
  const { dialogs, encryption, userId } = useWorkspace();
  const verify = (deviceId: string): void => {
    dialogs.show((close) => (
      <StartedVerification
        ask={() => encryption.api.requestDeviceVerification(userId, deviceId)}
        who={t().encryption.otherSession}
        onClose={close}
      />
    ));
  };
  return <SettingsPage section={section} encryption={<EncryptionSection />} onVerifySession={verify} />;
}
