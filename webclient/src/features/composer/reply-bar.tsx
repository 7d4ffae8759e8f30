import type { JSX } from "preact";

import { t } from "../../core/texts";
import { IconButton } from "../../design/components";
import { Icon } from "../../design/icons";
import { bodyOf, summaryOf } from "../../messages/body";
import { nameThen } from "../../messages/entry";
import type { ComposerState } from "./state";

/** Says what is being answered or changed, for as long as it is. */
export function ReplyBar({ state }: { state: ComposerState }): JSX.Element | null {
  const { replyTo, editing } = state.draft.value;
  const eventId = editing ?? replyTo;
  if (eventId === null) return null;
  const event = state.room.findEventById(eventId);
  const name = event ? nameThen(event, state.room) : "";
  const isEdit = editing !== null;
  return (
    <div class="reply-bar" data-testid={isEdit ? "composer-editing" : "composer-replying"}>
      <Icon name={isEdit ? "edit" : "reply"} />
      <span class="reply-bar-text">
        <strong>{isEdit ? t().composer.editing : t().composer.replyingTo(name)}</strong>
        {event && <span dir="auto">{summaryOf(bodyOf(event), t().messages.kinds)}</span>}
      </span>
      <IconButton icon="close" label={t().common.cancel} onClick={() => state.cancel()} testId="composer-cancel" />
    </div>
  );
}
