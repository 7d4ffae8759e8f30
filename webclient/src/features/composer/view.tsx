import type { JSX } from "preact";
import { useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";

import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Failure, IconButton } from "../../design/components";
import { placeOf } from "../../design/floating";
import { Icon } from "../../design/icons";
import { openEmojiPicker } from "../../emoji/open";
import { CompletionList } from "./completion-list";
import "./composer.css";
import { inserted, marked, type Selection } from "./editing";
import { ReplyBar } from "./reply-bar";
import { isSendKey, type ComposerState } from "./state";
import type { Suggestion } from "./suggestions";
import { UploadList } from "./upload-list";
import { useCompletion, type Completion } from "./use-completion";

interface ComposerProps {
  state: ComposerState;
  placeholder: string;
  /** The user has changed the text. */
  onTyping: (text: string) => void;
  onSent: () => void;
  onPoll: () => void;
}

export function Composer({ state, placeholder, onTyping, onSent, onPoll }: ComposerProps): JSX.Element {
  const { dialogs } = useWorkspace();
  const input = useRef<HTMLTextAreaElement>(null);
  const listId = useId();
  const completion = useCompletion(state);
  const { text, editing } = state.draft.value;
  const isEmpty = text.trim() === "" && !state.uploads.hasStaged;
  useFocus(state, input);
  useLayoutEffect(() => fitHeight(input.current), [text]);

  const write = ({ text, start, end }: Selection): void => {
    state.write(text);
    onTyping(text);
    // The cursor can be put only where the new text is already drawn.
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(start, end);
    });
  };
  const accept = (suggestion?: Suggestion): void => {
    const cursor = completion.accept(suggestion);
    if (cursor !== null) write({ text: state.draft.peek().text, start: cursor, end: cursor });
  };
  const send = async (): Promise<void> => {
    completion.dismiss();
    if (await state.send()) onSent();
    input.current?.focus();
  };
  const pick = (character: string): void => write(inserted(selectionOf(input.current, text), character));

  return (
    <form
      class="composer-area"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <CompletionList id={listId} completion={completion} onAccept={accept} />
      <ReplyBar state={state} />
      <UploadList uploads={state.uploads} />
      <Failure sentence={state.failure.value} testId="composer-error" />
      <div class="composer">
        {editing === null && <AttachButtons state={state} onPoll={onPoll} />}
        <textarea
          ref={input}
          class="composer-input"
          rows={1}
          value={text}
          placeholder={placeholder}
          aria-label={placeholder}
          aria-autocomplete="list"
          aria-controls={completion.suggestions.length > 0 ? listId : undefined}
          aria-activedescendant={completion.suggestions.length > 0 ? `${listId}-${completion.chosen}` : undefined}
          dir="auto"
          data-testid="composer-input"
          onInput={(event) => {
            const { value, selectionStart } = event.currentTarget;
            state.write(value);
            onTyping(value);
            completion.follow(value, selectionStart);
          }}
          onPaste={(event) => {
            const files = [...(event.clipboardData?.files ?? [])];
            if (files.length === 0) return;
            event.preventDefault();
            state.uploads.stage(files);
          }}
          onKeyDown={(event) => onKey(event, { state, completion, accept, write, send })}
          onBlur={completion.dismiss}
        />
        <button
          type="button"
          class="icon-button composer-button"
          aria-label={t().emoji.title}
          title={t().emoji.title}
          onClick={(event) => openEmojiPicker(dialogs, placeOf(event.currentTarget), pick)}
          data-testid="composer-emoji"
        >
          <Icon name="smile" />
        </button>
        <button
          type="submit"
          class="composer-send"
          disabled={isEmpty || state.isBusy.value}
          aria-label={t().composer.send}
          title={t().composer.send}
          data-testid="composer-send"
        >
          <Icon name={editing === null ? "send" : "check"} />
        </button>
      </div>
    </form>
  );
}

interface KeyContext {
  readonly state: ComposerState;
  readonly completion: Completion;
  readonly accept: () => void;
  readonly write: (selection: Selection) => void;
  readonly send: () => Promise<void>;
}

type InputKey = KeyboardEvent & { currentTarget: HTMLTextAreaElement };

function onKey(event: InputKey, context: KeyContext): void {
  const isHandled = onCompletionKey(event, context) || onWritingKey(event, context);
  if (isHandled) event.preventDefault();
}

function onCompletionKey(event: InputKey, { completion, accept }: KeyContext): boolean {
  if (completion.suggestions.length === 0 || event.isComposing) return false;
  switch (event.key) {
    case "ArrowDown":
    case "ArrowUp":
      completion.choose(event.key === "ArrowDown" ? 1 : -1);
      return true;
    case "Enter":
    case "Tab":
      if (event.shiftKey) return false;
      accept();
      return true;
    case "Escape":
      completion.dismiss();
      return true;
    default:
      return false;
  }
}

function onWritingKey(event: InputKey, { state, write, send }: KeyContext): boolean {
  const { text, editing, replyTo } = state.draft.peek();
  // On a touch screen the keyboard has no Shift+Enter: there Enter is a new line, and a button sends.
  if (isSendKey(event) && !matchMedia("(pointer: coarse)").matches) {
    void send();
    return true;
  }
  if (event.key === "ArrowUp" && text === "" && !event.shiftKey) return state.editLast();
  if (event.key === "Escape" && (editing !== null || replyTo !== null)) {
    state.cancel();
    return true;
  }
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return false;
  const changed = marked(selectionOf(event.currentTarget, text), event.key);
  if (changed) write(changed);
  return changed !== null;
}

function selectionOf(input: HTMLTextAreaElement | null, text: string): Selection {
  return { text, start: input?.selectionStart ?? text.length, end: input?.selectionEnd ?? text.length };
}

function AttachButtons({ state, onPoll }: { state: ComposerState; onPoll: () => void }): JSX.Element {
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={chooser}
        class="visually-hidden"
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          state.uploads.stage(event.currentTarget.files ?? []);
          event.currentTarget.value = "";
          state.focusWanted.value++;
        }}
        data-testid="composer-file"
      />
      <span class="composer-button">
        <IconButton icon="attach" label={t().composer.attach} onClick={() => chooser.current?.click()} testId="composer-attach" />
      </span>
      <span class="composer-button">
        <IconButton icon="poll" label={t().polls.create} onClick={onPoll} testId="composer-poll" />
      </span>
    </>
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

function useFocus(state: ComposerState, input: { readonly current: HTMLTextAreaElement | null }): void {
  const wanted = state.focusWanted.value;
  useEffect(() => {
    // On a touch screen focus would raise the keyboard over the room that was just opened.
    if (wanted > 0 || !matchMedia("(pointer: coarse)").matches) input.current?.focus();
    const end = state.draft.peek().text.length;
    input.current?.setSelectionRange(end, end);
  }, [state, wanted]);
}

/** As high as its text; the style sheet holds the limit. */
function fitHeight(input: HTMLTextAreaElement | null): void {
  if (!input) return;
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
}
