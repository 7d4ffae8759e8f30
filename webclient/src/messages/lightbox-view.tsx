import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useMedia } from "../core/media/use-media";
import { t } from "../core/texts";
import { Failure, IconButton, Spinner } from "../design/components";
import type { Media } from "./body";
import "./lightbox.css";
import { useSaving } from "./media-view";
import { tidyName } from "./names";
import { byteText } from "./text";

/** A picture by itself: a click shows it in its full size, Escape and a click beside it close. */
export function Lightbox({ media, onClose }: { media: Media; onClose: () => void }): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const [isWhole, setWhole] = useState(false);
  const { url, hasFailed } = useMedia({ source: media.source, type: media.mimetype });
  const save = useSaving(media);
  useEffect(() => element.current?.showModal(), []);
  const name = tidyName(media.name);
  const close = (): void => element.current?.close();
  return (
    <dialog ref={element} class="lightbox" aria-label={name} onClose={onClose} data-testid="lightbox">
      <header class="lightbox-header">
        <span class="lightbox-name">
          <bdi>{name}</bdi> {media.sizeBytes !== null && <small>{byteText(media.sizeBytes)}</small>}
        </span>
        <IconButton icon="download" label={t().common.download} onClick={() => void save.run()} testId="lightbox-download" />
        <IconButton icon="close" label={t().common.close} onClick={close} testId="lightbox-close" />
      </header>
      <div
        class={`lightbox-stage${isWhole ? " lightbox-whole" : ""}`}
        onClick={(event) => event.target === event.currentTarget && close()}
      >
        {url && (
          <button
            type="button"
            class="lightbox-picture"
            aria-label={isWhole ? t().messages.zoomOut : t().messages.zoomIn}
            onClick={() => setWhole(!isWhole)}
            data-testid="lightbox-picture"
          >
            <img src={url} alt={name} />
          </button>
        )}
        {!url && !hasFailed && <Spinner label={t().common.loading} />}
        <Failure sentence={hasFailed ? t().messages.imageFailed : save.failure} testId="lightbox-error" />
      </div>
    </dialog>
  );
}
