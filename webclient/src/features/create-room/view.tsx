import type { JSX } from "preact";
import { useId, useMemo, useState } from "preact/hooks";

import { t } from "../../core/texts";
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
  const [isEncrypted, setEncrypted] = useState(true);
  const [typedAlias, setTypedAlias] = useState<string | null>(null);
  const aliasLocalpart = typedAlias ?? suggestedAlias(name);
  const serverName = userId.replace(/^[^:]*:/, "");

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const roomId = await state.create({ name, topic, isPublic, isEncrypted, aliasLocalpart });
    if (roomId) onCreated(roomId);
  };

  return (
    <Dialog title={t().createRoom.title} onClose={onClose} testId="create-room-dialog">
      <form class="dialog-form" onSubmit={(event) => void submit(event)}>
        <Field label={t().createRoom.name} value={name} onValue={setName} hasFocus isProse testId="create-room-name" />
        <Field
          label={t().createRoom.topic}
          value={topic}
          onValue={setTopic}
          isProse
          isOptional
          testId="create-room-topic"
        />
        <AccessChoice isPublic={isPublic} onPublic={setPublic} />
        {!isPublic && (
          <label class="check">
            <input
              type="checkbox"
              checked={isEncrypted}
              onChange={(event) => setEncrypted(event.currentTarget.checked)}
              data-testid="create-room-encrypted"
            />
            <span>
              {t().createRoom.encrypted}
              <small class="hint">{t().createRoom.encryptedHint}</small>
            </span>
          </label>
        )}
        {isPublic && (
          <Field
            label={t().createRoom.address}
            value={aliasLocalpart}
            onValue={setTypedAlias}
            hint={`#${aliasLocalpart}:${serverName}`}
            testId="create-room-alias"
          />
        )}
        <Failure sentence={state.task.failure.value} testId="create-room-error" />
        <button type="submit" class="primary" disabled={state.task.isRunning.value} data-testid="create-room-submit">
          {state.task.isRunning.value ? t().createRoom.creating : t().createRoom.create}
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
    { value: false, title: t().createRoom.private, hint: t().createRoom.privateHint, testId: "create-room-private" },
    { value: true, title: t().createRoom.public, hint: t().createRoom.publicHint, testId: "create-room-public" },
  ];
  return (
    <fieldset class="choices">
      <legend>{t().createRoom.access}</legend>
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
