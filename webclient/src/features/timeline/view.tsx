import type { Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useCallback, useEffect, useRef } from "preact/hooks";

import { useOwned } from "../../core/owned";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Spinner } from "../../design/components";
import { Icon } from "../../design/icons";
import type { TimelineItem } from "./arrange";
import { MessageGroupView } from "./message-view";
import { useTimelineScroll } from "./scroll";
import { TimelineState } from "./state";
import { dayText } from "./text";
import "./timeline.css";

export function Timeline({ room }: { room: Room }): JSX.Element {
  const { client } = useWorkspace();
  const state = useOwned(() => new TimelineState(client, room), [client, room]);
  const { items, isAtStart } = state.view;
  const frame = useRef<HTMLDivElement>(null);
  const hasFailed = state.loadingOlder.failure.value !== null;
  const loadOlder = useCallback(() => {
    // After a failure only the button tries again, or a lost connection would be asked without end.
    if (state.loadingOlder.failure.peek() === null) void state.loadOlder();
  }, [state]);
  const { isAtBottom, hasNewBelow, jumpToBottom } = useTimelineScroll(frame, {
    content: items,
    firstKey: items[0]?.key ?? null,
    lastKey: items.length > 0 ? lastKeyOf(items) : null,
    onNearTop: loadOlder,
  });
  useReading(state, isAtBottom, items);

  return (
    <div class="timeline">
      <div ref={frame} class="timeline-frame" role="log" aria-label={t().timeline.label} tabIndex={0} data-testid="timeline">
        <div class="timeline-content">
          {isAtStart && (
            <p class="timeline-start" data-testid="timeline-start">
              {t().timeline.start}
            </p>
          )}
          {hasFailed && (
            <button
              type="button"
              class="small timeline-again"
              onClick={() => void state.loadOlder()}
              data-testid="timeline-load-again"
            >
              {t().timeline.olderFailed}
            </button>
          )}
          {items.map((item) => (
            <Item key={item.key} item={item} state={state} />
          ))}
        </div>
      </div>
      {state.loadingOlder.isRunning.value && (
        <div class="timeline-loading">
          <Spinner label={t().timeline.loadingOlder} />
        </div>
      )}
      {!isAtBottom && (
        <button
          type="button"
          class={`timeline-jump${hasNewBelow ? " timeline-jump-new" : ""}`}
          onClick={jumpToBottom}
          data-testid="jump-to-bottom"
        >
          <Icon name="down" />
          {hasNewBelow ? t().timeline.newMessages : t().timeline.newest}
        </button>
      )}
    </div>
  );
}

function Item({ item, state }: { item: TimelineItem; state: TimelineState }): JSX.Element {
  switch (item.kind) {
    case "day":
      return (
        <h3 class="timeline-day" data-testid="day-separator">
          {dayText(item.atMs, Date.now())}
        </h3>
      );
    case "notice":
      return (
        <p class="timeline-notice" data-testid="notice">
          {item.text}
        </p>
      );
    case "group":
      return <MessageGroupView group={item} actions={state} />;
  }
}

function lastKeyOf(items: readonly TimelineItem[]): string | null {
  const last = items.at(-1);
  return (last?.kind === "group" ? last.messages.at(-1)?.key : last?.key) ?? null;
}

/** Marks the room as read while its end is in view of somebody who looks. */
function useReading(state: TimelineState, isAtBottom: boolean, items: readonly TimelineItem[]): void {
  useEffect(() => {
    const markIfSeen = (): void => {
      if (isAtBottom && document.visibilityState === "visible" && document.hasFocus()) void state.markRead();
    };
    markIfSeen();
    window.addEventListener("focus", markIfSeen);
    document.addEventListener("visibilitychange", markIfSeen);
    return () => {
      window.removeEventListener("focus", markIfSeen);
      document.removeEventListener("visibilitychange", markIfSeen);
    };
  }, [state, isAtBottom, items]);
}
