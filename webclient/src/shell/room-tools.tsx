import type { Room } from "matrix-js-sdk";
import type { JSX } from "preact";

import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { IconButton } from "../design/components";
import { placeOf } from "../design/floating";
import { Icon, type IconName } from "../design/icons";
import { Menu, type MenuItem } from "../design/menu";
import { DateDialog } from "../features/timeline/date-dialog";

export type PanelKind = "members" | "threads" | "pinned" | "files" | "search";

interface RoomToolsProps {
  room: Room;
  openPanel: string | null;
  onPanel: (kind: PanelKind) => void;
  onDate: (eventId: string) => void;
  onLeave: () => void;
}

/** What a room's header offers; where it is narrow, most of it in a menu. */
export function RoomTools({ room, openPanel, onPanel, onDate, onLeave }: RoomToolsProps): JSX.Element {
  const { dialogs } = useWorkspace();
  const askDate = (): void => {
    dialogs.show((close) => <DateDialog room={room} onFound={onDate} onClose={close} />);
  };
  const panelItem = (kind: PanelKind, icon: IconName): MenuItem => ({
    label: t().panels[kind],
    icon,
    testId: `room-more-${kind}`,
    onChoose: () => onPanel(kind),
  });
  const items: MenuItem[] = [
    panelItem("threads", "thread"),
    panelItem("pinned", "pin"),
    panelItem("files", "file"),
    { label: t().timeline.jumpToDate, icon: "clock", testId: "room-more-date", onChoose: askDate },
    { label: t().roomHeader.leave, icon: "leave", testId: "leave-room", isDanger: true, startsGroup: true, onChoose: onLeave },
  ];
  const toggle = (kind: PanelKind, icon: IconName, testId: string): JSX.Element => (
    <IconButton icon={icon} label={t().panels[kind]} pressed={openPanel === kind} onClick={() => onPanel(kind)} testId={testId} />
  );
  return (
    <>
      {toggle("search", "search", "search-toggle")}
      <span class="room-header-wide">
        {toggle("threads", "thread", "threads-toggle")}
        {toggle("pinned", "pin", "pinned-toggle")}
      </span>
      {toggle("members", "people", "members-toggle")}
      <button
        type="button"
        class="icon-button"
        aria-label={t().messages.more}
        title={t().messages.more}
        aria-haspopup="menu"
        onClick={(event) => {
          const place = placeOf(event.currentTarget);
          dialogs.show((close) => <Menu items={items} place={place} label={t().messages.more} testId="room-more-menu" onClose={close} />);
        }}
        data-testid="room-more"
      >
        <Icon name="more" />
      </button>
    </>
  );
}
