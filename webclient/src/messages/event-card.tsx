import type { MatrixEvent, Room } from "matrix-js-sdk";
import type { ComponentChildren, JSX } from "preact";

import { MediaAvatar } from "../core/media/avatar";
import { t } from "../core/texts";
import { bodyOf, summaryOf } from "./body";
import { nameThen } from "./entry";
import { dayText, timeText } from "./text";

interface EventCardProps {
  event: MatrixEvent;
  room: Room;
  /** Above the sender, as the room's name where several rooms are searched. */
  origin?: string;
  onOpen: () => void;
  testId: string;
  /** In place of the message's own words. */
  children?: ComponentChildren;
  action?: ComponentChildren;
}

/** A message out of its place, which a click leads to. */
export function EventCard({ event, room, origin, onOpen, testId, children, action }: EventCardProps): JSX.Element {
  const name = nameThen(event, room);
  const senderId = event.getSender() ?? "";
  return (
    <article class="event-card" data-testid={testId} data-event-id={event.getId()}>
      <MediaAvatar id={senderId} name={name} mxc={event.sender?.getMxcAvatarUrl() ?? null} size="small" />
      <button type="button" class="event-card-main" onClick={onOpen} title={t().messages.goToOriginal}>
        <span class="event-card-heading">
          <bdi class="event-card-name">{name}</bdi>
          <time>
            {dayText(event.getTs(), Date.now())} {timeText(event.getTs())}
          </time>
        </span>
        {origin !== undefined && <bdi class="event-card-origin">{origin}</bdi>}
        <span class="event-card-text" dir="auto">
          {children ?? summaryOf(bodyOf(event), t().messages.kinds)}
        </span>
      </button>
      {action}
    </article>
  );
}
