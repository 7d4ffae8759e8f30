import type { Room } from "matrix-js-sdk";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { MediaAvatar } from "../../core/media/avatar";
import { useOwned } from "../../core/owned";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Dialog, Failure, IconButton } from "../../design/components";
import { RoomHeaderState } from "./state";
import "./room-header.css";

interface RoomHeaderProps {
  room: Room;
  /** What can be done here, at the end of the line. */
  tools: (leave: () => void) => ComponentChildren;
}

export function RoomHeader({ room, tools }: RoomHeaderProps): JSX.Element {
  const { client, router } = useWorkspace();
  const state = useOwned(() => new RoomHeaderState(client, room), [client, room]);
  const [asksToLeave, setAsksToLeave] = useState(false);
  const { name, picture, topic, alias, memberCount } = state.title;
  useEffect(() => {
    document.title = `${name} – ${t().common.appName}`;
    return () => {
      document.title = t().common.appName;
    };
  }, [name]);
  return (
    <header class="room-header">
      <span class="room-header-back">
        <IconButton icon="back" label={t().shell.backToRooms} onClick={() => router.go({ page: "home" })} testId="room-back" />
      </span>
      <MediaAvatar id={room.roomId} name={name} mxc={picture} />
      <div class="room-header-text">
        <h1 data-testid="room-name" title={alias ?? room.roomId}>
          {name}
        </h1>
        <p class="room-header-topic" data-testid="room-topic" title={topic ?? undefined}>
          {topic ?? t().roomHeader.members(memberCount)}
        </p>
      </div>
      {tools(() => setAsksToLeave(true))}
      {asksToLeave && <LeaveDialog name={name} state={state} onClose={() => setAsksToLeave(false)} />}
    </header>
  );
}

interface LeaveDialogProps {
  name: string;
  state: RoomHeaderState;
  onClose: () => void;
}

export function LeaveDialog({ name, state, onClose }: LeaveDialogProps): JSX.Element {
  const { router } = useWorkspace();
  const leave = async (): Promise<void> => {
    if (!(await state.leave())) return;
    onClose();
    const route = router.route.peek();
    if (route.page === "room" && route.roomId === state.roomId) router.go({ page: "home" }, { replace: true });
  };
  return (
    <Dialog title={t().roomHeader.leaveTitle(name)} onClose={onClose} testId="leave-dialog">
      <div class="dialog-form">
        <p>{t().roomHeader.leaveHint}</p>
        <Failure sentence={state.leaving.failure.value} testId="leave-error" />
        <button
          type="button"
          class="danger"
          disabled={state.leaving.isRunning.value}
          onClick={() => void leave()}
          data-testid="leave-confirm"
        >
          {t().roomHeader.leave}
        </button>
      </div>
    </Dialog>
  );
}
