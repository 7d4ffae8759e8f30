import type { Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Failure, Spinner } from "../../design/components";
import { Panel } from "../../design/panel";
import { nameThen } from "../../messages/entry";
import { MediaView } from "../../messages/media-view";
import { dayText } from "../../messages/text";
import { FilesState } from "./files-state";
import "./files.css";

interface FilesPanelProps {
  room: Room;
  onOpen: (eventId: string) => void;
  onClose: () => void;
}

/** Pictures, films and files of a room. */
export function FilesPanel({ room, onOpen, onClose }: FilesPanelProps): JSX.Element {
  const { client } = useWorkspace();
  const state = useMemo(() => new FilesState(client, room), [client, room]);
  useEffect(() => void state.loadMore(), [state]);
  const files = state.files.value;
  const isLoading = state.loading.isRunning.value;
  return (
    <Panel title={t().panels.files} onClose={onClose} testId="files-panel">
      <div class="panel-body files">
        {room.hasEncryptionStateEvent() && <p class="panel-note">{t().panels.filesEncrypted}</p>}
        {files.map(({ event, media }) => (
          <div key={event.getId()} class="file-entry" data-testid="file-entry">
            <MediaView media={media} eventId={event.getId() ?? ""} />
            <button type="button" class="link file-origin" onClick={() => onOpen(event.getId() ?? "")}>
              <bdi>{nameThen(event, room)}</bdi>, {dayText(event.getTs(), Date.now())}
            </button>
          </div>
        ))}
        <Failure sentence={state.loading.failure.value} testId="files-error" />
        {isLoading && <Spinner label={t().common.loading} />}
        {!isLoading && files.length === 0 && <p class="panel-note">{t().panels.noFiles}</p>}
        {!isLoading && state.hasMore.value && files.length > 0 && (
          <button type="button" class="small" onClick={() => void state.loadMore()} data-testid="files-more">
            {t().threads.more}
          </button>
        )}
      </div>
    </Panel>
  );
}
