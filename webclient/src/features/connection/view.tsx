import type { JSX } from "preact";

import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Icon } from "../../design/icons";
import "./connection.css";

/** Says that the connection is lost, for as long as it is. */
export function ConnectionBanner(): JSX.Element {
  const { connection } = useWorkspace();
  return (
    <div role="status" class="connection">
      {connection.phase.value === "lost" && (
        <div class="connection-lost" data-testid="connection-lost">
          <Icon name="warning" />
          <span>{t().shell.connectionLost}</span>
          <button type="button" class="small" onClick={connection.retry} data-testid="connection-retry">
            {t().shell.tryNow}
          </button>
        </div>
      )}
    </div>
  );
}
