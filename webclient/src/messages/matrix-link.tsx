import type { ComponentChildren, JSX } from "preact";
import { useContext } from "preact/hooks";

import { matrixLink, type MatrixTarget } from "../core/permalink";
import { formatRoute } from "../core/router";
import { useWorkspace } from "../core/workspace";
import { MessageContext } from "./context";

/** A link to a person or a room, which opens here. */
export function MatrixLink({ target, children }: { target: MatrixTarget; children: ComponentChildren }): JSX.Element {
  return target.kind === "user" ? (
    <UserPill userId={target.userId}>{children}</UserPill>
  ) : (
    <RoomLink target={target}>{children}</RoomLink>
  );
}

function UserPill({ userId, children }: { userId: string; children: ComponentChildren }): JSX.Element {
  const { userId: me } = useWorkspace();
  const { openUser } = useContext(MessageContext);
  return (
    <a
      class={`pill${userId === me ? " pill-me" : ""}`}
      href={matrixLink(userId)}
      title={userId}
      data-testid="mention"
      data-user-id={userId}
      onClick={(event) => {
        event.preventDefault();
        openUser(userId);
      }}
    >
      <bdi>{children}</bdi>
    </a>
  );
}

function RoomLink({ target, children }: { target: MatrixTarget & { kind: "room" }; children: ComponentChildren }): JSX.Element {
  const { client, router, dialogs } = useWorkspace();
  const { joinRoom } = useContext(MessageContext);
  const known = client.getRooms().find((room) => room.roomId === target.room || room.getCanonicalAlias() === target.room);
  const open = (event: MouseEvent): void => {
    event.preventDefault();
    if (!known) return joinRoom(target.room, target.via);
    dialogs.closeAll();
    router.go({ page: "room", roomId: known.roomId, ...(target.eventId !== null && { eventId: target.eventId }) });
  };
  const href = known ? formatRoute({ page: "room", roomId: known.roomId }) : matrixLink(target.room, target.eventId, target.via);
  return (
    <a class="pill" href={href} title={target.room} onClick={open} data-testid="room-mention">
      <bdi>{children}</bdi>
    </a>
  );
}
