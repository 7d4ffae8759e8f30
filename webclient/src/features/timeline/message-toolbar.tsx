import type { JSX } from "preact";

import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { placeOf } from "../../design/floating";
import { Icon, type IconName } from "../../design/icons";
import { Menu } from "../../design/menu";
import { openEmojiPicker } from "../../emoji/open";
import { recentEmoji } from "../../emoji/recent";
import type { MessageEntry } from "../../messages/entry";
import type { TimelineSurroundings } from "./view";

const quickReactions = 3;

/** What most people want with a message, and a menu with the rest. Shown while the pointer or the focus is there. */
export function MessageToolbar({ entry, surroundings }: { entry: MessageEntry; surroundings: TimelineSurroundings }): JSX.Element | null {
  const { dialogs, userId } = useWorkspace();
  const { actions } = surroundings;
  const isDeleted = entry.body.kind === "deleted";
  const react = (key: string): void => {
    const own = entry.reactions.find((reaction) => reaction.key === key);
    actions.toggleReaction(entry, key, own);
  };
  return (
    <div class="message-toolbar" role="toolbar" aria-label={t().messages.actions} data-testid="message-toolbar">
      {actions.mayWrite && !isDeleted && (
        <>
          {recentEmoji(userId)
            .slice(0, quickReactions)
            .map((key) => (
              <button
                key={key}
                type="button"
                class="icon-button message-quick"
                aria-label={t().messages.reactWith(key)}
                title={t().messages.reactWith(key)}
                onClick={() => react(key)}
                data-testid="message-quick-reaction"
              >
                {key}
              </button>
            ))}
          <Action icon="smile" label={t().messages.react} testId="message-react" onClick={(button) => openEmojiPicker(dialogs, placeOf(button), react)} />
          <Action icon="reply" label={t().messages.reply} testId="message-reply" onClick={() => actions.reply(entry)} />
          {actions.openThread && !entry.thread && (
            <Action icon="thread" label={t().threads.reply} testId="message-thread" onClick={() => actions.openThread?.(entry.eventId)} />
          )}
          {actions.mayEdit(entry) && (
            <Action icon="edit" label={t().messages.edit} testId="message-edit" onClick={() => actions.edit(entry)} />
          )}
        </>
      )}
      <Action icon="more" label={t().messages.more} testId="message-more" onClick={(button) => {
        const place = placeOf(button);
        dialogs.show((close) => <Menu items={actions.menu(entry)} place={place} label={t().messages.actions} testId="message-menu" onClose={close} />);
      }} />
    </div>
  );
}

interface ActionProps {
  icon: IconName;
  label: string;
  testId: string;
  onClick: (button: HTMLElement) => void;
}

function Action({ icon, label, testId, onClick }: ActionProps): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      title={label}
      aria-label={label}
      onClick={(event) => onClick(event.currentTarget)}
      data-testid={testId}
    >
      <Icon name={icon} />
    </button>
  );
}
