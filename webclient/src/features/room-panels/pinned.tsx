import { RoomStateEvent, type Room } from "matrix-js-sdk";
import type { JSX } from "preact";

import { useOwned } from "../../core/owned";
import { Projection, source } from "../../core/projection";
import { t } from "../../core/texts";
import { IconButton } from "../../design/components";
import { Panel } from "../../design/panel";
import { pinnedSet } from "../../messages/entry";
import { EventCard } from "../../messages/event-card";
import { useEvent } from "../../messages/reply-quote";

interface PinnedPanelProps {
  room: Room;
  onOpen: (eventId: string) => void;
  /** Null where the user may not change the pins. */
  onUnpin: ((eventId: string) => void) | null;
  onClose: () => void;
}

/** The pinned messages, the newest pin first. */
export function PinnedPanel({ room, onOpen, onUnpin, onClose }: PinnedPanelProps): JSX.Element {
  const pinned = useOwned(
    () => new Projection(() => [...pinnedSet(room)].reverse(), [source(room, RoomStateEvent.Events)]),
    [room],
  );
  const ids = pinned.value.value;
  return (
    <Panel title={t().panels.pinned} onClose={onClose} testId="pinned-panel">
      <div class="panel-body">
        {ids.length === 0 && <p class="panel-note">{t().panels.noPins}</p>}
        {ids.map((eventId) => (
          <Pinned key={eventId} room={room} eventId={eventId} onOpen={onOpen} onUnpin={onUnpin} />
        ))}
      </div>
    </Panel>
  );
}

type PinnedProps = Omit<PinnedPanelProps, "onClose"> & { eventId: string };

function Pinned({ room, eventId, onOpen, onUnpin }: PinnedProps): JSX.Element {
  const event = useEvent(room, eventId);
  const unpin = onUnpin && (
    <IconButton icon="close" label={t().messages.unpin} onClick={() => onUnpin(eventId)} testId="pinned-unpin" />
  );
  if (event) return <EventCard event={event} room={room} onOpen={() => onOpen(eventId)} testId="pinned" action={unpin} />;
  return (
    <div class="event-card">
      <span class="event-card-main panel-note">{event === null ? t().messages.originalMissing : "…"}</span>
      {unpin}
    </div>
  );
}
