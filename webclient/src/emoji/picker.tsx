import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { Failure, Spinner } from "../design/components";
import { Floating, type Place } from "../design/floating";
import { emojiGroups, loadEmoji, searchEmoji, type Emoji, type EmojiTable } from "./data";
import "./picker.css";
import { recentEmoji, rememberEmoji } from "./recent";

interface EmojiPickerProps {
  place: Place;
  onPick: (character: string) => void;
  onClose: () => void;
}

const groupSigns: Readonly<Record<number, string>> = {
  0: "😀",
  1: "👋",
  3: "🐻",
  4: "🍎",
  5: "✈️",
  6: "⚽️",
  7: "💡",
  8: "🔣",
  9: "🏁",
};

/** All emoji, by group or by what is typed. Arrow keys move among them. */
export function EmojiPicker({ place, onPick, onClose }: EmojiPickerProps): JSX.Element {
  const [table, setTable] = useState<EmojiTable | null>(null);
  const [hasFailed, setFailed] = useState(false);
  const [typed, setTyped] = useState("");
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => void loadEmoji().then(setTable, () => setFailed(true)), []);
  const { userId } = useWorkspace();
  const pick = (character: string): void => {
    rememberEmoji(userId, character);
    onPick(character);
  };
  const found = useMemo(() => (table && typed.trim() ? searchEmoji(table, typed, 80) : null), [table, typed]);
  return (
    <Floating place={place} onClose={onClose} testId="emoji-picker" label={t().emoji.title}>
      <div class="emoji-picker" onKeyDown={(event) => moveInGrid(event, list.current)}>
        <input
          class="emoji-search"
          type="search"
          value={typed}
          autofocus
          placeholder={t().emoji.search}
          aria-label={t().emoji.search}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && found?.[0]) pick(found[0].character);
          }}
          data-testid="emoji-search"
        />
        <GroupBar list={list} />
        <div ref={list} class="emoji-list" data-testid="emoji-list">
          {!table && !hasFailed && <Spinner label={t().common.loading} />}
          <Failure sentence={hasFailed ? t().failures.unreachable : null} testId="emoji-error" />
          {table && (found ? <Found emoji={found} onPick={pick} /> : <Groups table={table} onPick={pick} />)}
        </div>
      </div>
    </Floating>
  );
}

function GroupBar({ list }: { list: { readonly current: HTMLElement | null } }): JSX.Element {
  const show = (group: number): void => {
    list.current?.querySelector(`[data-group="${group}"]`)?.scrollIntoView({ block: "start" });
  };
  return (
    <div class="emoji-groups">
      {emojiGroups.map((group) => (
        <button
          key={group}
          type="button"
          class="emoji-button"
          title={t().emoji.groups[group]}
          aria-label={t().emoji.groups[group]}
          onClick={() => show(group)}
        >
          {groupSigns[group]}
        </button>
      ))}
    </div>
  );
}

type OnPick = (character: string) => void;

function Found({ emoji, onPick }: { emoji: readonly Emoji[]; onPick: OnPick }): JSX.Element {
  if (emoji.length === 0) return <p class="emoji-none">{t().emoji.none}</p>;
  return <Grid emoji={emoji} onPick={onPick} />;
}

function Groups({ table, onPick }: { table: EmojiTable; onPick: OnPick }): JSX.Element {
  const { userId } = useWorkspace();
  const recent = recentEmoji(userId).map((character) => ({ character, label: character }));
  return (
    <>
      <section>
        <h3 class="section-title">{t().emoji.recent}</h3>
        <Grid emoji={recent} onPick={onPick} />
      </section>
      {emojiGroups.map((group) => (
        <section key={group} data-group={group}>
          <h3 class="section-title">{t().emoji.groups[group]}</h3>
          <Grid emoji={table.emoji.filter((each) => each.group === group)} onPick={onPick} />
        </section>
      ))}
    </>
  );
}

function Grid({ emoji, onPick }: { emoji: readonly Pick<Emoji, "character" | "label">[]; onPick: OnPick }): JSX.Element {
  return (
    <div class="emoji-grid">
      {emoji.map(({ character, label }) => (
        <button
          key={character}
          type="button"
          class="emoji-button"
          title={label}
          aria-label={label}
          onClick={() => onPick(character)}
          data-testid="emoji"
        >
          {character}
        </button>
      ))}
    </div>
  );
}

const columns = 9;

function moveInGrid(event: KeyboardEvent, list: HTMLElement | null): void {
  const steps: Readonly<Record<string, number>> = { ArrowDown: columns, ArrowUp: -columns, ArrowLeft: -1, ArrowRight: 1 };
  const step = steps[event.key];
  if (step === undefined || !list) return;
  const isTyping = event.target instanceof HTMLInputElement;
  if (isTyping && event.key !== "ArrowDown") return;
  const all = [...list.querySelectorAll<HTMLElement>(".emoji-button")];
  const at = all.indexOf(document.activeElement as HTMLElement);
  event.preventDefault();
  if (at < 0) return all[0]?.focus();
  if (at + step < 0) return void list.parentElement?.querySelector("input")?.focus();
  all[at + step]?.focus();
}
