import type { JSX } from "preact";

import { MediaAvatar } from "../../core/media/avatar";
import { t } from "../../core/texts";
import type { Reader } from "./rows";

const most = 4;

/** Small pictures of those who have read up to here and no further. */
export function Readers({ readers }: { readers: readonly Reader[] }): JSX.Element | null {
  if (readers.length === 0) return null;
  const names = t().timeline.readBy(readers.map(({ name }) => name).slice(0, 30), readers.length);
  const hidden = readers.length - most;
  return (
    <span class="readers" role="img" aria-label={names} title={names} data-testid="readers">
      {hidden > 0 && <span class="readers-more">+{hidden}</span>}
      {readers.slice(0, most).map(({ userId, name, picture }) => (
        <MediaAvatar key={userId} id={userId} name={name} mxc={picture} size="tiny" />
      ))}
    </span>
  );
}
