import type { JSX } from "preact";

import { formatRoute } from "../../core/router";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { SettingsFrame } from "../../design/settings-frame";
import { AccountSection } from "./account";
import { AppearanceSection } from "./appearance";
import { NotificationsSection } from "./notifications";
import { SessionsSection } from "./sessions";

interface SettingsPageProps {
  section: string;
  /** The section about keys, which another feature draws. */
  encryption: JSX.Element;
  onVerifySession: (deviceId: string) => void;
}

export function SettingsPage({ section, encryption, onVerifySession }: SettingsPageProps): JSX.Element {
  const { router } = useWorkspace();
  const sections = [
    { id: "account", label: t().settings.account, content: <AccountSection /> },
    { id: "appearance", label: t().settings.appearance, content: <AppearanceSection /> },
    { id: "notifications", label: t().settings.notifications, content: <NotificationsSection /> },
    { id: "encryption", label: t().encryption.title, content: encryption },
    { id: "sessions", label: t().settings.sessions, content: <SessionsSection onVerify={onVerifySession} /> },
  ];
  const open = sections.find(({ id }) => id === section) ?? sections[0];
  return (
    <SettingsFrame
      title={t().settings.title}
      sections={sections}
      current={open?.id ?? ""}
      hrefOf={(id) => formatRoute({ page: "settings", section: id })}
      onClose={() => router.go({ page: "home" })}
      testId="settings"
    >
      {open?.content}
    </SettingsFrame>
  );
}
