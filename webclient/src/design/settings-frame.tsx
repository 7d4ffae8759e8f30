import type { ComponentChildren, JSX } from "preact";

import { t } from "../core/texts";
import { IconButton } from "./components";
import "./settings.css";

interface Section {
  readonly id: string;
  readonly label: string;
}

interface SettingsFrameProps {
  title: string;
  sections: readonly Section[];
  current: string;
  hrefOf: (section: string) => string;
  onClose: () => void;
  children: ComponentChildren;
  testId: string;
}

/** Settings in sections: their names at the side, or above on a narrow screen, and one of them open. */
export function SettingsFrame(props: SettingsFrameProps): JSX.Element {
  const { title, sections, current, hrefOf, onClose, children, testId } = props;
  return (
    <div class="settings" data-testid={testId}>
      <header class="settings-header">
        <h1>{title}</h1>
        <IconButton icon="close" label={t().common.close} onClick={onClose} testId={`${testId}-close`} />
      </header>
      <nav class="settings-sections" aria-label={title}>
        {sections.map(({ id, label }) => (
          <a
            key={id}
            href={hrefOf(id)}
            aria-current={id === current ? "page" : undefined}
            data-testid={`${testId}-section-${id}`}
          >
            {label}
          </a>
        ))}
      </nav>
      <div class="settings-content">
        <div class="settings-column">{children}</div>
      </div>
    </div>
  );
}

interface GroupProps {
  title: string;
  hint?: string;
  children: ComponentChildren;
}

/** Settings that belong together. */
export function Group({ title, hint, children }: GroupProps): JSX.Element {
  return (
    <section class="settings-group">
      <h2>{title}</h2>
      {hint && <p class="hint">{hint}</p>}
      {children}
    </section>
  );
}

interface ToggleProps {
  label: string;
  hint?: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
  testId: string;
}

export function Toggle({ label, hint, checked, disabled, onChange, testId }: ToggleProps): JSX.Element {
  return (
    <label class="toggle">
      <span>
        {label}
        {hint && <small class="hint">{hint}</small>}
      </span>
      <input
        type="checkbox"
        role="switch"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
        data-testid={testId}
      />
    </label>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly { readonly value: T; readonly label: string }[];
  disabled?: boolean;
  onValue: (value: T) => void;
  testId: string;
}

/** One of several, from a list. */
export function Choice<T extends string>(props: ChoiceProps<T>): JSX.Element {
  return (
    <label class="field">
      <span class="field-label">{props.label}</span>
      <select
        value={props.value}
        disabled={props.disabled}
        onChange={(event) => props.onValue(event.currentTarget.value as T)}
        data-testid={props.testId}
      >
        {props.options.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
