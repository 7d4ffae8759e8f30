import type { JSX } from "preact";

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
          <span>Connection lost. Trying to reconnect…</span>
          <button type="button" class="small" onClick={connection.retry} data-testid="connection-retry">
            Try now
          </button>
        </div>
      )}
    </div>
  );
}
