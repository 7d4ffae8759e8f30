import type { JSX } from "preact";

import { MediaAvatar } from "../../core/media/avatar";
import { t } from "../../core/texts";
import { Icon } from "../../design/icons";
import type { Space, SpacesState } from "./state";
import "./spaces.css";

/** The spaces as a strip beside the rooms; nothing while there are none. */
export function SpaceBar({ state, onExplore }: { state: SpacesState; onExplore: (space: Space) => void }): JSX.Element | null {
  const { spaces } = state;
  const chosen = state.chosen.value;
  if (spaces.length === 0) return null;
  return (
    <nav class="space-bar" aria-label={t().spaces.title} data-testid="space-bar">
      <button
        type="button"
        class="space-button"
        aria-pressed={chosen === null}
        aria-label={t().spaces.all}
        title={t().spaces.all}
        onClick={() => state.choose(null)}
        data-testid="space-all"
      >
        <span class="space-home">
          <Icon name="home" />
        </span>
      </button>
      {spaces.map((space) => (
        <button
          key={space.roomId}
          type="button"
          class={`space-button${space.depth > 0 ? " space-button-nested" : ""}`}
          aria-pressed={chosen === space.roomId}
          aria-label={space.unread > 0 ? t().spaces.withUnread(space.name, space.unread) : space.name}
          title={space.name}
          onClick={() => state.choose(space.roomId)}
          onDblClick={() => onExplore(space)}
          data-testid="space"
          data-room-id={space.roomId}
        >
          <MediaAvatar id={space.roomId} name={space.name} mxc={space.picture} size={space.depth > 0 ? "small" : "medium"} />
          {space.unread > 0 && <span class={`space-unread${space.highlights > 0 ? " space-unread-highlight" : ""}`} />}
        </button>
      ))}
    </nav>
  );
}
