import type { JSX } from "preact";

import { useOwned } from "../../core/owned";
import { MediaAvatar } from "../../core/media/avatar";
import { formatRoute } from "../../core/router";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { RoomListState, type RoomSummary } from "./state";
import "./room-list.css";

export function RoomList({ openRoomId }: { openRoomId: string | null }): JSX.Element {
  const { client } = useWorkspace();
  const { rooms } = useOwned(() => new RoomListState(client), [client]);
  return (
    <nav class="room-list" aria-label={t().roomList.title}>
      <h2 class="section-title">{t().roomList.title}</h2>
      {rooms.length === 0 && (
        <p class="room-list-empty" data-testid="room-list-empty">
          {t().roomList.empty}
        </p>
      )}
      <ul data-testid="room-list">
        {rooms.map((room) => (
          <li key={room.roomId}>
            <RoomLink room={room} isOpen={room.roomId === openRoomId} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function RoomLink({ room, isOpen }: { room: RoomSummary; isOpen: boolean }): JSX.Element {
  return (
    <a
      class={`room-link${room.unread > 0 ? " room-link-unread" : ""}`}
      href={formatRoute({ page: "room", roomId: room.roomId })}
      aria-current={isOpen ? "page" : undefined}
      data-testid="room-link"
      data-room-id={room.roomId}
    >
      <MediaAvatar id={room.roomId} name={room.name} mxc={room.picture} size="small" />
      <span class="room-link-name" data-testid="room-link-name">
        {room.name}
      </span>
      <UnreadBadge room={room} />
    </a>
  );
}

function UnreadBadge({ room }: { room: RoomSummary }): JSX.Element | null {
  if (room.unread === 0) return null;
  const label = t().roomList.unread(room.unread, room.highlights);
  return (
    <span
      class={`badge${room.highlights > 0 ? " badge-highlight" : ""}`}
      aria-label={label}
      role="img"
      data-testid="room-unread"
    >
      {room.unread > 99 ? "99+" : room.unread}
    </span>
  );
}
