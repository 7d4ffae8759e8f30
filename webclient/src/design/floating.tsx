import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import "./floating.css";

/** A place on the screen, in pixels of the window: of a button, or of the pointer. */
export interface Place {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export function placeOf(element: Element): Place {
  return element.getBoundingClientRect();
}

export function placeAt(event: MouseEvent): Place {
  return { left: event.clientX, right: event.clientX, top: event.clientY, bottom: event.clientY };
}

interface FloatingProps {
  place: Place;
  onClose: () => void;
  testId: string;
  label: string;
  children: ComponentChildren;
}

/** Something small beside what opened it, above all else; a click elsewhere, Escape and a change of size close it. */
export function Floating({ place, onClose, testId, label, children }: FloatingProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return;
    box.showPopover();
    const { width, height } = box.getBoundingClientRect();
    const { left, top } = beside(place, { width, height }, { width: innerWidth, height: innerHeight });
    box.style.left = `${left}px`;
    box.style.top = `${top}px`;
  }, []);
  useEffect(() => {
    const opener = document.activeElement;
    const first = element.current?.querySelector<HTMLElement>("[autofocus], input, button");
    first?.focus();
    const close = (): void => onClose();
    window.addEventListener("resize", close);
    return () => {
      window.removeEventListener("resize", close);
      const isLost = document.activeElement === document.body || document.activeElement === null;
      if (isLost && opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <div
      ref={element}
      class="floating"
      popover="auto"
      role="dialog"
      aria-label={label}
      onToggle={(event) => event.newState === "closed" && onClose()}
      data-testid={testId}
    >
      {children}
    </div>
  );
}

const gapPx = 4;
const edgePx = 8;

/** Where a box fits beside a place: below it if there is room, else above; never beyond the window. */
export function beside(
  place: Place,
  box: { width: number; height: number },
  view: { width: number; height: number },
): { left: number; top: number } {
  const below = place.bottom + gapPx;
  const above = place.top - gapPx - box.height;
  const fitsBelow = below + box.height <= view.height - edgePx;
  const top = fitsBelow || above < edgePx ? below : above;
  const left = place.left + box.width > view.width - edgePx ? place.right - box.width : place.left;
  return { left: within(left, view.width - box.width), top: within(top, view.height - box.height) };
}

function within(start: number, room: number): number {
  return Math.max(edgePx, Math.min(start, room - edgePx));
}
