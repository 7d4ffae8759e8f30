import { ClientEvent, KnownMembership, RoomEvent, type Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { useOwned } from "../core/owned";
import { Projection, source } from "../core/projection";
import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { silenceIn } from "../features/composer/state";
import { Composer, NoComposer } from "../features/composer/view";
import { JoinRoomForm } from "../features/join-room/view";
import { MembersPanel } from "../features/members/view";
import { RoomHeader } from "../features/room-header/view";
import { Timeline } from "../features/timeline/view";
import { typingNoticesTo } from "../features/typing/state";
import { TypingLine } from "../features/typing/view";

/** The room of that id, or the offer to join it. */
export function RoomPage({ roomId }: { roomId: string }): JSX.Element {
  const { client } = useWorkspace();
  const projection = useOwned(() => {
    const joined = (): JoinedRoomProps | null => {
      const room = client.getRoom(roomId);
      return room?.getMyMembership() === KnownMembership.Join
        ? { room, name: room.name, silence: silenceIn(room) }
        : null;
    };
    return new Projection(joined, [
      source(client, ClientEvent.Room, ClientEvent.DeleteRoom, ClientEvent.Sync),
      source(client, RoomEvent.MyMembership, RoomEvent.Name),
    ]);
  }, [client, roomId]);
  const found = projection.value.value;
  return found ? <JoinedRoom {...found} /> : <OtherRoom roomId={roomId} />;
}

interface JoinedRoomProps {
  room: Room;
  name: string;
  /** Why nothing can be written here. */
  silence: string | null;
}

function JoinedRoom({ room, name, silence }: JoinedRoomProps): JSX.Element {
  const { client } = useWorkspace();
  const [showsMembers, setShowsMembers] = useState(() => matchMedia("(min-width: 1000px)").matches);
  const notices = useMemo(() => typingNoticesTo(client, room.roomId), [client, room]);
  useEffect(() => () => notices.stopped(), [notices]);
  return (
    <div class={`room${showsMembers ? " room-with-members" : ""}`} data-testid="room" data-room-id={room.roomId}>
      <RoomHeader room={room} showsMembers={showsMembers} onToggleMembers={() => setShowsMembers(!showsMembers)} />
      <div class="room-conversation">
        <Timeline room={room} />
        <TypingLine room={room} />
        {silence === null ? (
          <Composer
            roomId={room.roomId}
            roomName={name}
            onTyping={(text) => notices.changed(text)}
            onSent={() => notices.stopped()}
          />
        ) : (
          <NoComposer reason={silence} />
        )}
      </div>
      {showsMembers && <MembersPanel room={room} onClose={() => setShowsMembers(false)} />}
    </div>
  );
}

function OtherRoom({ roomId }: { roomId: string }): JSX.Element {
  const { client, router } = useWorkspace();
  const isInvited = client.getRoom(roomId)?.getMyMembership() === KnownMembership.Invite;
  return (
    <div class="shell-empty" data-testid="other-room">
      <h1>{t().shell.notInRoom}</h1>
      <p>{isInvited ? t().shell.invitedToRoom : <code>{roomId}</code>}</p>
      <div class="shell-card">
        <JoinRoomForm
          room={roomId}
          onJoined={(joined) => router.go({ page: "room", roomId: joined }, { replace: true })}
        />
      </div>
      <button type="button" onClick={() => router.go({ page: "home" })}>
        {t().shell.backToRooms}
      </button>
    </div>
  );
}
