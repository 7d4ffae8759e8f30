import type { JSX } from "preact";

import { t } from "../core/texts";
import type { Body, RichText } from "./body";
import type { MessageEntry } from "./entry";
import { MediaView } from "./media-view";
import { PollView } from "./poll-view";
import { RichTextView } from "./rich-text";

/** What a message says. */
export function BodyView({ entry }: { entry: MessageEntry }): JSX.Element {
  const { body } = entry;
  switch (body.kind) {
    case "text":
      return <TextBody content={body} entry={entry} />;
    case "media":
      return (
        <>
          <MediaView media={body.media} eventId={entry.eventId} />
          {body.caption && <TextBody content={body.caption} entry={entry} />}
        </>
      );
    case "poll":
      return <PollView poll={body.poll} eventId={entry.eventId} type={entry.type} senderId={entry.senderId} />;
    case "location":
      return <LocationBody text={body.text} uri={body.uri} />;
    default:
      return <QuietBody body={body} />;
  }
}

function TextBody({ content, entry }: { content: RichText; entry: MessageEntry }): JSX.Element {
  const isEmote = entry.body.kind === "text" && entry.body.style === "emote";
  const isBig = entry.body.kind === "text" && isOnlyEmoji(content.text);
  return (
    <div class={`message-body${isBig ? " message-body-big" : ""}`} dir="auto" data-testid="message-body">
      {isEmote && (
        <span class="message-actor">
          <bdi>{entry.senderName}</bdi>{" "}
        </span>
      )}
      <RichTextView content={content} />
      {entry.isEdited && <small class="message-edited"> {t().timeline.edited}</small>}
    </div>
  );
}

function LocationBody({ text, uri }: { text: string; uri: string }): JSX.Element {
  const [latitude, longitude] = uri.slice(4).split(/[,;]/);
  const href = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
  return (
    <div class="message-body" dir="auto" data-testid="message-body">
      {text}{" "}
      <a href={href} target="_blank" rel="noreferrer noopener">
        {t().messages.openMap}
      </a>
    </div>
  );
}

/** Stands for what cannot be read. */
function QuietBody({ body }: { body: Body }): JSX.Element {
  return (
    <div class="message-body message-body-quiet" data-testid="message-body">
      {quietText(body)}
    </div>
  );
}

function quietText(body: Body): string {
  if (body.kind === "deleted") return body.reason ? t().messages.deletedBecause(body.reason) : t().timeline.deleted;
  if (body.kind === "undecryptable") return body.why;
  return body.kind === "verification" ? t().encryption.requestMessage : t().messages.unshowable;
}

// As a string: the flag is newer than the language level that TypeScript checks for.
const onlyEmoji = new RegExp("^(?:\\p{RGI_Emoji}\\s*){1,3}$", "v");

/** Up to three emoji and nothing else are shown large. */
function isOnlyEmoji(text: string): boolean {
  return text.length <= 40 && onlyEmoji.test(text.trim());
}
