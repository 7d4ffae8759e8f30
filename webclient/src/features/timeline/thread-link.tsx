import type { JSX } from "preact";

import { t } from "../../core/texts";
import { Icon } from "../../design/icons";
import { summaryOf } from "../../messages/body";
import type { ThreadSummary } from "../../messages/entry";

/** Under a message that others have answered in a thread: how many, and the newest answer. */
export function ThreadLink({ thread, onOpen }: { thread: ThreadSummary; onOpen: () => void }): JSX.Element {
  return (
    <button type="button" class="thread-link" onClick={onOpen} data-testid="thread-link">
      <Icon name="thread" />
      <strong>{t().threads.replies(thread.replies)}</strong>
      {thread.unread > 0 && <span class="badge badge-highlight">{thread.unread}</span>}
      {thread.lastBody && (
        <span class="thread-link-last">
          <bdi>{thread.lastSender}</bdi>: <bdi>{summaryOf(thread.lastBody, t().messages.kinds)}</bdi>
        </span>
      )}
    </button>
  );
}
