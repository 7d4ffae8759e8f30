import type { JSX } from "preact";

import type { Density, Theme } from "../../core/preferences";
import { languages, t, type Language } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Choice, Group } from "../../design/settings-frame";

export function AppearanceSection(): JSX.Element {
  const { preferences } = useWorkspace();
  const themes: readonly { value: Theme; label: string }[] = [
    { value: "system", label: t().settings.themeSystem },
    { value: "light", label: t().settings.themeLight },
    { value: "dark", label: t().settings.themeDark },
  ];
  const densities: readonly { value: Density; label: string }[] = [
    { value: "cosy", label: t().settings.densityCosy },
    { value: "compact", label: t().settings.densityCompact },
  ];
  const tongues: readonly { value: Language | "system"; label: string }[] = [
    { value: "system", label: t().settings.languageSystem },
    ...Object.entries(languages).map(([value, label]) => ({ value: value as Language, label })),
  ];
  return (
    <Group title={t().settings.appearance} hint={t().settings.appearanceHint}>
      <Choice
        label={t().settings.theme}
        value={preferences.theme.value}
        options={themes}
        onValue={(theme) => preferences.choose({ theme })}
        testId="appearance-theme"
      />
      <Choice
        label={t().settings.language}
        value={preferences.language.value}
        options={tongues}
        onValue={(language) => preferences.choose({ language })}
        testId="appearance-language"
      />
      <Choice
        label={t().settings.density}
        value={preferences.density.value}
        options={densities}
        onValue={(density) => preferences.choose({ density })}
        testId="appearance-density"
      />
    </Group>
  );
}
