import { useEffect, useState } from "preact/hooks";

import { useWorkspace } from "../../core/workspace";
import { completed, queryAt, type CompletionQuery } from "./completion";
import type { ComposerState } from "./state";
import { suggestionsFor, type Suggestion } from "./suggestions";

export interface Completion {
  readonly suggestions: readonly Suggestion[];
  readonly chosen: number;
  /** Where the cursor is after a change of the text. */
  readonly follow: (text: string, cursor: number) => void;
  readonly choose: (step: number) => void;
  /** Puts a suggestion into the text; answers where the cursor belongs. */
  readonly accept: (suggestion?: Suggestion) => number | null;
  readonly dismiss: () => void;
}

/** The list of what could be meant by what is being typed. */
export function useCompletion(state: ComposerState): Completion {
  const { client } = useWorkspace();
  const [query, setQuery] = useState<CompletionQuery | null>(null);
  const [suggestions, setSuggestions] = useState<readonly Suggestion[]>([]);
  const [chosen, setChosen] = useState(0);
  useEffect(() => {
    if (!query) return setSuggestions([]);
    let isCurrent = true;
    suggestionsFor(query, client, state.room).then(
      (found) => {
        if (!isCurrent) return;
        setSuggestions(found);
        setChosen(0);
      },
      () => isCurrent && setSuggestions([]),
    );
    return () => {
      isCurrent = false;
    };
  }, [query?.kind, query?.typed, query?.start]);
  const dismiss = (): void => {
    setQuery(null);
    setSuggestions([]);
  };
  return {
    suggestions,
    chosen,
    follow: (text, cursor) => setQuery(queryAt(text, cursor)),
    choose: (step) => setChosen((chosen + step + suggestions.length) % Math.max(suggestions.length, 1)),
    accept: (suggestion = suggestions[chosen]) => {
      if (!query || !suggestion) return null;
      const { text, cursor } = completed(state.draft.peek().text, query, suggestion.replacement);
      if (suggestion.mention) state.mention(suggestion.mention);
      state.write(text);
      dismiss();
      return cursor;
    },
    dismiss,
  };
}
