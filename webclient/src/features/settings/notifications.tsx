import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { useOwned } from "../../core/owned";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Failure, Field } from "../../design/components";
import { Choice, Group, Toggle } from "../../design/settings-frame";
import { NotificationsState, type Loudness } from "./notifications-state";

export function NotificationsSection(): JSX.Element {
  const { client } = useWorkspace();
  const state = useOwned(() => new NotificationsState(client), [client]);
  const { isMuted, rules } = state.settings;
  const levels: readonly { value: Loudness; label: string }[] = [
    { value: "off", label: t().settings.loudnessOff },
    { value: "on", label: t().settings.loudnessOn },
    { value: "loud", label: t().settings.loudnessLoud },
  ];
  return (
    <>
      <Group title={t().settings.notifications}>
        <Toggle
          label={t().settings.notifyAccount}
          checked={!isMuted}
          onChange={(isOn) => void state.setMuted(!isOn)}
          testId="notifications-account"
        />
        <DesktopToggle />
        <Failure sentence={state.task.failure.value} testId="notifications-error" />
      </Group>
      <Group title={t().settings.notifyAbout}>
        {rules.map(({ name, loudness }) => (
          <Choice
            key={name}
            label={t().settings.rules[name]}
            value={loudness}
            options={levels}
            disabled={isMuted || state.task.isRunning.value}
            onValue={(value) => void state.setLoudness(name, value)}
            testId={`notifications-${name}`}
          />
        ))}
      </Group>
      <KeywordGroup state={state} />
    </>
  );
}

/** Browsers ask the user themselves, once, and only after a click. */
function DesktopToggle(): JSX.Element {
  const { preferences } = useWorkspace();
  const isPossible = "Notification" in globalThis;
  const [permission, setPermission] = useState(isPossible ? Notification.permission : "denied");
  const toggle = async (isOn: boolean): Promise<void> => {
    const given = isOn ? await Notification.requestPermission() : permission;
    setPermission(given);
    preferences.choose({ notifies: isOn && given === "granted" });
  };
  return (
    <Toggle
      label={t().settings.notifyHere}
      hint={permission === "denied" ? t().settings.notifyDenied : t().settings.notifyHereHint}
      checked={preferences.notifies.value && permission === "granted"}
      disabled={!isPossible || permission === "denied"}
      onChange={(isOn) => void toggle(isOn)}
      testId="notifications-desktop"
    />
  );
}

function KeywordGroup({ state }: { state: NotificationsState }): JSX.Element {
  const [word, setWord] = useState("");
  const add = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (await state.addKeyword(word)) setWord("");
  };
  return (
    <Group title={t().settings.keywords} hint={t().settings.keywordsHint}>
      <ul>
        {state.settings.keywords.map((keyword) => (
          <li key={keyword} class="settings-line" data-testid="keyword">
            <span>{keyword}</span>
            <button type="button" class="small" onClick={() => void state.removeKeyword(keyword)} data-testid="keyword-remove">
              {t().common.remove}
            </button>
          </li>
        ))}
      </ul>
      <form class="settings-row" onSubmit={(event) => void add(event)}>
        <Field label={t().settings.keyword} value={word} onValue={setWord} testId="keyword-new" />
        <button type="submit" disabled={state.task.isRunning.value} data-testid="keyword-add">
          {t().settings.add}
        </button>
      </form>
    </Group>
  );
}
