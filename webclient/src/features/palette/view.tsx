import type { JSX } from "preact";
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";

import { MediaAvatar } from "../../core/media/avatar";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Icon } from "../../design/icons";
import { allRooms, entriesFor, findPeople, type PaletteCommand, type PaletteEntry, type PalettePerson } from "./state";
import "./palette.css";

interface PaletteProps {
  commands: readonly PaletteCommand[];
  onRoom: (roomId: string) => void;
  onPerson: (userId: string) => void;
  onClose: () => void;
}

const typingPauseMs = 200;

/** Goes anywhere by its name: rooms, people, commands. */
export function Palette({ commands, onRoom, onPerson, onClose }: PaletteProps): JSX.Element {
  const { client } = useWorkspace();
  const element = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const rooms = useMemo(() => allRooms(client), [client]);
  const people = usePeople(typed);
  const listId = useId();
  const entries = useMemo(() => entriesFor(typed, rooms, people, commands), [typed, rooms, people, commands]);
  useEffect(() => element.current?.showModal(), []);
  useEffect(() => setChosen(0), [typed]);

  const run = (entry: PaletteEntry | undefined): void => {
    if (!entry) return;
    onClose();
    if (entry.kind === "room") onRoom(entry.id);
    else if (entry.kind === "person") onPerson(entry.id);
    else entry.run();
  };
  const onKey = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (step !== undefined && entries.length > 0) setChosen((chosen + step + entries.length) % entries.length);
    else if (event.key === "Enter" && !event.isComposing) run(entries[chosen]);
    else return;
    event.preventDefault();
  };

  return (
    <dialog
      ref={element}
      class="palette"
      aria-label={t().palette.title}
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && element.current?.close()}
      data-testid="palette"
    >
      <div class="palette-box">
        <div class="palette-input">
          <Icon name="search" />
          <input
            type="text"
            role="combobox"
            aria-expanded="true"
            aria-controls={listId}
            aria-activedescendant={entries.length > 0 ? `${listId}-${chosen}` : undefined}
            aria-label={t().palette.title}
            placeholder={t().palette.placeholder}
            value={typed}
            autofocus
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setTyped(event.currentTarget.value)}
            onKeyDown={onKey}
            data-testid="palette-input"
          />
        </div>
        <ul id={listId} class="palette-list" role="listbox" aria-label={t().palette.title}>
          {entries.map((entry, index) => (
            <Entry
              key={`${entry.kind} ${entry.id}`}
              id={`${listId}-${index}`}
              entry={entry}
              isChosen={index === chosen}
              onRun={() => run(entry)}
            />
          ))}
        </ul>
        {entries.length === 0 && <p class="panel-note">{t().palette.none}</p>}
      </div>
    </dialog>
  );
}

interface EntryProps {
  id: string;
  entry: PaletteEntry;
  isChosen: boolean;
  onRun: () => void;
}

function Entry({ id, entry, isChosen, onRun }: EntryProps): JSX.Element {
  return (
    <li
      id={id}
      class="palette-entry"
      role="option"
      aria-selected={isChosen}
      ref={(element) => {
        if (isChosen) element?.scrollIntoView({ block: "nearest" });
      }}
      onClick={onRun}
      data-testid="palette-entry"
      data-kind={entry.kind}
    >
      {entry.kind === "command" ? (
        <span class="palette-icon">
          <Icon name={entry.icon} />
        </span>
      ) : (
        <MediaAvatar id={entry.id} name={entry.name} mxc={entry.picture} size="small" />
      )}
      <bdi class="palette-name">{entry.name}</bdi>
      {entry.kind !== "command" && <bdi class="palette-note">{entry.note}</bdi>}
      {entry.kind === "room" && entry.unread > 0 && <span class="badge">{entry.unread}</span>}
    </li>
  );
}

/** People by what is typed, once the typing pauses; without an answer there are none. */
function usePeople(typed: string): readonly PalettePerson[] {
  const { client } = useWorkspace();
  const [people, setPeople] = useState<readonly PalettePerson[]>([]);
  useEffect(() => {
    setPeople([]);
    if (typed.trim().length < 2 || typed.startsWith(">")) return undefined;
    let isCurrent = true;
    const later = setTimeout(() => {
      findPeople(client, typed.trim()).then(
        (found) => isCurrent && setPeople(found),
        () => undefined,
      );
    }, typingPauseMs);
    return () => {
      isCurrent = false;
      clearTimeout(later);
    };
  }, [client, typed]);
  return people;
}
