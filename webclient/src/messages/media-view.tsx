import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { sentenceOf } from "../core/api";
import type { MediaRequest } from "../core/media/media";
import { useMedia } from "../core/media/use-media";
import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { Icon } from "../design/icons";
import type { Media } from "./body";
import { openLightbox } from "./lightbox";
import { fittedSize } from "./media-size";
import { tidyName } from "./names";
import { byteText, durationText } from "./text";

/** A picture whose file is at most so large is shown as it is when there is no smaller copy: it may be animated. */
const largestWholeImage = 4_000_000;

/** An attachment in its place: picture, film, sound, or a file to save. */
export function MediaView({ media, eventId }: { media: Media; eventId: string }): JSX.Element {
  switch (media.kind) {
    case "image":
    case "sticker":
      return <ImageMedia media={media} eventId={eventId} />;
    case "video":
      return <VideoMedia media={media} />;
    case "audio":
      return <AudioMedia media={media} />;
    case "file":
      return <FileMedia media={media} />;
  }
}

/** What to fetch for a view of this size. */
export function previewRequest(media: Media, size: { width: number; height: number }): MediaRequest {
  const thumbnail = { ...size, method: "scale" } as const;
  if (media.thumbnail) {
    return typeof media.thumbnail === "string"
      ? { source: media.thumbnail }
      : { source: media.thumbnail, type: "image/jpeg" };
  }
  const isAnimated = /^image\/(gif|webp|apng)$/.test(media.mimetype) && (media.sizeBytes ?? Infinity) < largestWholeImage;
  if (typeof media.source === "string" && !isAnimated) return { source: media.source, thumbnail };
  return { source: media.source, type: media.mimetype };
}

function ImageMedia({ media, eventId }: { media: Media; eventId: string }): JSX.Element {
  const { dialogs } = useWorkspace();
  const size = fittedSize(media);
  const { url, hasFailed } = useMedia(previewRequest(media, size));
  const name = tidyName(media.name);
  if (hasFailed) return <FileMedia media={media} note={t().messages.imageFailed} />;
  return (
    <button
      type="button"
      class={`media-image media-${media.kind}`}
      ref={(element) => sized(element, size)}
      aria-label={t().messages.openImage(name)}
      title={name}
      onClick={() => openLightbox(dialogs, media)}
      data-testid="message-image"
      data-event-id={eventId}
    >
      {url ? <img src={url} alt={name} draggable={false} /> : <span class="media-wait" aria-hidden="true" />}
    </button>
  );
}

/** The place is kept before the picture is there: nothing may move when it comes. */
function sized(element: HTMLElement | null, size: { width: number; height: number }): void {
  if (!element) return;
  element.style.setProperty("--media-width", `${size.width}px`);
  element.style.setProperty("--media-ratio", `${size.width} / ${size.height}`);
}

function VideoMedia({ media }: { media: Media }): JSX.Element {
  const [isWanted, setWanted] = useState(false);
  const size = fittedSize(media);
  const hasPreview = media.thumbnail !== null;
  const preview = useMedia(hasPreview ? previewRequest(media, size) : null);
  const film = useMedia(isWanted ? { source: media.source, type: media.mimetype } : null);
  if (film.hasFailed) return <FileMedia media={media} note={t().messages.mediaFailed} />;
  const name = tidyName(media.name);
  return (
    <div class="media-video" ref={(element) => sized(element, size)} data-testid="message-video">
      {film.url ? (
        <video src={film.url} controls autoplay aria-label={name} onError={() => undefined} />
      ) : (
        <button
          type="button"
          class="media-play"
          aria-label={t().messages.play(name)}
          aria-busy={isWanted}
          onClick={() => setWanted(true)}
          data-testid="message-play"
        >
          {preview.url && <img src={preview.url} alt="" draggable={false} />}
          <span class="media-play-sign">{isWanted ? <span class="spinner-wheel" /> : <Icon name="play" />}</span>
          <span class="media-caption">
            <bdi>{name}</bdi> {factsOf(media)}
          </span>
        </button>
      )}
    </div>
  );
}

function AudioMedia({ media }: { media: Media }): JSX.Element {
  const [isWanted, setWanted] = useState(false);
  const sound = useMedia(isWanted ? { source: media.source, type: media.mimetype } : null);
  const name = tidyName(media.name);
  if (sound.hasFailed) return <FileMedia media={media} note={t().messages.mediaFailed} />;
  return (
    <div class="media-file" data-testid="message-audio">
      {sound.url ? (
        <audio src={sound.url} controls autoplay aria-label={name} />
      ) : (
        <>
          <button
            type="button"
            class="icon-button"
            aria-label={t().messages.play(name)}
            aria-busy={isWanted}
            onClick={() => setWanted(true)}
            data-testid="message-play"
          >
            {isWanted ? <span class="spinner-wheel" /> : <Icon name="play" />}
          </button>
          <FileName name={name} facts={factsOf(media)} />
        </>
      )}
    </div>
  );
}

function FileMedia({ media, note }: { media: Media; note?: string }): JSX.Element {
  const save = useSaving(media);
  const name = tidyName(media.name) || t().messages.file;
  return (
    <div class="media-file" data-testid="message-file">
      <span class="media-file-icon">
        <Icon name="file" />
      </span>
      <FileName name={name} facts={note ?? save.failure ?? factsOf(media)} />
      <button
        type="button"
        class="icon-button"
        aria-label={t().messages.downloadFile(name)}
        title={t().common.download}
        aria-busy={save.isRunning}
        onClick={() => void save.run()}
        data-testid="message-download"
      >
        {save.isRunning ? <span class="spinner-wheel" /> : <Icon name="download" />}
      </button>
    </div>
  );
}

function FileName({ name, facts }: { name: string; facts: string }): JSX.Element {
  return (
    <span class="media-file-text">
      <span class="media-file-name" title={name} data-testid="message-file-name">
        <bdi>{name}</bdi>
      </span>
      <small>{facts}</small>
    </span>
  );
}

function factsOf(media: Media): string {
  const facts = [media.durationMs && durationText(media.durationMs), media.sizeBytes && byteText(media.sizeBytes)];
  return facts.filter(Boolean).join(" · ");
}

interface Saving {
  readonly isRunning: boolean;
  readonly failure: string | null;
  readonly run: () => Promise<void>;
}

/** Fetches an attachment and gives it to the browser to save. */
export function useSaving(media: Media): Saving {
  const { media: repository } = useWorkspace();
  const [isRunning, setRunning] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const run = async (): Promise<void> => {
    if (isRunning) return;
    setRunning(true);
    setFailure(null);
    try {
      const blob = await repository.fetch({ source: media.source, type: media.mimetype });
      saveAs(blob, tidyName(media.name) || "file");
    } catch (error) {
      setFailure(sentenceOf(error));
    } finally {
      setRunning(false);
    }
  };
  return { isRunning, failure, run };
}

function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name.replace(/[/\\:*?"<>|]/g, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
