import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { roomPicture } from "../../core/media/avatar-of";
import { MediaAvatar } from "../../core/media/avatar";
import { Task } from "../../core/task";
import { t } from "../../core/texts";
import { Dialog, Failure, Field, Spinner } from "../../design/components";
import { bodyIn } from "../../messages/body";
import { CodeBlock } from "../../messages/code-block";
import type { MessageEntry } from "../../messages/entry";
import { RichTextView } from "../../messages/rich-text";
import { fullTimeText } from "../../messages/text";
import type { MessageWork } from "./state";
import "./message-actions.css";

interface MessageDialogProps {
  eventId: string;
  work: MessageWork;
  onClose: () => void;
}

export function DeleteDialog({ eventId, work, onClose }: MessageDialogProps): JSX.Element {
  return (
    <ReasonDialog
      title={t().messages.removeTitle}
      hint={t().messages.removeHint}
      confirm={t().messages.remove}
      testId="delete-dialog"
      onConfirm={(reason) => work.remove(eventId, reason)}
      onClose={onClose}
    />
  );
}

export function ReportDialog({ eventId, work, onClose }: MessageDialogProps): JSX.Element {
  return (
    <ReasonDialog
      title={t().messages.reportTitle}
      hint={t().messages.reportHint}
      confirm={t().messages.report}
      testId="report-dialog"
      onConfirm={(reason) => work.report(eventId, reason)}
      onClose={onClose}
    />
  );
}

interface ReasonDialogProps {
  title: string;
  hint: string;
  confirm: string;
  testId: string;
  onConfirm: (reason: string) => Promise<void>;
  onClose: () => void;
}

function ReasonDialog({ title, hint, confirm, testId, onConfirm, onClose }: ReasonDialogProps): JSX.Element {
  const [reason, setReason] = useState("");
  const task = useMemo(() => new Task(), []);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const isDone = await task.run(async () => {
      await onConfirm(reason);
      return true;
    });
    if (isDone) onClose();
  };
  return (
    <Dialog title={title} onClose={onClose} testId={testId}>
      <form class="dialog-form" onSubmit={(event) => void submit(event)}>
        <p>{hint}</p>
        <Field
          label={t().common.optional(t().messages.reason)}
          value={reason}
          onValue={setReason}
          isProse
          isOptional
          testId={`${testId}-reason`}
        />
        <Failure sentence={task.failure.value} testId={`${testId}-error`} />
        <button type="submit" class="danger" disabled={task.isRunning.value} data-testid={`${testId}-confirm`}>
          {confirm}
        </button>
      </form>
    </Dialog>
  );
}

interface HistoryDialogProps {
  entry: MessageEntry;
  work: MessageWork;
  onClose: () => void;
}

export function HistoryDialog({ entry, work, onClose }: HistoryDialogProps): JSX.Element {
  const [wordings, setWordings] = useState<Awaited<ReturnType<MessageWork["history"]>> | null>(null);
  const task = useMemo(() => new Task(), []);
  useEffect(() => void task.run(() => work.history(entry.eventId)).then(setWordings), []);
  return (
    <Dialog title={t().messages.history} onClose={onClose} testId="history-dialog">
      <div class="dialog-form">
        {task.isRunning.value && <Spinner label={t().common.loading} />}
        <Failure sentence={task.failure.value} testId="history-error" />
        <ol class="history" data-testid="history-list">
          {wordings?.map(({ atMs, content }) => {
            const body = bodyIn("m.room.message", content);
            return (
              <li key={atMs} class="history-wording" data-testid="history-wording">
                <small>{fullTimeText(atMs)}</small>
                <div dir="auto">{body.kind === "text" ? <RichTextView content={body} /> : t().messages.unshowable}</div>
              </li>
            );
          })}
        </ol>
      </div>
    </Dialog>
  );
}

export function SourceDialog({ eventId, work, onClose }: MessageDialogProps): JSX.Element {
  const event = work.find(eventId);
  const source = JSON.stringify(event?.getEffectiveEvent() ?? null, null, 2);
  return (
    <Dialog title={t().messages.source} onClose={onClose} testId="source-dialog">
      <div class="dialog-form source">
        <CodeBlock code={source} language="json" />
      </div>
    </Dialog>
  );
}

export function ForwardDialog({ eventId, work, onClose }: MessageDialogProps): JSX.Element {
  const [typed, setTyped] = useState("");
  const [sentTo, setSentTo] = useState<ReadonlySet<string>>(new Set());
  const task = useMemo(() => new Task(), []);
  const goals = useMemo(() => work.goals(), [work]);
  const found = goals.filter((room) => room.name.toLowerCase().includes(typed.toLowerCase())).slice(0, 30);
  return (
    <Dialog title={t().messages.forwardTitle} onClose={onClose} testId="forward-dialog">
      <div class="dialog-form">
        <Field label={t().messages.forwardTo} value={typed} onValue={setTyped} hasFocus isOptional testId="forward-search" />
        <Failure sentence={task.failure.value} testId="forward-error" />
        <ul class="forward-list">
          {found.map((room) => (
            <li key={room.roomId} class="forward-goal">
              <MediaAvatar id={room.roomId} name={room.name} mxc={roomPicture(room)} size="small" />
              <bdi class="forward-name">{room.name}</bdi>
              <button
                type="button"
                class="small"
                disabled={sentTo.has(room.roomId) || task.isRunning.value}
                aria-label={t().messages.forwardToRoom(room.name)}
                onClick={() => {
                  void task
                    .run(async () => {
                      await work.forward(eventId, room);
                      return true;
                    })
                    .then((isDone) => isDone && setSentTo(new Set([...sentTo, room.roomId])));
                }}
                data-testid="forward-goal"
              >
                {sentTo.has(room.roomId) ? t().messages.sent : t().composer.send}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
