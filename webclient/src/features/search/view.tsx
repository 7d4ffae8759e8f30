import { KnownMembership, type Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Failure, Spinner } from "../../design/components";
import { Icon } from "../../design/icons";
import { Panel } from "../../design/panel";
import { bodyOf, summaryOf } from "../../messages/body";
import { EventCard } from "../../messages/event-card";
import { markedParts, SearchState, type Hit } from "./state";
import "./search.css";

interface SearchPanelProps {
  room: Room;
  onOpen: (roomId: string, eventId: string) => void;
  onClose: () => void;
}

/** Searches messages in the open room, or everywhere. */
export function SearchPanel({ room, onOpen, onClose }: SearchPanelProps): JSX.Element {
  const { client } = useWorkspace();
  const state = useMemo(() => new SearchState(client), [client]);
  const [typed, setTyped] = useState("");
  const [isEverywhere, setEverywhere] = useState(false);
  const search = (everywhere: boolean): void => void state.search(typed, everywhere ? null : room.roomId);
  const hidden = encryptedNote(room, isEverywhere);
  return (
    <Panel title={t().search.title} onClose={onClose} testId="search-panel">
      <form
        class="search-form"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          search(isEverywhere);
        }}
      >
        <span class="search-input">
          <Icon name="search" />
          <input
            type="search"
            value={typed}
            autofocus
            ref={focusOnce}
            placeholder={t().search.placeholder}
            aria-label={t().search.placeholder}
            onInput={(event) => setTyped(event.currentTarget.value)}
            data-testid="search-input"
          />
        </span>
        <div class="search-scope" role="group" aria-label={t().search.where}>
          {[false, true].map((everywhere) => (
            <button
              key={String(everywhere)}
              type="button"
              class="small"
              aria-pressed={isEverywhere === everywhere}
              onClick={() => {
                setEverywhere(everywhere);
                search(everywhere);
              }}
              data-testid={everywhere ? "search-everywhere" : "search-here"}
            >
              {everywhere ? t().search.everywhere : t().search.here}
            </button>
          ))}
        </div>
      </form>
      {hidden !== null && (
        <p class="search-note" data-testid="search-encrypted">
          {hidden}
        </p>
      )}
      <Results state={state} isEverywhere={isEverywhere} onOpen={onOpen} />
    </Panel>
  );
}

const focused = new WeakSet<HTMLElement>();

function focusOnce(input: HTMLInputElement | null): void {
  if (!input || focused.has(input)) return;
  focused.add(input);
  input.focus();
}

/** What the search leaves out, for the server cannot read it. */
function encryptedNote(room: Room, isEverywhere: boolean): string | null {
  if (!isEverywhere) return room.hasEncryptionStateEvent() ? t().search.encryptedHere : null;
  const joined = room.client.getRooms().filter((each) => each.getMyMembership() === KnownMembership.Join);
  const count = joined.filter((each) => each.hasEncryptionStateEvent()).length;
  return count > 0 ? t().search.encryptedElsewhere(count) : null;
}

interface ResultsProps {
  state: SearchState;
  isEverywhere: boolean;
  onOpen: (roomId: string, eventId: string) => void;
}

function Results({ state, isEverywhere, onOpen }: ResultsProps): JSX.Element {
  const count = state.count.value;
  return (
    <div class="panel-body" aria-live="polite" data-testid="search-results">
      <Failure sentence={state.searching.failure.value} testId="search-error" />
      {count !== null && <p class="search-count">{t().search.found(count)}</p>}
      {state.hits.value.map((hit) => (
        <HitCard key={hit.event.getId()} hit={hit} words={state.words.value} hasOrigin={isEverywhere} onOpen={onOpen} />
      ))}
      {state.searching.isRunning.value && <Spinner label={t().search.searching} />}
      {state.hasMore.value && !state.searching.isRunning.value && (
        <button type="button" class="small" onClick={() => void state.loadMore()} data-testid="search-more">
          {t().threads.more}
        </button>
      )}
    </div>
  );
}

interface HitCardProps {
  hit: Hit;
  words: readonly string[];
  hasOrigin: boolean;
  onOpen: (roomId: string, eventId: string) => void;
}

function HitCard({ hit, words, hasOrigin, onOpen }: HitCardProps): JSX.Element {
  const { event, room } = hit;
  const text = summaryOf(bodyOf(event), t().messages.kinds);
  return (
    <EventCard
      event={event}
      room={room}
      {...(hasOrigin && { origin: room.name })}
      onOpen={() => onOpen(room.roomId, event.getId() ?? "")}
      testId="search-hit"
    >
      {markedParts(text, words).map(({ text: part, isMarked }) => (isMarked ? <mark>{part}</mark> : part))}
    </EventCard>
  );
}
