import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { MediaAvatar } from "../../core/media/avatar";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Dialog, Failure, Field, Spinner } from "../../design/components";
import { DirectChatState } from "./state";
import "./direct-chat.css";

interface DirectChatDialogProps {
  onClose: () => void;
  onOpened: (roomId: string) => void;
}

/** Finds somebody to write to. */
export function DirectChatDialog({ onClose, onOpened }: DirectChatDialogProps): JSX.Element {
  const { client } = useWorkspace();
  const state = useMemo(() => new DirectChatState(client), [client]);
  const [typed, setTyped] = useState("");
  useEffect(() => state.search(typed), [state, typed]);
  const open = async (userId: string): Promise<void> => {
    const roomId = await state.open(userId);
    if (roomId) onOpened(roomId);
  };
  const { people } = state;
  return (
    <Dialog title={t().directChat.title} onClose={onClose} testId="direct-chat-dialog">
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          const [first] = people.value;
          if (first) void open(first.userId);
        }}
      >
        <Field
          label={t().directChat.search}
          value={typed}
          onValue={setTyped}
          hasFocus
          isOptional
          hint={t().directChat.searchHint}
          testId="direct-chat-search"
        />
        <Failure sentence={state.task.failure.value} testId="direct-chat-error" />
        {state.task.isRunning.value && <Spinner label={t().directChat.opening} />}
        <ul class="people" data-testid="direct-chat-people">
          {people.value.map(({ userId, name, picture }) => (
            <li key={userId}>
              <button
                type="button"
                class="person"
                disabled={state.task.isRunning.value}
                onClick={() => void open(userId)}
                data-testid="direct-chat-person"
                data-user-id={userId}
              >
                <MediaAvatar id={userId} name={name} mxc={picture} size="small" />
                <span>
                  <strong>{name}</strong>
                  <small>{userId}</small>
                </span>
              </button>
            </li>
          ))}
        </ul>
        {typed.trim() !== "" && people.value.length === 0 && !state.isSearching.value && (
          <p class="hint">{t().directChat.nobody}</p>
        )}
      </form>
    </Dialog>
  );
}
