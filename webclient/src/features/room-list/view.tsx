import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { MediaAvatar } from "../../core/media/avatar";
import { useOwned } from "../../core/owned";
import { formatRoute } from "../../core/router";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { placeAt, placeOf, type Place } from "../../design/floating";
import { Icon } from "../../design/icons";
import { Menu, type MenuItem } from "../../design/menu";
import { favouriteTag, lowPriorityTag, RoomListState, sectionsOf, type RoomSummary, type Section } from "./state";
import "./room-list.css";

interface RoomListProps {
  openRoomId: string | null;
  /** Which rooms to show, as of a space; all without. */
  isShown: ((roomId: string) => boolean) | null;
  onLeave: (roomId: string) => void;
  hasDraft: (roomId: string) => boolean;
}

export function RoomList({ openRoomId, isShown, onLeave, hasDraft }: RoomListProps): JSX.Element {
  const { client, dialogs } = useWorkspace();
  const state = useOwned(() => new RoomListState(client), [client]);
  const rooms = isShown ? state.rooms.filter(({ roomId }) => isShown(roomId)) : state.rooms;
  const openMenu = (room: RoomSummary, place: Place): void => {
    const items = menuOf(room, state, () => onLeave(room.roomId));
    dialogs.show((close) => <Menu items={items} place={place} label={room.name} testId="room-menu" onClose={close} />);
  };
  return (
    <nav class="room-list" aria-label={t().roomList.title} data-testid="room-list" onKeyDown={moveAmongRooms}>
      {rooms.length === 0 && (
        <p class="room-list-empty" data-testid="room-list-empty">
          {isShown ? t().roomList.emptySpace : t().roomList.empty}
        </p>
      )}
      {sectionsOf(rooms).map((section) => (
        <SectionView key={section.name} section={section} openRoomId={openRoomId} onMenu={openMenu} hasDraft={hasDraft} />
      ))}
    </nav>
  );
}

interface SectionProps {
  section: Section;
  openRoomId: string | null;
  onMenu: (room: RoomSummary, place: Place) => void;
  hasDraft: (roomId: string) => boolean;
}

function SectionView({ section, openRoomId, onMenu, hasDraft }: SectionProps): JSX.Element {
  const [isFolded, setFolded] = useState(section.name === "lowPriority");
  const unread = section.rooms.reduce((sum, room) => sum + (room.isMuted ? 0 : room.unread), 0);
  // The open room stays in view in a folded section.
  const shown = isFolded ? section.rooms.filter(({ roomId }) => roomId === openRoomId) : section.rooms;
  return (
    <section class="room-section" data-testid="room-section" data-section={section.name}>
      <h2>
        <button
          type="button"
          class="section-title room-section-title"
          aria-expanded={!isFolded}
          onClick={() => setFolded(!isFolded)}
          data-testid="room-section-title"
        >
          <Icon name="chevron" />
          {t().roomList.sections[section.name]}
          {isFolded && unread > 0 && <span class="badge">{unread}</span>}
        </button>
      </h2>
      <ul>
        {shown.map((room) => (
          <li key={room.roomId}>
            <RoomLink room={room} isOpen={room.roomId === openRoomId} onMenu={onMenu} hasDraft={hasDraft(room.roomId)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface RoomLinkProps {
  room: RoomSummary;
  isOpen: boolean;
  hasDraft: boolean;
  onMenu: (room: RoomSummary, place: Place) => void;
}

function RoomLink({ room, isOpen, hasDraft, onMenu }: RoomLinkProps): JSX.Element {
  const isUnread = (room.unread > 0 && !room.isMuted) || room.isMarkedUnread;
  return (
    <div
      class={`room-line${isUnread ? " room-line-unread" : ""}${room.isMuted ? " room-line-muted" : ""}`}
      onContextMenu={(event) => {
        event.preventDefault();
        onMenu(room, placeAt(event));
      }}
    >
      <a
        class="room-link"
        href={formatRoute({ page: "room", roomId: room.roomId })}
        aria-current={isOpen ? "page" : undefined}
        data-testid="room-link"
        data-room-id={room.roomId}
      >
        <MediaAvatar id={room.roomId} name={room.name} mxc={room.picture} size="small" />
        <bdi class="room-link-name" data-testid="room-link-name">
          {room.name}
        </bdi>
        {hasDraft && !isOpen && (
          <span class="room-link-mark" role="img" aria-label={t().roomList.draft} title={t().roomList.draft}>
            <Icon name="edit" />
          </span>
        )}
        {room.isMuted && (
          <span class="room-link-mark" role="img" aria-label={t().roomList.muted} title={t().roomList.muted}>
            <Icon name="bellOff" />
          </span>
        )}
        <UnreadBadge room={room} />
      </a>
      <button
        type="button"
        class="icon-button room-line-menu"
        aria-label={t().roomList.menuOf(room.name)}
        title={t().messages.more}
        aria-haspopup="menu"
        onClick={(event) => onMenu(room, placeOf(event.currentTarget))}
        data-testid="room-menu-button"
      >
        <Icon name="more" />
      </button>
    </div>
  );
}

function UnreadBadge({ room }: { room: RoomSummary }): JSX.Element | null {
  if (room.isMuted && room.highlights === 0) return null;
  if (room.unread === 0) {
    if (!room.isMarkedUnread) return null;
    return <span class="badge badge-dot" role="img" aria-label={t().roomList.markedUnread} data-testid="room-unread" />;
  }
  return (
    <span
      class={`badge${room.highlights > 0 ? " badge-highlight" : ""}`}
      aria-label={t().roomList.unread(room.unread, room.highlights)}
      role="img"
      data-testid="room-unread"
    >
      {room.unread > 99 ? "99+" : room.unread}
    </span>
  );
}

function menuOf(room: RoomSummary, state: RoomListState, onLeave: () => void): MenuItem[] {
  const texts = t().roomList;
  const isUnread = room.unread > 0 || room.isMarkedUnread;
  // The next sync tells whether it worked; one that did not leaves the room as it is.
  const quietly = (work: Promise<void>): void => void work.catch(() => undefined);
  return [
    {
      label: isUnread ? texts.markRead : texts.markUnread,
      icon: "check",
      testId: "room-menu-read",
      onChoose: () => quietly(state.toggleRead(room)),
    },
    {
      label: texts.favourite,
      icon: "star",
      testId: "room-menu-favourite",
      isChecked: room.isFavourite,
      onChoose: () => quietly(state.toggleTag(room, favouriteTag)),
    },
    {
      label: texts.lowPriority,
      icon: "down",
      testId: "room-menu-low-priority",
      isChecked: room.isLowPriority,
      onChoose: () => quietly(state.toggleTag(room, lowPriorityTag)),
    },
    {
      label: texts.mute,
      icon: "bellOff",
      testId: "room-menu-mute",
      isChecked: room.isMuted,
      onChoose: () => quietly(state.toggleMute(room)),
    },
    { label: t().roomHeader.leave, icon: "leave", testId: "room-menu-leave", isDanger: true, startsGroup: true, onChoose: onLeave },
  ];
}

/** Arrow keys go from room to room. */
function moveAmongRooms(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };
  const step = steps[event.key];
  if (step === undefined) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>(".room-link")];
  const at = links.indexOf(document.activeElement as HTMLElement);
  if (at < 0) return;
  event.preventDefault();
  links[at + step]?.focus();
}
