import { ClientEvent, KnownMembership, RoomEvent, type Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";

import { useOwned } from "../core/owned";
import { Projection, source } from "../core/projection";
import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { silenceIn } from "../features/composer/state";
import { JoinRoomForm } from "../features/join-room/view";
import { RoomHeader } from "../features/room-header/view";
import { MessageContext } from "../messages/context";
import { fetchEvent } from "../messages/reply-quote";
import { Conversation } from "./conversation";
import { RoomPanel, type OpenPanel } from "./room-panel";
import { RoomTools, type PanelKind } from "./room-tools";
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

function JoinedRoom({ room, name, silence, eventId }: JoinedRoomProps): JSX.Element {
  const { router } = useWorkspace();
  const [panel, setPanel] = useState<OpenPanel | null>(() =>
    matchMedia("(min-width: 1000px)").matches ? { kind: "members" } : null,
  );
  const openThread = useCallback((rootId: string) => setPanel({ kind: "thread", rootId }), []);
  const openProfile = useProfile();
  const openUser = useCallback((userId: string) => openProfile(userId, room), [room]);
  const toggle = (kind: PanelKind): void => setPanel(panel?.kind === kind ? null : { kind });
  const { target, show } = useTarget(room, eventId, openThread);
  const surroundings = useMemo(
    () => ({
      roomId: room.roomId,
      openUser,
      joinRoom: (other: string) => router.go({ page: "room", roomId: other }),
    }),
    [room, router, openUser],
  );
  const tools = (leave: () => void): JSX.Element => (
    <RoomTools room={room} openPanel={panel?.kind ?? null} onPanel={toggle} onDate={show} onLeave={leave} />
  );
  return (
    <MessageContext.Provider value={surroundings}>
      <div class={`room${panel ? " room-with-panel" : ""}`} data-testid="room" data-room-id={room.roomId}>
        <RoomHeader room={room} tools={tools} />
        <Conversation
          room={room}
          target={target}
          silence={silence}
          placeholder={t().composer.placeholder(name)}
          onThread={openThread}
          onUser={openUser}
        />
        {panel && (
          <RoomPanel
            panel={panel}
            room={room}
            silence={silence}
            onPanel={setPanel}
            onUser={openUser}
            onEvent={(roomId, wanted) =>
              roomId === room.roomId ? show(wanted) : router.go({ page: "room", roomId, eventId: wanted })
            }
          />
        )}
      </div>
    </MessageContext.Provider>
  );
}

interface Target {
  readonly target: { readonly eventId: string } | null;
  readonly show: (eventId: string) => void;
}

/** The message that the address or a panel asks for; one of a thread is shown there. */
function useTarget(room: Room, eventId: string | undefined, openThread: (rootId: string) => void): Target {
  const [target, setTarget] = useState<{ readonly eventId: string } | null>(null);
  const show = useCallback(
    (wanted: string) => {
      const known = room.findEventById(wanted);
      const found = known ? Promise.resolve(known) : fetchEvent(room, wanted);
      found.then(
        (event) => {
          const rootId = event.threadRootId;
          if (rootId && rootId !== wanted) openThread(rootId);
          else setTarget({ eventId: wanted });
        },
        // The timeline says that there is no such message.
        () => setTarget({ eventId: wanted }),
      );
    },
    [room, openThread],
  );
  useEffect(() => {
    if (eventId) show(eventId);
  }, [eventId, show]);
  return { target, show };
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
