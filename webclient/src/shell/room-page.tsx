import { ClientEvent, KnownMembership, RoomEvent, type Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useCallback, useMemo, useState } from "preact/hooks";

import { useOwned } from "../core/owned";
import { Projection, source } from "../core/projection";
import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { Panel } from "../design/panel";
import { silenceIn } from "../features/composer/state";
import { JoinRoomForm } from "../features/join-room/view";
import { MembersPanel } from "../features/members/view";
import { RoomHeader } from "../features/room-header/view";
import { MessageContext } from "../messages/context";
import { Conversation } from "./conversation";
import { useProfile } from "./use-profile";

/** The room of that id, or the offer to join it. */
export function RoomPage({ roomId, eventId }: { roomId: string; eventId?: string | undefined }): JSX.Element {
  const { client } = useWorkspace();
  const projection = useOwned(() => {
    const joined = (): { room: Room; name: string; silence: string | null } | null => {
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
  return found ? <JoinedRoom {...found} eventId={eventId} /> : <OtherRoom roomId={roomId} />;
}

interface JoinedRoomProps {
  room: Room;
  name: string;
  /** Why nothing can be written here. */
  silence: string | null;
  eventId: string | undefined;
}

/** What is open beside the conversation. */
type OpenPanel = { readonly kind: "members" } | { readonly kind: "thread"; readonly rootId: string };

function JoinedRoom({ room, name, silence, eventId }: JoinedRoomProps): JSX.Element {
  const { router } = useWorkspace();
  const [panel, setPanel] = useState<OpenPanel | null>(() =>
    matchMedia("(min-width: 1000px)").matches ? { kind: "members" } : null,
  );
  const close = useCallback(() => setPanel(null), []);
  const openThread = useCallback((rootId: string) => setPanel({ kind: "thread", rootId }), []);
  const openProfile = useProfile();
  const openUser = useCallback((userId: string) => openProfile(userId, room), [room]);
  const toggle = (kind: "members"): void => setPanel(panel?.kind === kind ? null : { kind });
  const surroundings = useMemo(
    () => ({
      roomId: room.roomId,
      openUser,
      joinRoom: (target: string) => router.go({ page: "room", roomId: target }),
    }),
    [room, router, openUser],
  );
  return (
    <MessageContext.Provider value={surroundings}>
      <div class={`room${panel ? " room-with-panel" : ""}`} data-testid="room" data-room-id={room.roomId}>
        <RoomHeader room={room} showsMembers={panel?.kind === "members"} onToggleMembers={() => toggle("members")} />
        <Conversation
          room={room}
          eventId={eventId}
          silence={silence}
          placeholder={t().composer.placeholder(name)}
          onThread={openThread}
          onUser={openUser}
        />
        {panel?.kind === "members" && <MembersPanel room={room} onClose={close} onMember={openUser} />}
        {panel?.kind === "thread" && (
          <Panel key={panel.rootId} title={t().threads.thread} onClose={close} testId="thread-panel">
            <Conversation room={room} threadId={panel.rootId} silence={silence} placeholder={t().threads.placeholder} onThread={null} onUser={openUser} />
          </Panel>
        )}
      </div>
    </MessageContext.Provider>
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
