import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { t } from "../core/texts";
import { hueOf, initialOf } from "./avatar";
import { Icon, type IconName } from "./icons";

interface FieldProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  testId: string;
  isSecret?: boolean;
  hint?: string;
  placeholder?: string;
  autocomplete?: "username" | "current-password" | "new-password" | "url" | "off";
  /** Text for people, with a capital at the start; otherwise an identifier, which no keyboard should correct. */
  isProse?: boolean;
  isOptional?: boolean;
  hasFocus?: boolean;
}

/** A labelled text input. */
export function Field(props: FieldProps): JSX.Element {
  const { label, value, onValue, testId, hint, isProse = false } = props;
  const id = useId();
  const hintId = `${id}-hint`;
  const kind = props.isSecret ? ({ type: "password" } as const) : ({ type: "text" } as const);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        {...kind}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
        placeholder={props.placeholder}
        autocomplete={props.autocomplete ?? "off"}
        autocapitalize={isProse ? "sentences" : "none"}
        spellcheck={isProse}
        required={!props.isOptional}
        autofocus={props.hasFocus}
        aria-describedby={hint ? hintId : undefined}
        data-testid={testId}
      />
      {hint && (
        <p id={hintId} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

interface IconButtonProps {
  icon: IconName;
  label: string;
  onClick: () => void;
  testId: string;
  pressed?: boolean;
}

/** A button with an icon only; its label is for the tooltip and for screen readers. */
export function IconButton({ icon, label, onClick, testId, pressed }: IconButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      onClick={onClick}
      data-testid={testId}
    >
      <Icon name={icon} />
    </button>
  );
}

/** The sentence of a failure, read out when it appears; nothing while there is none. */
export function Failure({ sentence, testId }: { sentence: string | null; testId: string }): JSX.Element | null {
  if (!sentence) return null;
  return (
    <p class="failure" role="alert" data-testid={testId}>
      <Icon name="warning" />
      <span>{sentence}</span>
    </p>
  );
}

export type AvatarSize = "tiny" | "small" | "medium" | "large" | "huge";

interface AvatarProps {
  id: string;
  name: string;
  size?: AvatarSize;
  /** An address that this page may load. */
  url?: string | null;
}

/** A round picture, or an initial in one of eight colours, which is the same for the same id everywhere. */
export function Avatar({ id, name, size = "medium", url }: AvatarProps): JSX.Element {
  if (url) return <img class={`avatar avatar-${size}`} src={url} alt="" draggable={false} data-testid="avatar-picture" />;
  return (
    <span class={`avatar avatar-${size} hue-${hueOf(id)}`} aria-hidden="true">
      {initialOf(name)}
    </span>
  );
}

export function Spinner({ label }: { label: string }): JSX.Element {
  return (
    <p class="spinner" role="status">
      <span class="spinner-wheel" aria-hidden="true" />
      {label}
    </p>
  );
}

interface DialogProps {
  title: string;
  onClose: () => void;
  testId: string;
  children: ComponentChildren;
}

/** A modal dialog: the browser's own keeps the focus inside and closes on Escape. */
export function Dialog({ title, onClose, testId, children }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    element.current?.showModal();
  }, []);
  return (
    <dialog ref={element} class="dialog" aria-labelledby={titleId} onClose={onClose} data-testid={testId}>
      <header class="dialog-header">
        <h2 id={titleId}>{title}</h2>
        <IconButton icon="close" label={t().common.close} onClick={() => element.current?.close()} testId={`${testId}-close`} />
      </header>
      {children}
    </dialog>
  );
}
