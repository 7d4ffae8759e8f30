import { Component, type ComponentChildren, type JSX } from "preact";
import { useState } from "preact/hooks";

import { MessageShield } from "../../core/encryption/shield";
import { MediaAvatar } from "../../core/media/avatar";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { hueOf } from "../../design/avatar";
import { placeOf } from "../../design/floating";
import { Icon } from "../../design/icons";
import { openEmojiPicker } from "../../emoji/open";
import "../../messages/messages.css";
import { BodyView } from "../../messages/body-view";
import type { MessageEntry, Reaction } from "../../messages/entry";
import { Reactions } from "../../messages/reactions";
import { ReplyQuote } from "../../messages/reply-quote";
import { fullTimeText, timeText } from "../../messages/text";
import { MessageToolbar } from "./message-toolbar";
import { Readers } from "./readers-view";
import type { MessageRow } from "./rows";
import { ThreadLink } from "./thread-link";
import type { TimelineSurroundings } from "./view";

interface MessageRowProps {
  row: MessageRow;
  isTarget: boolean;
  surroundings: TimelineSurroundings;
}

export function MessageRowView({ row, isTarget, surroundings }: MessageRowProps): JSX.Element {
  const { entry, isFirst } = row;
  const [isActive, setActive] = useState(false);
  const classes = [
    "message",
    isFirst ? "message-first" : "",
    `message-${entry.delivery}`,
    entry.isForUs ? "message-for-us" : "",
    isTarget ? "message-target" : "",
    entry.body.kind === "text" ? `message-${entry.body.style}` : "",
  ];
  return (
    <article
      class={classes.filter(Boolean).join(" ")}
      tabIndex={-1}
      aria-label={t().timeline.messageOf(entry.senderName, timeText(entry.atMs))}
      onMouseEnter={() => setActive(true)}
      onMouseLeave={() => setActive(false)}
      onFocusIn={() => setActive(true)}
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setActive(false);
      }}
      data-testid="message"
      data-event-id={entry.eventId}
      data-delivery={entry.delivery}
      data-sender={entry.senderId}
    >
      <div class="message-side">{isFirst ? <Sender entry={entry} surroundings={surroundings} /> : <SideTime atMs={entry.atMs} />}</div>
      <div class="message-main">
        {isFirst && <Heading entry={entry} surroundings={surroundings} />}
        <ErrorBoundary key={entry.eventId}>
          <MessageContent entry={entry} surroundings={surroundings} />
        </ErrorBoundary>
        <MessageShield roomId={surroundings.room.roomId} eventId={entry.eventId} />
      </div>
      <Readers readers={row.readers} />
      {isActive && entry.delivery === "sent" && <MessageToolbar entry={entry} surroundings={surroundings} />}
    </article>
  );
}

/** A click on the picture or the name shows who it is. */
function Sender({ entry, surroundings }: ContentProps): JSX.Element {
  return (
    <button
      type="button"
      class="message-avatar"
      tabIndex={-1}
      aria-hidden="true"
      onClick={(event) => surroundings.actions.openUser(entry.senderId, placeOf(event.currentTarget))}
    >
      <MediaAvatar id={entry.senderId} name={entry.senderName} mxc={entry.senderPicture} />
    </button>
  );
}

function Heading({ entry, surroundings }: ContentProps): JSX.Element {
  return (
    <header class="message-heading">
      <button
        type="button"
        class={`message-sender text-hue-${hueOf(entry.senderId)}`}
        title={entry.senderId}
        onClick={(event) => surroundings.actions.openUser(entry.senderId, placeOf(event.currentTarget))}
        data-testid="message-sender"
      >
        <bdi>{entry.senderName}</bdi>
      </button>
      <time class="message-time" dateTime={isoTime(entry.atMs)} title={fullTimeText(entry.atMs)}>
        {timeText(entry.atMs)}
      </time>
      {entry.isPinned && <PinMark />}
    </header>
  );
}

function PinMark(): JSX.Element {
  return (
    <span class="message-pin" role="img" aria-label={t().messages.pinned} title={t().messages.pinned} data-testid="message-pinned">
      <Icon name="pin" />
    </span>
  );
}

function SideTime({ atMs }: { atMs: number }): JSX.Element {
  return (
    <time class="message-side-time" dateTime={isoTime(atMs)} title={fullTimeText(atMs)}>
      {timeText(atMs)}
    </time>
  );
}

function isoTime(atMs: number): string | undefined {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

interface ContentProps {
  entry: MessageEntry;
  surroundings: TimelineSurroundings;
}

function MessageContent({ entry, surroundings }: ContentProps): JSX.Element {
  const { dialogs } = useWorkspace();
  const { actions, room } = surroundings;
  const toggle = (reaction: Reaction): void => actions.toggleReaction(entry, reaction.key, reaction);
  return (
    <>
      {entry.replyTo !== null && <ReplyQuote room={room} eventId={entry.replyTo} onOpen={surroundings.show} />}
      <BodyView entry={entry} />
      {entry.reactions.length > 0 && (
        <Reactions
          reactions={entry.reactions}
          onToggle={toggle}
          onAdd={(place) => openEmojiPicker(dialogs, place, (key) => actions.toggleReaction(entry, key, undefined))}
        />
      )}
      {entry.thread && actions.openThread && (
        <ThreadLink thread={entry.thread} onOpen={() => actions.openThread?.(entry.eventId)} />
      )}
      {entry.delivery === "failed" && <FailedMessage eventId={entry.eventId} surroundings={surroundings} />}
    </>
  );
}

function FailedMessage({ eventId, surroundings }: { eventId: string; surroundings: TimelineSurroundings }): JSX.Element {
  const { state } = surroundings;
  return (
    <div class="message-failure" role="alert" data-testid="message-failed">
      <Icon name="warning" />
      <span>{t().timeline.notSent}</span>
      <button type="button" class="link" onClick={() => state.retry(eventId)} data-testid="message-retry">
        {t().common.tryAgain}
      </button>
      <button type="button" class="link" onClick={() => state.discard(eventId)} data-testid="message-discard">
        {t().timeline.delete}
      </button>
    </div>
  );
}

/** What a stranger sent must not take the page with it, whatever it does to the view of it. */
class ErrorBoundary extends Component<{ children: ComponentChildren }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static override getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ComponentChildren {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div class="message-body message-body-quiet" data-testid="message-body">
        {t().messages.unshowable}
      </div>
    );
  }
}

/** Draws again only when one of its inputs is another object. */
export class StableRow extends Component<MessageRowProps> {
  override shouldComponentUpdate(next: MessageRowProps): boolean {
    const now = this.props;
    return next.row !== now.row || next.isTarget !== now.isTarget || next.surroundings !== now.surroundings;
  }

  override render(): JSX.Element {
    return <MessageRowView {...this.props} />;
  }
}

