import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import type { JsonObject } from "../../core/api";
import { Task } from "../../core/task";
import { t } from "../../core/texts";
import { Dialog, Failure, Field } from "../../design/components";
import { pollContent, pollTypes } from "../../messages/poll";

const fewest = 2;
const most = 20;

interface PollDialogProps {
  onSend: (type: string, content: JsonObject) => Promise<void>;
  onClose: () => void;
}

/** Asks for a question and its answers. */
export function PollDialog({ onSend, onClose }: PollDialogProps): JSX.Element {
  const [question, setQuestion] = useState("");
  const [answers, setAnswers] = useState<readonly string[]>(["", ""]);
  const [isDisclosed, setDisclosed] = useState(true);
  const [isMultiple, setMultiple] = useState(false);
  const task = useMemo(() => new Task(), []);
  const given = answers.map((answer) => answer.trim()).filter(Boolean);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const isDone = await task.run(async () => {
      if (given.length < fewest) throw new Error(t().polls.twoAnswers);
      const selections = isMultiple ? given.length : 1;
      await onSend(pollTypes.start[1], pollContent(question.trim(), given, isDisclosed, selections));
      return true;
    });
    if (isDone) onClose();
  };
  return (
    <Dialog title={t().polls.create} onClose={onClose} testId="poll-dialog">
      <form class="dialog-form" onSubmit={(event) => void submit(event)}>
        <Field label={t().polls.question} value={question} onValue={setQuestion} hasFocus isProse testId="poll-dialog-question" />
        {answers.map((answer, index) => (
          <Field
            key={index}
            label={t().polls.answer(index + 1)}
            value={answer}
            onValue={(value) => setAnswers(answers.map((each, at) => (at === index ? value : each)))}
            isProse
            isOptional={index >= fewest}
            testId="poll-dialog-answer"
          />
        ))}
        {answers.length < most && (
          <button type="button" class="small" onClick={() => setAnswers([...answers, ""])} data-testid="poll-dialog-add">
            {t().polls.addAnswer}
          </button>
        )}
        <Tick label={t().polls.multiple} isTicked={isMultiple} onTick={setMultiple} testId="poll-dialog-multiple" />
        <Tick label={t().polls.showResults} isTicked={isDisclosed} onTick={setDisclosed} testId="poll-dialog-disclosed" />
        <Failure sentence={task.failure.value} testId="poll-dialog-error" />
        <button type="submit" class="primary" disabled={task.isRunning.value} data-testid="poll-dialog-submit">
          {t().polls.send}
        </button>
      </form>
    </Dialog>
  );
}

interface TickProps {
  label: string;
  isTicked: boolean;
  onTick: (isTicked: boolean) => void;
  testId: string;
}

function Tick({ label, isTicked, onTick, testId }: TickProps): JSX.Element {
  return (
    <label class="tick">
      <input type="checkbox" checked={isTicked} onChange={(event) => onTick(event.currentTarget.checked)} data-testid={testId} />
      {label}
    </label>
  );
}
