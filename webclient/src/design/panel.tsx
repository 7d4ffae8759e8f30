import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

import { IconButton } from "./components";
import "./panel.css";
import { t } from "../core/texts";

interface PanelProps {
  title: string;
  onClose: () => void;
  testId: string;
  /** Beside the title. */
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** What is shown beside a conversation; over it where there is no room. */
export function Panel({ title, onClose, testId, actions, children }: PanelProps): JSX.Element {
  const titleId = useId();
  return (
    <aside class="panel" aria-labelledby={titleId} data-testid={testId}>
      <header class="panel-header">
        <h2 id={titleId}>{title}</h2>
        {actions}
        <IconButton icon="close" label={t().common.close} onClick={onClose} testId={`${testId}-close`} />
      </header>
      {children}
    </aside>
  );
}
