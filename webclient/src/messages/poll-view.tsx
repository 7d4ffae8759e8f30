import type { JSX } from "preact";
import { useContext, useEffect } from "preact/hooks";

import { useOwned } from "../core/owned";
import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { Failure } from "../design/components";
import { Icon } from "../design/icons";
import { MessageContext } from "./context";
import { PollState } from "./poll-state";
import type { PollAnswer, PollQuestion, PollResult } from "./poll";

interface PollViewProps {
  poll: PollQuestion;
  eventId: string;
  type: string;
  senderId: string;
}

export function PollView({ poll, eventId, type, senderId }: PollViewProps): JSX.Element {
  const { client, userId } = useWorkspace();
  const { roomId } = useContext(MessageContext);
  const room = client.getRoom(roomId);
  if (!room) return <p class="message-body">{poll.question}</p>;
  const state = useOwned(
    () => new PollState(client, room, { ...poll, eventId, type, senderId }),
    [client, room, poll, eventId],
  );
  // A local echo has no id that the server knows.
  useEffect(() => void (eventId.startsWith("$") && state.load()), [state, eventId]);
  const { result } = state;
  const showsResult = result.isEnded || (poll.isDisclosed && result.own.length > 0);
  const most = Math.max(...result.votes.values(), 1);
  return (
    <section class="poll" aria-label={t().polls.poll} data-testid="poll">
      <h3 class="poll-question" dir="auto">
        <Icon name="poll" />
        <span data-testid="poll-question">{poll.question}</span>
      </h3>
      <ul class="poll-answers">
        {poll.answers.map((answer) => (
          <li key={answer.id}>
            <Answer
              answer={answer}
              result={result}
              showsResult={showsResult}
              most={most}
              onVote={() => void state.vote(answer.id)}
            />
          </li>
        ))}
      </ul>
      <Failure sentence={state.voting.failure.value} testId="poll-error" />
      <footer class="poll-footer">
        <span data-testid="poll-total">{footerText(poll, result)}</span>
        {!result.isEnded && eventId.startsWith("$") && state.mayEnd(userId) && (
          <button type="button" class="link" onClick={() => void state.end(t().polls.ended)} data-testid="poll-end">
            {t().polls.end}
          </button>
        )}
      </footer>
    </section>
  );
}

function footerText(poll: PollQuestion, result: PollResult): string {
  if (result.isEnded) return t().polls.finalVotes(result.voters);
  return poll.isDisclosed ? t().polls.votes(result.voters) : t().polls.hidden(result.voters);
}

interface AnswerProps {
  answer: PollAnswer;
  result: PollResult;
  showsResult: boolean;
  most: number;
  onVote: () => void;
}

function Answer({ answer, result, showsResult, most, onVote }: AnswerProps): JSX.Element {
  const votes = result.votes.get(answer.id) ?? 0;
  const isChosen = result.own.includes(answer.id);
  const share = showsResult ? votes / Math.max(result.voters, 1) : 0;
  const isWinner = result.isEnded && votes > 0 && votes === most;
  return (
    <button
      type="button"
      class={`poll-answer${isChosen ? " poll-answer-chosen" : ""}${isWinner ? " poll-answer-winner" : ""}`}
      aria-pressed={isChosen}
      disabled={result.isEnded}
      onClick={onVote}
      data-testid="poll-answer"
    >
      <span class="poll-bar" ref={(bar) => bar?.style.setProperty("--share", String(share))} aria-hidden="true" />
      <span class="poll-mark" aria-hidden="true">
        {isChosen && <Icon name="check" />}
      </span>
      <span class="poll-text" dir="auto">
        {answer.text}
      </span>
      {showsResult && <span class="poll-count">{t().polls.votes(votes)}</span>}
    </button>
  );
}
