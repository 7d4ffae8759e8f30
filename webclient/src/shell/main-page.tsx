import { Fragment, type JSX } from "preact";
import { useState } from "preact/hooks";

import { Attention } from "../core/attention";
import { useOwned } from "../core/owned";
import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { IconButton, Spinner } from "../design/components";
import { Icon } from "../design/icons";
import icon from "../design/icon.svg";
import { ConnectionBanner } from "../features/connection/view";
import { CreateRoomDialog } from "../features/create-room/view";
import { DirectChatDialog } from "../features/direct-chat/view";
import { EncryptionNotice } from "../features/encryption/view";
import { Invites } from "../features/invites/view";
import { JoinRoomDialog } from "../features/join-room/view";
import { draftsOf } from "../features/composer/drafts";
import { DirectoryDialog } from "../features/directory/view";
import { RoomList } from "../features/room-list/view";
import { SpacesState, type Space } from "../features/spaces/state";
import { SpaceBar } from "../features/spaces/view";
import { LeaveRoomDialog } from "./leave-dialog";
import { RoomPage } from "./room-page";
import { useProfile } from "./use-profile";
import { openPalette, usePaletteKey, type PaletteActions } from "./use-palette";
import { Settings } from "./settings";
import { UserBar } from "./user-bar";
import "./shell.css";

/** The frame of a logged-in client: rooms at the side, the open room in the middle. */
export function MainPage(): JSX.Element {
  const { client, connection, router, dialogs, preferences } = useWorkspace();
  useOwned(() => new Attention(client, preferences, router), [client, preferences, router]);
  const route = router.route.value;
  const roomId = route.page === "room" ? route.roomId : null;
  const eventId = route.page === "room" ? route.eventId : undefined;
  return (
    <div class={`shell${roomId === null && route.page !== "settings" ? "" : " shell-in-room"}`} data-testid="main-page">
      <ConnectionBanner />
      <Sidebar openRoomId={roomId} />
      <main class="shell-main">
        {!connection.isReady.value ? (
          <div class="shell-empty">
            <Spinner label={t().shell.loadingRooms} />
          </div>
        ) : route.page === "settings" ? (
          <Settings section={route.section} />
        ) : roomId === null ? (
          <NoRoom />
        ) : (
          <RoomPage key={roomId} roomId={roomId} eventId={eventId} />
        )}
      </main>
      {dialogs.open.value.map(({ key, draw, close }) => (
        <Fragment key={key}>{draw(close)}</Fragment>
      ))}
    </div>
  );
}

function Sidebar({ openRoomId }: { openRoomId: string | null }): JSX.Element {
  const { client, router, dialogs } = useWorkspace();
  const spaces = useOwned(() => new SpacesState(client), [client]);
  const { space } = spaces;
  const openProfile = useProfile();
  const [dialog, setDialog] = useState<"create" | "join" | "direct" | null>(null);
  const open = (roomId: string): void => {
    setDialog(null);
    router.go({ page: "room", roomId });
  };
  const explore = (within: Space | null): void => {
    dialogs.show((close) => (
      <DirectoryDialog
        space={within}
        onClose={close}
        onOpen={(roomId) => {
          close();
          open(roomId);
        }}
      />
    ));
  };
  const leave = (roomId: string): void => {
    const room = client.getRoom(roomId);
    if (room) dialogs.show((close) => <LeaveRoomDialog room={room} onClose={close} />);
  };
  const actions: PaletteActions = {
    create: () => setDialog("create"),
    join: () => setDialog("join"),
    explore: () => explore(null),
    open,
    openPerson: (userId) => openProfile(userId, null),
    more: [{ id: "direct", label: t().directChat.start, icon: "message", run: () => setDialog("direct") }],
  };
  usePaletteKey(actions);
  return (
    <div class="sidebar-frame">
      <SpaceBar state={spaces} onExplore={explore} />
      <div class="sidebar">
      <header class="sidebar-header">
        <span class="sidebar-brand">
          <img src={icon} alt="" width="24" height="24" />
          {t().common.appName}
        </span>
        <IconButton
          icon="message"
          label={t().directChat.start}
          onClick={() => setDialog("direct")}
          testId="direct-chat"
        />
        <IconButton icon="compass" label={t().directory.title} onClick={() => explore(null)} testId="open-directory" />
        <IconButton icon="enter" label={t().shell.joinRoom} onClick={() => setDialog("join")} testId="join-room" />
        <IconButton icon="add" label={t().shell.createRoom} onClick={() => setDialog("create")} testId="create-room" />
      </header>
      <button type="button" class="sidebar-search" onClick={() => openPalette(dialogs, actions)} data-testid="open-palette">
        <Icon name="search" />
        <span>{t().palette.shortcut}</span>
      </button>
      {space && (
        <div class="space-explore" data-testid="chosen-space">
          <strong>
            <bdi>{space.name}</bdi>
          </strong>
          <IconButton icon="compass" label={t().spaces.explore} onClick={() => explore(space)} testId="space-explore" />
        </div>
      )}
      <div class="sidebar-scroll">
        <Invites />
        <RoomList
          openRoomId={openRoomId}
          isShown={space && ((roomId) => space.rooms.has(roomId))}
          onLeave={leave}
          hasDraft={(roomId) => draftsOf(client).has(roomId)}
        />
      </div>
      <EncryptionNotice />
      <UserBar />
      {dialog === "create" && <CreateRoomDialog onClose={() => setDialog(null)} onCreated={open} />}
      {dialog === "direct" && <DirectChatDialog onClose={() => setDialog(null)} onOpened={open} />}
      {dialog === "join" && <JoinRoomDialog onClose={() => setDialog(null)} onJoined={open} />}
      </div>
    </div>
  );
}

function NoRoom(): JSX.Element {
  return (
    <div class="shell-empty" data-testid="no-room">
      <img src={icon} alt="" width="72" height="72" />
      <h1>{t().shell.welcome}</h1>
      <p>{t().shell.welcomeHint}</p>
    </div>
  );
}
