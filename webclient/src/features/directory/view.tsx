import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { MediaAvatar } from "../../core/media/avatar";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Dialog, Failure, Field, Spinner } from "../../design/components";
import { DirectoryState, type ListedRoom, type Place } from "./state";
import "./directory.css";

interface DirectoryDialogProps {
  /** The space to look into; the servers' directories without. */
  space: { readonly roomId: string; readonly name: string } | null;
  onOpen: (roomId: string) => void;
  onClose: () => void;
}

const typingPauseMs = 300;

/** Finds rooms: by words, on this server or another, or in a space. */
export function DirectoryDialog({ space, onOpen, onClose }: DirectoryDialogProps): JSX.Element {
  const { client } = useWorkspace();
  const state = useMemo(() => new DirectoryState(client), [client]);
  const [term, setTerm] = useState("");
  const [server, setServer] = useState("");
  useEffect(() => {
    const place: Place = space ? { kind: "space", spaceId: space.roomId } : { kind: "server", server: server.trim() || null };
    const later = setTimeout(() => void state.search(term, place), typingPauseMs);
    return () => clearTimeout(later);
  }, [state, term, server, space]);
  const join = async (room: ListedRoom): Promise<void> => {
    const roomId = room.isJoined ? room.roomId : await state.join(room);
    if (roomId) onOpen(roomId);
  };
  const rooms = state.rooms.value;
  const isLoading = state.loading.isRunning.value;
  return (
    <Dialog title={space ? t().directory.inSpace(space.name) : t().directory.title} onClose={onClose} testId="directory">
      <div class="dialog-form directory">
        <div class="directory-fields">
          <Field label={t().directory.search} value={term} onValue={setTerm} hasFocus isOptional testId="directory-search" />
          {!space && (
            <Field
              label={t().common.optional(t().directory.server)}
              value={server}
              onValue={setServer}
              placeholder="example.org"
              isOptional
              testId="directory-server"
            />
          )}
        </div>
        <Failure sentence={state.loading.failure.value ?? state.joining.failure.value} testId="directory-error" />
        <ul class="directory-list" aria-busy={isLoading} data-testid="directory-list">
          {rooms.map((room) => (
            <RoomEntry key={room.roomId} room={room} isJoining={state.joining.isRunning.value} onJoin={() => void join(room)} />
          ))}
          {isLoading && <Spinner label={t().common.loading} />}
          {!isLoading && rooms.length === 0 && state.loading.failure.value === null && (
            <li class="panel-note" data-testid="directory-none">
              {t().directory.none}
            </li>
          )}
          {state.hasMore.value && !isLoading && (
            <button type="button" class="small directory-more" onClick={() => void state.loadMore()} data-testid="directory-more">
              {t().threads.more}
            </button>
          )}
        </ul>
      </div>
    </Dialog>
  );
}

function RoomEntry({ room, isJoining, onJoin }: { room: ListedRoom; isJoining: boolean; onJoin: () => void }): JSX.Element {
  return (
    <li class="directory-room" data-testid="directory-room" data-room-id={room.roomId}>
      <MediaAvatar id={room.roomId} name={room.name} mxc={room.picture} />
      <div class="directory-text">
        <strong>
          <bdi>{room.name}</bdi>
        </strong>
        <small>
          {t().roomHeader.members(room.members)}
          {room.alias && (
            <>
              {" · "}
              <bdi>{room.alias}</bdi>
            </>
          )}
        </small>
        {room.topic && (
          <p class="directory-topic" dir="auto">
            {room.topic}
          </p>
        )}
      </div>
      <button
        type="button"
        class={room.isJoined ? "small" : "small primary"}
        disabled={isJoining}
        aria-label={room.isJoined ? t().directory.openRoom(room.name) : t().directory.joinRoom(room.name)}
        onClick={onJoin}
        data-testid="directory-join"
      >
        {room.isJoined ? t().directory.open : t().invites.join}
      </button>
    </li>
  );
}
