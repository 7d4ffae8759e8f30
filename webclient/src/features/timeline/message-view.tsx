import type { JSX } from "preact";

import { t } from "../../core/texts";
import { Avatar } from "../../design/components";
import { hueOf } from "../../design/avatar";
import { Icon } from "../../design/icons";
import type { MessageGroup } from "./arrange";
import type { MessageEntry } from "./entry";
import { fullTimeText, linkParts, timeText } from "./text";

/** What can be done with a message of our own that was not sent. */
export interface MessageActions {
  readonly retry: (eventId: string) => void;
  readonly discard: (eventId: string) => void;
}

export function MessageGroupView({ group, actions }: { group: MessageGroup; actions: MessageActions }): JSX.Element {
  const [first] = group.messages;
  return (
    <article
      class="message-group"
      aria-label={t().timeline.messagesOf(group.senderName)}
      data-testid="message-group"
      data-sender={group.senderId}
    >
      <Avatar id={group.senderId} name={group.senderName} />
      <div class="message-group-text">
        <header class="message-heading">
          <span
            class={`message-sender text-hue-${hueOf(group.senderId)}`}
            title={group.senderId}
            data-testid="message-sender"
          >
            {group.senderName}
          </span>
          {first && <Time atMs={first.atMs} />}
        </header>
        {group.messages.map((message) => (
          <Message key={message.key} message={message} actions={actions} />
        ))}
      </div>
    </article>
  );
}

function Time({ atMs }: { atMs: number }): JSX.Element {
  return (
    <time class="message-time" dateTime={new Date(atMs).toISOString()} title={fullTimeText(atMs)}>
      {timeText(atMs)}
    </time>
  );
}

function Message({ message, actions }: { message: MessageEntry; actions: MessageActions }): JSX.Element {
  return (
    <div
      class={`message message-${message.style} message-${message.delivery}`}
      title={fullTimeText(message.atMs)}
      data-testid="message"
      data-event-id={message.eventId}
      data-delivery={message.delivery}
    >
      <p class="message-body" dir="auto" data-testid="message-body">
        {message.style === "emote" && <span class="message-actor">{message.senderName} </span>}
        {linkParts(message.text).map(({ text, href }) =>
          href === null ? (
            text
          ) : (
            <a href={href} target="_blank" rel="noreferrer noopener">
              {text}
            </a>
          ),
        )}
        {message.isEdited && <small class="message-edited"> {t().timeline.edited}</small>}
      </p>
      {message.delivery === "failed" && <FailedMessage eventId={message.eventId} actions={actions} />}
    </div>
  );
}

function FailedMessage({ eventId, actions }: { eventId: string; actions: MessageActions }): JSX.Element {
  return (
    <div class="message-failure" role="alert" data-testid="message-failed">
      <Icon name="warning" />
      <span>{t().timeline.notSent}</span>
      <button type="button" class="link" onClick={() => actions.retry(eventId)} data-testid="message-retry">
        {t().common.tryAgain}
      </button>
      <button type="button" class="link" onClick={() => actions.discard(eventId)} data-testid="message-discard">
        {t().timeline.delete}
      </button>
    </div>
  );
}
