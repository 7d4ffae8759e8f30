import type { Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";

import { t } from "../../core/texts";
import { Failure, Spinner } from "../../design/components";
import { Icon } from "../../design/icons";
import type { MessageActions } from "./actions";
import { moveAmongMessages } from "./keyboard";
import { StableRow } from "./message-row";
import { NoticeRowView } from "./notice-row";
import type { Row } from "./rows";
import type { TimelineState } from "./state";
import { dayText } from "../../messages/text";
import "./message.css";
import "./timeline.css";
import { useRowWindow, type RowWindow } from "./window";

/** What the rows of a timeline have around them. */
export interface TimelineSurroundings {
  readonly room: Room;
  readonly state: TimelineState;
  readonly actions: MessageActions;
  /** Brings a message into view, wherever it is. */
  readonly show: (eventId: string) => void;
}

interface TimelineProps {
  state: TimelineState;
  actions: MessageActions;
  /** A message to show; another object asks for it again. */
  target: { readonly eventId: string } | null;
  testId: string;
}

export function Timeline({ state, actions, target: wanted, testId }: TimelineProps): JSX.Element {
  const { rows, isAtStart, isAtEnd } = state.view;
  const [frame, list, above, below] = [useElement(), useElement(), useElement(), useElement()];
  const loadOlder = useCallback(() => {
    // After a failure only the button tries again, or a lost connection would be asked without end.
    if (state.loadingOlder.failure.peek() === null) void state.loadOlder();
  }, [state]);
  const loadNewer = useCallback(() => {
    if (state.loadingNewer.failure.peek() === null) void state.loadNewer();
  }, [state]);
  const me = state.room.client.getSafeUserId();
  const elements = useMemo(() => ({ frame, list, above, below }), []);
  const window = useRowWindow(elements, { rows, me, isAtEnd, onNearTop: loadOlder, onNearBottom: loadNewer });
  const show = useShowing(state, window);
  const surroundings = useMemo(() => ({ room: state.room, state, actions, show }), [state, actions, show]);
  useEffect(() => void (wanted && show(wanted.eventId)), [wanted, show]);
  useReading(state, window.isAtBottom && isAtEnd, rows);
  const target = state.target.value;

  return (
    <div class="timeline">
      <div
        ref={frame}
        class="timeline-frame"
        role="region"
        aria-label={t().timeline.label}
        tabIndex={0}
        onKeyDown={moveAmongMessages}
        data-testid={testId}
      >
        <div class="timeline-content">
          {isAtStart && (
            <p class="timeline-start" data-testid="timeline-start">
              {t().timeline.start}
            </p>
          )}
          {state.loadingOlder.failure.value !== null && (
            <LoadAgain text={t().timeline.olderFailed} onClick={() => void state.loadOlder()} />
          )}
          <div ref={above} class="timeline-space" aria-hidden="true" />
          <div ref={list} class="timeline-list">
            {rows.slice(window.range.start, window.range.end).map((row) => (
              <div key={row.key} class="row" data-key={row.key}>
                <RowView row={row} isTarget={isTarget(row, target)} surroundings={surroundings} />
              </div>
            ))}
          </div>
          <div ref={below} class="timeline-space" aria-hidden="true" />
          {state.loadingNewer.failure.value !== null && (
            <LoadAgain text={t().timeline.newerFailed} onClick={() => void state.loadNewer()} />
          )}
        </div>
      </div>
      <Announcer rows={rows} me={me} />
      <TimelineTop state={state} show={show} />
      {!(window.isAtBottom && isAtEnd) && (
        <JumpButton
          count={window.newBelow}
          onClick={() => {
            state.showEnd();
            window.jumpToBottom();
          }}
        />
      )}
    </div>
  );
}

function useElement(): { current: HTMLDivElement | null } {
  return useRef<HTMLDivElement>(null);
}

function isTarget(row: Row, target: string | null): boolean {
  return target !== null && row.kind === "message" && row.entry.eventId === target;
}

function RowView({ row, isTarget, surroundings }: { row: Row; isTarget: boolean; surroundings: TimelineSurroundings }): JSX.Element {
  switch (row.kind) {
    case "day":
      return (
        <h2 class="timeline-day" data-testid="day-separator">
          <span>{dayText(row.atMs, Date.now())}</span>
        </h2>
      );
    case "unread":
      return (
        <p class="timeline-unread" role="separator" aria-label={t().timeline.newMessages} data-testid="unread-line">
          <span>{t().timeline.newMessages}</span>
        </p>
      );
    case "notice":
      return <NoticeRowView row={row} />;
    case "message":
      return <StableRow row={row} isTarget={isTarget} surroundings={surroundings} />;
  }
}

function LoadAgain({ text, onClick }: { text: string; onClick: () => void }): JSX.Element {
  return (
    <button type="button" class="small timeline-again" onClick={onClick} data-testid="timeline-load-again">
      {text}
    </button>
  );
}

/** Over the messages, not among them: what is read must not move when it comes and goes. */
function TimelineTop({ state, show }: { state: TimelineState; show: (eventId: string) => void }): JSX.Element {
  const [isDismissed, setDismissed] = useState(false);
  const unread = isDismissed ? null : state.firstUnreadElsewhere();
  const isLoading = state.loadingOlder.isRunning.value || state.jumping.isRunning.value;
  return (
    <div class="timeline-top">
      {isLoading && (
        <div class="timeline-loading">
          <Spinner label={t().timeline.loadingOlder} />
        </div>
      )}
      <Failure sentence={state.jumping.failure.value} testId="timeline-error" />
      {unread !== null && (
        <button
          type="button"
          class="timeline-jump timeline-jump-unread"
          onClick={() => {
            setDismissed(true);
            show(unread);
          }}
          data-testid="jump-to-unread"
        >
          <Icon name="up" />
          {t().timeline.firstUnread}
        </button>
      )}
    </div>
  );
}

function JumpButton({ count, onClick }: { count: number; onClick: () => void }): JSX.Element {
  return (
    <button
      type="button"
      class={`timeline-jump timeline-jump-end${count > 0 ? " timeline-jump-new" : ""}`}
      onClick={onClick}
      data-testid="jump-to-bottom"
    >
      <Icon name="down" />
      {count > 0 ? t().timeline.newCount(count) : t().timeline.newest}
    </button>
  );
}

/** Reads new messages out to those who do not see them; older ones that scroll into view are not read out. */
function Announcer({ rows, me }: { rows: readonly Row[]; me: string }): JSX.Element {
  const last = rows.at(-1);
  const seen = useRef(last?.key);
  const [text, setText] = useState("");
  useEffect(() => {
    if (!last || last.key === seen.current) return;
    seen.current = last.key;
    if (last.kind !== "message" || last.entry.senderId === me || last.entry.body.kind !== "text") return;
    setText(`${last.entry.senderName}: ${last.entry.body.text.slice(0, 300)}`);
  }, [last]);
  return (
    <p class="visually-hidden" role="log" aria-live="polite">
      {text}
    </p>
  );
}

/** Brings a message into view: at once if it is among the rows, else after fetching those around it. */
function useShowing(state: TimelineState, window: RowWindow): (eventId: string) => void {
  const [wanted, setWanted] = useState<string | null>(null);
  const { rows } = state.view;
  useEffect(() => {
    if (wanted === null) return;
    const row = rows.find((each) => hasEvent(each, wanted));
    if (row && window.showRow(row.key)) setWanted(null);
  }, [wanted, rows]);
  return useCallback(
    (eventId: string) => {
      void state.jumpTo(eventId).then((isThere) => isThere && setWanted(eventId));
    },
    [state],
  );
}

function hasEvent(row: Row, eventId: string): boolean {
  if (row.kind === "notice") return row.notices.some((notice) => notice.eventId === eventId);
  return row.kind === "message" && row.entry.eventId === eventId;
}

/** Marks the room as read while its end is in view of somebody who looks. */
function useReading(state: TimelineState, isAtBottom: boolean, rows: readonly Row[]): void {
  useEffect(() => {
    const markIfSeen = (): void => {
      if (isAtBottom && document.visibilityState === "visible" && document.hasFocus()) void state.markRead();
    };
    const lookAway = (): void => state.lookedAway();
    markIfSeen();
    window.addEventListener("focus", markIfSeen);
    window.addEventListener("blur", lookAway);
    document.addEventListener("visibilitychange", markIfSeen);
    return () => {
      window.removeEventListener("focus", markIfSeen);
      window.removeEventListener("blur", lookAway);
      document.removeEventListener("visibilitychange", markIfSeen);
    };
  }, [state, isAtBottom, rows]);
}
