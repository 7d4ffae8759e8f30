import type { Room } from "matrix-js-sdk";
import type { JSX } from "preact";

import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { Panel } from "../design/panel";
import { MembersPanel } from "../features/members/view";
import { MessageWork } from "../features/message-actions/state";
import { FilesPanel } from "../features/room-panels/files";
import { PinnedPanel } from "../features/room-panels/pinned";
import { SearchPanel } from "../features/search/view";
import { ThreadList } from "../features/threads/view";
import { Conversation } from "./conversation";
import type { PanelKind } from "./room-tools";

/** What is open beside a conversation. */
export type OpenPanel = { readonly kind: PanelKind } | { readonly kind: "thread"; readonly rootId: string };

interface RoomPanelProps {
  panel: OpenPanel;
  room: Room;
  silence: string | null;
  onPanel: (panel: OpenPanel | null) => void;
  onUser: (userId: string) => void;
  onEvent: (roomId: string, eventId: string) => void;
}

export function RoomPanel({ panel, room, silence, onPanel, onUser, onEvent }: RoomPanelProps): JSX.Element {
  const { client } = useWorkspace();
  const close = (): void => onPanel(null);
  const showHere = (eventId: string): void => onEvent(room.roomId, eventId);
  const openThread = (rootId: string): void => onPanel({ kind: "thread", rootId });
  switch (panel.kind) {
    case "members":
      return <MembersPanel room={room} onClose={close} onMember={onUser} />;
    case "threads":
      return <ThreadList room={room} onOpen={openThread} onClose={close} />;
    case "pinned": {
      const work = new MessageWork(client, room);
      const unpin = work.mayPin() ? (eventId: string): void => void work.togglePin(eventId) : null;
      return <PinnedPanel room={room} onOpen={showHere} onUnpin={unpin} onClose={close} />;
    }
    case "files":
      return <FilesPanel room={room} onOpen={showHere} onClose={close} />;
    case "search":
      return <SearchPanel room={room} onOpen={onEvent} onClose={close} />;
    case "thread":
      return (
        <Panel key={panel.rootId} title={t().threads.thread} onClose={close} testId="thread-panel">
          <Conversation
            room={room}
            threadId={panel.rootId}
            silence={silence}
            placeholder={t().threads.placeholder}
            onThread={null}
            onUser={onUser}
          />
        </Panel>
      );
  }
}
