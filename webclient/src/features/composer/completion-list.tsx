import type { JSX } from "preact";

import { MediaAvatar } from "../../core/media/avatar";
import { t } from "../../core/texts";
import type { Suggestion } from "./suggestions";
import type { Completion } from "./use-completion";

interface CompletionListProps {
  id: string;
  completion: Completion;
  onAccept: (suggestion: Suggestion) => void;
}

/** Above the composer: what could be meant. The focus stays in the text. */
export function CompletionList({ id, completion, onAccept }: CompletionListProps): JSX.Element | null {
  if (completion.suggestions.length === 0) return null;
  return (
    <ul id={id} class="completion" role="listbox" tabIndex={0} aria-label={t().composer.suggestions} data-testid="completion">
      {completion.suggestions.map((suggestion, index) => (
        <li
          key={suggestion.key}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === completion.chosen}
          class="completion-item"
          ref={(element) => {
            if (index === completion.chosen) element?.scrollIntoView({ block: "nearest" });
          }}
          onMouseDown={(event) => {
            event.preventDefault();
            onAccept(suggestion);
          }}
          data-testid="completion-item"
        >
          <Picture suggestion={suggestion} />
          <bdi class="completion-title">{suggestion.title}</bdi>
          <bdi class="completion-note">{suggestion.note}</bdi>
        </li>
      ))}
    </ul>
  );
}

function Picture({ suggestion: { picture, title } }: { suggestion: Suggestion }): JSX.Element | null {
  if (picture === null) return null;
  if ("emoji" in picture) return <span class="completion-emoji">{picture.emoji}</span>;
  return <MediaAvatar id={picture.id} name={title} mxc={picture.mxc} size="small" />;
}
