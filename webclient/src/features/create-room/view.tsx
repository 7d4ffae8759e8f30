import type { JSX } from "preact";
import { useId, useMemo, useState } from "preact/hooks";

import { useWorkspace } from "../../core/workspace";
import { Dialog, Failure, Field } from "../../design/components";
import { CreateRoomState, suggestedAlias } from "./state";

interface CreateRoomDialogProps {
  onClose: () => void;
  onCreated: (roomId: string) => void;
}

export function CreateRoomDialog({ onClose, onCreated }: CreateRoomDialogProps): JSX.Element {
  const { client, userId } = useWorkspace();
  const state = useMemo(() => new CreateRoomState(client), [client]);
  const [name, setName] = useState("");
  const [topic, setTopic] = useState("");
  const [isPublic, setPublic] = useState(false);
  const [typedAlias, setTypedAlias] = useState<string | null>(null);
  const aliasLocalpart = typedAlias ?? suggestedAlias(name);
  const serverName = userId.replace(/^[^:]*:/, "");

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const roomId = await state.create({ name, topic, isPublic, aliasLocalpart });
    if (roomId) onCreated(roomId);
  };

  return (
    <Dialog title="Create a room" onClose={onClose} testId="create-room-dialog">
      <form class="dialog-form" onSubmit={(event) => void submit(event)}>
        <Field label="Name" value={name} onValue={setName} hasFocus isProse testId="create-room-name" />
        <Field
          label="Topic (optional)"
          value={topic}
          onValue={setTopic}
          isProse
          isOptional
          testId="create-room-topic"
        />
        <AccessChoice isPublic={isPublic} onPublic={setPublic} />
        {isPublic && (
          <Field
            label="Address"
            value={aliasLocalpart}
            onValue={setTypedAlias}
            hint={`#${aliasLocalpart}:${serverName}`}
            testId="create-room-alias"
          />
        )}
        <Failure sentence={state.task.failure.value} testId="create-room-error" />
        <button type="submit" class="primary" disabled={state.task.isRunning.value} data-testid="create-room-submit">
          {state.task.isRunning.value ? "Creating…" : "Create room"}
        </button>
      </form>
    </Dialog>
  );
}

function AccessChoice({
  isPublic,
  onPublic,
}: {
  isPublic: boolean;
  onPublic: (isPublic: boolean) => void;
}): JSX.Element {
  const group = useId();
  const choices = [
    { value: false, title: "Private", hint: "Only people who are invited can join.", testId: "create-room-private" },
    { value: true, title: "Public", hint: "Anybody can find it and join.", testId: "create-room-public" },
  ];
  return (
    <fieldset class="choices">
      <legend>Who can join</legend>
      {choices.map(({ value, title, hint, testId }) => (
        <label key={testId} class="choice">
          <input
            type="radio"
            name={group}
            checked={isPublic === value}
            onChange={() => onPublic(value)}
            data-testid={testId}
          />
          <span>
            <strong>{title}</strong>
            <small>{hint}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
