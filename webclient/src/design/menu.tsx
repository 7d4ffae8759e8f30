import type { JSX } from "preact";

import { Floating, type Place } from "./floating";
import { Icon, type IconName } from "./icons";

export interface MenuItem {
  readonly label: string;
  readonly icon: IconName;
  readonly testId: string;
  readonly onChoose: () => void;
  readonly isDanger?: boolean;
  /** A box that is ticked or not. */
  readonly isChecked?: boolean;
  /** A line above it. */
  readonly startsGroup?: boolean;
}

interface MenuProps {
  items: readonly MenuItem[];
  place: Place;
  label: string;
  testId: string;
  onClose: () => void;
}

/** A list of things to do; arrow keys move in it. */
export function Menu({ items, place, label, testId, onClose }: MenuProps): JSX.Element {
  const choose = (item: MenuItem): void => {
    onClose();
    item.onChoose();
  };
  return (
    <Floating place={place} onClose={onClose} testId={testId} label={label}>
      <div class="menu" role="menu" aria-label={label} onKeyDown={moveFocus}>
        {items.map((item) => (
          <MenuLine key={item.testId} item={item} onChoose={() => choose(item)} />
        ))}
      </div>
    </Floating>
  );
}

function MenuLine({ item, onChoose }: { item: MenuItem; onChoose: () => void }): JSX.Element {
  const isBox = item.isChecked !== undefined;
  return (
    <>
      {item.startsGroup && <hr class="menu-line" role="separator" />}
      <button
        type="button"
        role={isBox ? "menuitemcheckbox" : "menuitem"}
        aria-checked={isBox ? item.isChecked : undefined}
        class={`menu-item${item.isDanger ? " menu-item-danger" : ""}`}
        onClick={onChoose}
        data-testid={item.testId}
      >
        <Icon name={item.isChecked ? "check" : item.icon} />
        {item.label}
      </button>
    </>
  );
}

function moveFocus(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };
  const step = steps[event.key];
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("button")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const goal = event.key === "Home" ? 0 : event.key === "End" ? -1 : step === undefined ? null : (at + step) % items.length;
  if (goal === null) return;
  event.preventDefault();
  items.at(goal)?.focus();
}
