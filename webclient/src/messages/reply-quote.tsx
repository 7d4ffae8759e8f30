import { MatrixEventEvent, type MatrixEvent, type Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { Avatar } from "../design/components";
import { hueOf } from "../design/avatar";
import { bodyOf, summaryOf } from "./body";
import { nameThen } from "./entry";

interface ReplyQuoteProps {
  room: Room;
  eventId: string;
  onOpen: (eventId: string) => void;
}

/** What a message answers, in one line that leads there. It keeps its height while it is fetched. */
export function ReplyQuote({ room, eventId, onOpen }: ReplyQuoteProps): JSX.Element {
  const event = useEvent(room, eventId);
  const name = event ? nameThen(event, room) : "";
  const senderId = event?.getSender() ?? "";
  return (
    <button
      type="button"
      class="reply-quote"
      onClick={() => onOpen(eventId)}
      title={t().messages.goToOriginal}
      data-testid="reply-quote"
      data-event-id={eventId}
    >
      {event && (
        <>
          <Avatar id={senderId} name={name} size="small" />
          <bdi class={`reply-name text-hue-${hueOf(senderId)}`}>{name}</bdi>
        </>
      )}
      <span class="reply-text" dir="auto" data-testid="reply-text">
        {event ? summaryOf(bodyOf(event), t().messages.kinds) : event === undefined ? "…" : t().messages.originalMissing}
      </span>
    </button>
  );
}

/** An event of a room, fetched if need be: undefined while it is, null if there is none for us. */
export function useEvent(room: Room, eventId: string): MatrixEvent | null | undefined {
  const { client } = useWorkspace();
  const [event, setEvent] = useState<MatrixEvent | null | undefined>(() => room.findEventById(eventId));
  const [, redraw] = useState(0);
  useEffect(() => {
    const known = room.findEventById(eventId);
    setEvent(known);
    if (known) return undefined;
    let isCurrent = true;
    fetchEvent(room, eventId).then(
      (fetched) => isCurrent && setEvent(fetched),
      () => isCurrent && setEvent(null),
    );
    return () => {
      isCurrent = false;
    };
  }, [client, room, eventId]);
  useEffect(() => {
    const changed = (): void => redraw((count) => count + 1);
    const names = [MatrixEventEvent.Replaced, MatrixEventEvent.Decrypted, MatrixEventEvent.BeforeRedaction] as const;
    for (const name of names) event?.on(name, changed);
    return () => {
      for (const name of names) event?.off(name, changed);
    };
  }, [event]);
  return event;
}

/** Fetches an event from the server, decrypted if that is possible. */
export async function fetchEvent(room: Room, eventId: string): Promise<MatrixEvent> {
  const { client } = room;
  const event = client.getEventMapper()(await client.fetchRoomEvent(room.roomId, eventId));
  event.setMetadata(room.currentState, false);
  await client.decryptEventIfNeeded(event).catch(() => undefined);
  return event;
}
