import type { JSX } from "preact";

import { useMedia } from "../core/media/use-media";
import { t } from "../core/texts";
import { Icon } from "../design/icons";
import { placeOf, type Place } from "../design/floating";
import { isMxc } from "./body";
import type { Reaction } from "./entry";

const longestKey = 24;

interface ReactionsProps {
  reactions: readonly Reaction[];
  onToggle: (reaction: Reaction) => void;
  onAdd: (place: Place) => void;
}

/** Everybody's reactions, most of one kind first as they came; a click joins in or takes the own one back. */
export function Reactions({ reactions, onToggle, onAdd }: ReactionsProps): JSX.Element {
  return (
    <div class="reactions" role="group" aria-label={t().messages.reactions}>
      {reactions.map((reaction) => (
        <button
          key={reaction.key}
          type="button"
          class={`reaction${reaction.ownEventId ? " reaction-own" : ""}`}
          aria-pressed={reaction.ownEventId !== null}
          aria-label={t().messages.reaction(textOf(reaction.key), reaction.count)}
          title={t().messages.reactedWith(reaction.names, reaction.count, textOf(reaction.key))}
          onClick={() => onToggle(reaction)}
          data-testid="reaction"
          data-key={reaction.key}
        >
          <bdi class="reaction-key">
            {isMxc(reaction.key) ? <ReactionImage source={reaction.key} /> : textOf(reaction.key)}
          </bdi>
          <span class="reaction-count" data-testid="reaction-count">
            {reaction.count}
          </span>
        </button>
      ))}
      <button
        type="button"
        class="reaction reaction-add"
        aria-label={t().messages.react}
        title={t().messages.react}
        onClick={(event) => onAdd(placeOf(event.currentTarget))}
        data-testid="reaction-add"
      >
        <Icon name="smile" />
      </button>
    </div>
  );
}

function ReactionImage({ source }: { source: string }): JSX.Element {
  const { url } = useMedia({ source, thumbnail: { width: 32, height: 32, method: "scale" } });
  return url ? <img src={url} alt={t().messages.picture} /> : <>▢</>;
}

function textOf(key: string): string {
  if (isMxc(key)) return t().messages.picture;
  const characters = [...key];
  return characters.length > longestKey ? `${characters.slice(0, longestKey).join("")}…` : key;
}
