import type { Room } from "matrix-js-sdk";
import { h, type JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import { useOwned } from "../core/owned";
import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { DropZone } from "../features/composer/drop-zone";
import { ComposerState, isEditable } from "../features/composer/state";
import { Composer, NoComposer } from "../features/composer/view";
import { menuFor } from "../features/message-actions/menu";
import { MessageWork } from "../features/message-actions/state";
import { PollDialog } from "../features/polls/create-dialog";
import type { MessageActions } from "../features/timeline/actions";
import { TimelineState } from "../features/timeline/state";
import { Timeline } from "../features/timeline/view";
import { typingNoticesTo } from "../features/typing/state";
import { TypingLine } from "../features/typing/view";

interface ConversationProps {
  room: Room;
  threadId?: string | null;
  /** A message to show; another object asks for it again. */
  target?: { readonly eventId: string } | null;
  /** Why nothing can be written here. */
  silence: string | null;
  placeholder: string;
  onThread: ((rootId: string) => void) | null;
  onUser: (userId: string) => void;
}

/** Messages and where one writes them: of a room, or of one thread. */
export function Conversation(props: ConversationProps): JSX.Element {
  const { room, threadId = null, target = null, silence, placeholder, onThread, onUser } = props;
  const { client, router, dialogs, userId } = useWorkspace();
  const timeline = useOwned(() => new TimelineState(client, room, threadId), [client, room, threadId]);
  const composer = useMemo(
    () => new ComposerState(client, room, threadId, (roomId) => router.go({ page: "room", roomId })),
    [client, room, threadId],
  );
  const work = useMemo(() => new MessageWork(client, room), [client, room]);
  const notices = useMemo(() => typingNoticesTo(client, room.roomId), [client, room]);
  useEffect(() => () => notices.stopped(), [notices]);
  const mayWrite = silence === null;
  const actions = useMemo((): MessageActions => {
    return {
      mayWrite,
      mayEdit: (entry) => {
        const event = room.findEventById(entry.eventId);
        return event !== undefined && isEditable(event, userId);
      },
      reply: (entry) => composer.reply(entry.eventId),
      edit: (entry) => {
        const event = room.findEventById(entry.eventId);
        if (event) composer.edit(event);
      },
      toggleReaction: (entry, key, own) => void work.toggleReaction(entry.eventId, key, own?.ownEventId ?? null),
      openThread: onThread,
      menu: (entry) => menuFor(entry, work, dialogs, userId),
      openUser: (sender) => onUser(sender),
    };
  }, [room, composer, work, dialogs, mayWrite, onThread, onUser]);
  const askPoll = (): void => {
    dialogs.show((onClose) => h(PollDialog, { onClose, onSend: (type, content) => composer.sendPoll(type, content) }));
  };

  return (
    <DropZone onFiles={mayWrite ? (files) => composer.uploads.stage(files) : null}>
      <Timeline state={timeline} actions={actions} target={target} testId={threadId === null ? "timeline" : "thread-timeline"} />
      {threadId === null ? <TypingLine room={room} /> : <div class="typing" />}
      {mayWrite ? (
        <Composer
          state={composer}
          placeholder={threadId === null ? placeholder : t().threads.placeholder}
          onTyping={(text) => threadId === null && notices.changed(text)}
          onSent={() => {
            notices.stopped();
            timeline.showEnd();
          }}
          onPoll={askPoll}
        />
      ) : (
        <NoComposer reason={silence} />
      )}
      <WorkFailure work={work} />
    </DropZone>
  );
}

/** Says why what was asked for in a menu did not happen; it goes away by itself when something else works. */
function WorkFailure({ work }: { work: MessageWork }): JSX.Element {
  const sentence = work.task.failure.value;
  return (
    <div class="work-failure" role="status">
      {sentence !== null && (
        <p data-testid="action-error">
          {sentence}{" "}
          <button type="button" class="link" onClick={() => (work.task.failure.value = null)}>
            {t().common.close}
          </button>
        </p>
      )}
    </div>
  );
}
