import type { Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { useOwned } from "../../core/owned";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Failure, Spinner } from "../../design/components";
import { Panel } from "../../design/panel";
import { bodyOf, summaryOf } from "../../messages/body";
import { EventCard } from "../../messages/event-card";
import { ThreadsState } from "./state";
import "./threads.css";

interface ThreadListProps {
  room: Room;
  onOpen: (rootId: string) => void;
  onClose: () => void;
}

/** All threads of a room. */
export function ThreadList({ room, onOpen, onClose }: ThreadListProps): JSX.Element {
  const { client } = useWorkspace();
  const state = useOwned(() => new ThreadsState(client, room), [client, room]);
  useEffect(() => void state.load(), [state]);
  const { threads } = state;
  const isLoading = state.loading.isRunning.value;
  return (
    <Panel title={t().threads.title} onClose={onClose} testId="threads-panel">
      <div class="panel-body">
        {threads.map(({ root, summary }) => (
          <EventCard key={root.getId()} event={root} room={room} onOpen={() => onOpen(root.getId() ?? "")} testId="thread">
            {summaryOf(bodyOf(root), t().messages.kinds)}
            <small class="thread-facts">
              {t().threads.replies(summary.replies)}
              {summary.unread > 0 && <span class="badge badge-highlight">{summary.unread}</span>}
            </small>
          </EventCard>
        ))}
        <Failure sentence={state.loading.failure.value} testId="threads-error" />
        {isLoading && <Spinner label={t().common.loading} />}
        {!isLoading && threads.length === 0 && <p class="panel-note">{t().threads.none}</p>}
        {!isLoading && state.hasMore && threads.length > 0 && (
          <button type="button" class="small" onClick={() => void state.load()} data-testid="threads-more">
            {t().threads.more}
          </button>
        )}
      </div>
    </Panel>
  );
}
