import type { Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { useOwned } from "../../core/owned";
import { useWorkspace } from "../../core/workspace";
import { Avatar, Dialog, Failure, IconButton } from "../../design/components";
import { RoomHeaderState } from "./state";
import "./room-header.css";

interface RoomHeaderProps {
  room: Room;
  showsMembers: boolean;
  onToggleMembers: () => void;
}

export function RoomHeader({ room, showsMembers, onToggleMembers }: RoomHeaderProps): JSX.Element {
  const { client, router } = useWorkspace();
  const state = useOwned(() => new RoomHeaderState(client, room), [client, room]);
  const [asksToLeave, setAsksToLeave] = useState(false);
  const { name, topic, alias, memberCount } = state.title;
  useEffect(() => {
    document.title = `${name} – Hearth`;
    return () => {
      document.title = "Hearth";
    };
  }, [name]);
  return (
    <header class="room-header">
      <span class="room-header-back">
        <IconButton icon="back" label="Back to rooms" onClick={() => router.go({ page: "home" })} testId="room-back" />
      </span>
      <Avatar id={room.roomId} name={name} />
      <div class="room-header-text">
        <h1 data-testid="room-name" title={alias ?? room.roomId}>
          {name}
        </h1>
        <p class="room-header-topic" data-testid="room-topic" title={topic ?? undefined}>
          {topic ?? (memberCount === 1 ? "1 member" : `${memberCount} members`)}
        </p>
      </div>
      <IconButton
        icon="people"
        label="Members"
        pressed={showsMembers}
        onClick={onToggleMembers}
        testId="members-toggle"
      />
      <IconButton icon="leave" label="Leave room" onClick={() => setAsksToLeave(true)} testId="leave-room" />
      {asksToLeave && <LeaveDialog name={name} state={state} onClose={() => setAsksToLeave(false)} />}
    </header>
  );
}

interface LeaveDialogProps {
  name: string;
  state: RoomHeaderState;
  onClose: () => void;
}

function LeaveDialog({ name, state, onClose }: LeaveDialogProps): JSX.Element {
  const { router } = useWorkspace();
  const leave = async (): Promise<void> => {
    if (await state.leave()) router.go({ page: "home" }, { replace: true });
  };
  return (
    <Dialog title={`Leave ${name}?`} onClose={onClose} testId="leave-dialog">
      <div class="dialog-form">
        <p>You will see no new messages. If the room is private, you need an invite to come back.</p>
        <Failure sentence={state.leaving.failure.value} testId="leave-error" />
        <button
          type="button"
          class="danger"
          disabled={state.leaving.isRunning.value}
          onClick={() => void leave()}
          data-testid="leave-confirm"
        >
          Leave room
        </button>
      </div>
    </Dialog>
  );
}
