import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Dialog, Failure, Field } from "../../design/components";
import { JoinRoomState } from "./state";

interface JoinRoomFormProps {
  /** What to join, when the user does not have to type it. */
  room?: string;
  onJoined: (roomId: string) => void;
}

export function JoinRoomForm({ room: given, onJoined }: JoinRoomFormProps): JSX.Element {
  const { client } = useWorkspace();
  const state = useMemo(() => new JoinRoomState(client), [client]);
  const [room, setRoom] = useState("");
  const [via, setVia] = useState("");

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const roomId = await state.join(given ?? room, via);
    if (roomId) onJoined(roomId);
  };

  return (
    <form class="dialog-form" onSubmit={(event) => void submit(event)} data-testid="join-room-form">
      {given === undefined && (
        <Field
          label={t().joinRoom.target}
          value={room}
          onValue={setRoom}
          hasFocus
          placeholder="#room:example.org"
          testId="join-room-target"
        />
      )}
      <Field
        label={t().joinRoom.via}
        value={via}
        onValue={setVia}
        placeholder="example.org"
        hint={t().joinRoom.viaHint}
        isOptional
        testId="join-room-via"
      />
      <Failure sentence={state.task.failure.value} testId="join-room-error" />
      <button type="submit" class="primary" disabled={state.task.isRunning.value} data-testid="join-room-submit">
        {state.task.isRunning.value ? t().joinRoom.joining : t().joinRoom.join}
      </button>
    </form>
  );
}

interface JoinRoomDialogProps {
  onClose: () => void;
  onJoined: (roomId: string) => void;
}

export function JoinRoomDialog({ onClose, onJoined }: JoinRoomDialogProps): JSX.Element {
  return (
    <Dialog title={t().joinRoom.title} onClose={onClose} testId="join-room-dialog">
      <JoinRoomForm onJoined={onJoined} />
    </Dialog>
  );
}
