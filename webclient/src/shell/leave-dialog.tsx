import type { Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { useWorkspace } from "../core/workspace";
import { RoomHeaderState } from "../features/room-header/state";
import { LeaveDialog } from "../features/room-header/view";

/** Asks before a room is left that need not be open. */
export function LeaveRoomDialog({ room, onClose }: { room: Room; onClose: () => void }): JSX.Element {
  const { client } = useWorkspace();
  const state = useMemo(() => new RoomHeaderState(client, room), [client, room]);
  return <LeaveDialog name={room.name} state={state} onClose={onClose} />;
}
