import { Direction, type Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useId, useMemo, useState } from "preact/hooks";

import { Task } from "../../core/task";
import { t } from "../../core/texts";
import { Dialog, Failure } from "../../design/components";

interface DateDialogProps {
  room: Room;
  onFound: (eventId: string) => void;
  onClose: () => void;
}

/** Asks for a day and finds its first message. https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event */
export function DateDialog({ room, onFound, onClose }: DateDialogProps): JSX.Element {
  const [date, setDate] = useState("");
  const task = useMemo(() => new Task(), []);
  const id = useId();
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const dayMs = new Date(`${date}T00:00:00`).getTime();
    const found = await task.run(() => room.client.timestampToEvent(room.roomId, dayMs, Direction.Forward));
    if (!found) return;
    onClose();
    onFound(found.event_id);
  };
  return (
    <Dialog title={t().timeline.jumpToDate} onClose={onClose} testId="date-dialog">
      <form class="dialog-form" onSubmit={(event) => void submit(event)}>
        <div class="field">
          <label for={id}>{t().timeline.date}</label>
          <input
            id={id}
            type="date"
            required
            value={date}
            max={new Date().toISOString().slice(0, 10)}
            onInput={(event) => setDate(event.currentTarget.value)}
            data-testid="date-input"
          />
        </div>
        <Failure sentence={task.failure.value} testId="date-error" />
        <button type="submit" class="primary" disabled={task.isRunning.value} data-testid="date-submit">
          {t().timeline.jump}
        </button>
      </form>
    </Dialog>
  );
}
