import type { Room } from "matrix-js-sdk";
import type { JSX } from "preact";

import { useOwned } from "../../core/owned";
import { useWorkspace } from "../../core/workspace";
import { TypingWatch, typingSentence } from "./state";
import "./typing.css";

/** Keeps its line while nobody types, so that the timeline above does not move. */
export function TypingLine({ room }: { room: Room }): JSX.Element {
  const { client } = useWorkspace();
  const watch = useOwned(() => new TypingWatch(client, room), [client, room]);
  const sentence = typingSentence(watch.names);
  return (
    <p class="typing" role="status" data-testid="typing">
      {sentence && (
        <span class="typing-dots" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
      )}
      {sentence}
    </p>
  );
}
