/** Arrow keys go from message to message; Escape goes back to the whole timeline. */
export function moveAmongMessages(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const frame = event.currentTarget;
  const steps: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };
  const step = steps[event.key];
  const target = event.target as HTMLElement;
  if (event.key === "Escape" && target !== frame) {
    event.preventDefault();
    frame.focus();
    return;
  }
  const isElsewhere = target !== frame && !target.matches("article");
  if (step === undefined || isElsewhere || event.altKey || event.ctrlKey || event.metaKey) return;
  const messages = [...frame.querySelectorAll<HTMLElement>("article")];
  const at = messages.indexOf(target);
  const goal = at < 0 ? lastInView(frame, messages) : messages[at + step];
  if (!goal) return;
  event.preventDefault();
  goal.focus();
}

function lastInView(frame: HTMLElement, messages: readonly HTMLElement[]): HTMLElement | undefined {
  const bottom = frame.getBoundingClientRect().bottom;
  return messages.findLast((message) => message.getBoundingClientRect().top < bottom - 20);
}
