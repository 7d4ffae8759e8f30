import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { t } from "../../core/texts";
import { fullTimeText } from "../../messages/text";
import { Readers } from "./readers-view";
import type { NoticeRow } from "./rows";

/** More changes in a row than this take one line. */
const mostOpen = 3;

/** Changes of the room, each in one line; many in a row in one line that opens. */
export function NoticeRowView({ row }: { row: NoticeRow }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const { notices } = row;
  const isFolded = !isOpen && notices.length > mostOpen;
  const shown = isFolded ? notices.slice(-1) : notices;
  return (
    <div class="timeline-notices">
      {isFolded && (
        <button type="button" class="link timeline-notices-more" onClick={() => setOpen(true)} data-testid="notices-more">
          {t().notices.more(notices.length - 1)}
        </button>
      )}
      {shown.map(({ key, text, atMs, eventId }) => (
        <p key={key} class="timeline-notice" dir="auto" title={fullTimeText(atMs)} data-testid="notice" data-event-id={eventId}>
          {text}
        </p>
      ))}
      <Readers readers={row.readers} />
    </div>
  );
}
