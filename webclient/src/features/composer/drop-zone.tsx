import type { ComponentChildren, JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import { t } from "../../core/texts";
import { Icon } from "../../design/icons";

interface DropZoneProps {
  /** Null where no files can be sent. */
  onFiles: ((files: Iterable<File>) => void) | null;
  children: ComponentChildren;
}

/** Takes files that are dropped on a conversation. */
export function DropZone({ onFiles, children }: DropZoneProps): JSX.Element {
  const [isOver, setOver] = useState(false);
  // Entering a child leaves its parent: only the balance says whether the pointer is inside.
  const depth = useRef(0);
  const enter = (event: DragEvent, step: number): void => {
    if (!onFiles || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    depth.current = Math.max(0, depth.current + step);
    setOver(depth.current > 0);
  };
  const drop = (event: DragEvent): void => {
    if (!onFiles || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    onFiles(event.dataTransfer.files);
  };
  return (
    <div
      class="room-conversation"
      onDragEnter={(event) => enter(event, 1)}
      onDragLeave={(event) => enter(event, -1)}
      onDragOver={(event) => enter(event, 0)}
      onDrop={drop}
      data-testid="drop-zone"
    >
      {children}
      {isOver && (
        <div class="drop-hint" aria-hidden="true" data-testid="drop-hint">
          <Icon name="attach" />
          {t().composer.dropHere}
        </div>
      )}
    </div>
  );
}
