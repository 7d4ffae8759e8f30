import { h } from "preact";

import type { Dialogs } from "../../core/dialogs";
import { t } from "../../core/texts";
import type { MenuItem } from "../../design/menu";
import type { MessageEntry } from "../../messages/entry";
import { DeleteDialog, ForwardDialog, HistoryDialog, ReportDialog, SourceDialog } from "./dialogs";
import { textToCopy, type MessageWork } from "./state";

/** Everything that can be done with a message. */
export function menuFor(entry: MessageEntry, work: MessageWork, dialogs: Dialogs, me: string): MenuItem[] {
  const texts = t().messages;
  const { eventId } = entry;
  const isDeleted = entry.body.kind === "deleted";
  const text = textToCopy(entry);
  const items: (MenuItem | false)[] = [
    text !== null && { label: texts.copyText, icon: "copy", testId: "menu-copy-text", onChoose: () => copy(text) },
    { label: texts.copyLink, icon: "link", testId: "menu-copy-link", onChoose: () => copy(work.linkTo(eventId)) },
    !isDeleted && {
      label: texts.forward,
      icon: "forward",
      testId: "menu-forward",
      onChoose: () => dialogs.show((onClose) => h(ForwardDialog, { eventId, work, onClose })),
    },
    !isDeleted &&
      work.mayPin() && {
        label: entry.isPinned ? texts.unpin : texts.pin,
        icon: "pin",
        testId: "menu-pin",
        onChoose: () => void work.togglePin(eventId),
      },
    entry.isEdited && {
      label: texts.history,
      icon: "clock",
      testId: "menu-history",
      onChoose: () => dialogs.show((onClose) => h(HistoryDialog, { entry, work, onClose })),
    },
    {
      label: texts.source,
      icon: "code",
      testId: "menu-source",
      startsGroup: true,
      onChoose: () => dialogs.show((onClose) => h(SourceDialog, { eventId, work, onClose })),
    },
    entry.senderId !== me && {
      label: texts.report,
      icon: "flag",
      testId: "menu-report",
      onChoose: () => dialogs.show((onClose) => h(ReportDialog, { eventId, work, onClose })),
    },
    !isDeleted &&
      work.mayRemove(eventId) && {
        label: texts.remove,
        icon: "trash",
        testId: "menu-delete",
        isDanger: true,
        onChoose: () => dialogs.show((onClose) => h(DeleteDialog, { eventId, work, onClose })),
      },
  ];
  return items.filter((item) => item !== false);
}

function copy(text: string): void {
  navigator.clipboard.writeText(text).catch(() => undefined);
}
