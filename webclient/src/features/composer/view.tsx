import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";

import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Icon } from "../../design/icons";
import { ComposerState, isSendKey } from "./state";
import "./composer.css";

interface ComposerProps {
  roomId: string;
  roomName: string;
  /** The user has changed the text. */
  onTyping: (text: string) => void;
  onSent: () => void;
}

export function Composer({ roomId, roomName, onTyping, onSent }: ComposerProps): JSX.Element {
  const { client } = useWorkspace();
  const state = useMemo(() => new ComposerState(client, roomId), [client, roomId]);
  const input = useRef<HTMLTextAreaElement>(null);
  const text = state.draft.value;

  useEffect(() => {
    // On a touch screen focus would raise the keyboard over the room that was just opened.
    if (matchMedia("(pointer: fine)").matches) input.current?.focus();
  }, [state]);
  useLayoutEffect(() => fitHeight(input.current), [text]);

  const send = (): void => {
    if (state.send()) onSent();
    input.current?.focus();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={input}
        class="composer-input"
        rows={1}
        value={text}
        placeholder={t().composer.placeholder(roomName)}
        aria-label={t().composer.placeholder(roomName)}
        data-testid="composer-input"
        onInput={(event) => {
          state.draft.value = event.currentTarget.value;
          onTyping(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (!isSendKey(event)) return;
          event.preventDefault();
          send();
        }}
      />
      <button
        type="submit"
        class="composer-send"
        disabled={text.trim() === ""}
        aria-label={t().composer.send}
        title={t().composer.send}
        data-testid="composer-send"
      >
        <Icon name="send" />
      </button>
    </form>
  );
}

/** Stands where the composer would. */
export function NoComposer({ reason }: { reason: string }): JSX.Element {
  return (
    <p class="no-composer" data-testid="no-composer">
      {reason}
    </p>
  );
}

/** As high as its text; the style sheet holds the limit. */
function fitHeight(input: HTMLTextAreaElement | null): void {
  if (!input) return;
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
}
