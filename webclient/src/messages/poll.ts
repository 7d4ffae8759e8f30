import { asObject, asStrings, type JsonObject } from "../core/api";

/** The names of polls' events, stable and unstable: MSC3381, which the specification does not have yet. */
export const pollTypes = {
  start: ["m.poll.start", "org.matrix.msc3381.poll.start"],
  response: ["m.poll.response", "org.matrix.msc3381.poll.response"],
  end: ["m.poll.end", "org.matrix.msc3381.poll.end"],
} as const;

export interface PollAnswer {
  readonly id: string;
  readonly text: string;
}

export interface PollQuestion {
  readonly question: string;
  readonly answers: readonly PollAnswer[];
  readonly maxSelections: number;
  /** Results are shown before the end. */
  readonly isDisclosed: boolean;
}

/** A vote or an end, in plain values. */
export interface PollEvent {
  readonly type: string;
  readonly sender: string;
  readonly atMs: number;
  readonly content: JsonObject;
}

export interface PollResult {
  /** How many chose an answer, by its id. */
  readonly votes: ReadonlyMap<string, number>;
  readonly voters: number;
  readonly own: readonly string[];
  readonly isEnded: boolean;
}

const mostAnswers = 20;

/** Whether a type is one of a poll's, by either name. */
export function isPollType(type: string, part: keyof typeof pollTypes): boolean {
  return (pollTypes[part] as readonly string[]).includes(type);
}

/** The question in a content; undefined for another type of event, null for a poll without a question or answers. */
export function pollIn(type: string, content: JsonObject): PollQuestion | null | undefined {
  if (!isPollType(type, "start")) return undefined;
  const start = asObject(content["m.poll.start"]) ?? asObject(content["m.poll"]) ?? asObject(content[pollTypes.start[1]]);
  const question = textOf(start?.["question"]);
  const given = Array.isArray(start?.["answers"]) ? start["answers"] : [];
  const answers = given.slice(0, mostAnswers).flatMap((raw: unknown) => {
    const answer = asObject(raw);
    const id = answer?.["m.id"] ?? answer?.["id"];
    const text = textOf(raw);
    return typeof id === "string" && text !== null ? [{ id, text }] : [];
  });
  if (!start || question === null || answers.length === 0) return null;
  const most = start["max_selections"];
  return {
    question,
    answers,
    maxSelections: typeof most === "number" && most >= 1 ? Math.floor(most) : 1,
    isDisclosed: start["kind"] === "m.poll.disclosed" || start["kind"] === "m.disclosed" || start["kind"] === "org.matrix.msc3381.poll.disclosed",
  };
}

/** The text of an extensible event, in any of the ways it has been written. */
function textOf(raw: unknown): string | null {
  const holder = asObject(raw);
  if (!holder) return null;
  const extensible = holder["m.text"];
  const parts = Array.isArray(extensible) ? extensible.map((part: unknown) => asObject(part)?.["body"]) : [extensible];
  const candidates: unknown[] = [...parts, holder["org.matrix.msc1767.text"], holder["body"]];
  const found = candidates.find((each): each is string => typeof each === "string" && each.trim() !== "");
  return found ?? null;
}

/**
 * Counts votes: of each person the newest before the end, of it only as many answers as may be chosen; a vote with an
 * answer that there is not is spoiled. Only who may end the poll ends it.
 */
export function countVotes(
  poll: PollQuestion,
  events: readonly PollEvent[],
  { me, mayEnd }: { me: string; mayEnd: (sender: string) => boolean },
): PollResult {
  const ends = events.filter((event) => isPollType(event.type, "end") && mayEnd(event.sender));
  const endMs = Math.min(...ends.map((event) => event.atMs), Infinity);
  const newest = new Map<string, PollEvent>();
  for (const event of events) {
    if (!isPollType(event.type, "response") || event.atMs > endMs) continue;
    if (event.atMs >= (newest.get(event.sender)?.atMs ?? -Infinity)) newest.set(event.sender, event);
  }
  const votes = new Map(poll.answers.map(({ id }) => [id, 0]));
  let voters = 0;
  let own: readonly string[] = [];
  for (const [sender, event] of newest) {
    const chosen = choicesIn(poll, event.content);
    if (sender === me) own = chosen;
    if (chosen.length > 0) voters++;
    for (const id of chosen) votes.set(id, (votes.get(id) ?? 0) + 1);
  }
  return { votes, voters, own, isEnded: ends.length > 0 };
}

function choicesIn(poll: PollQuestion, content: JsonObject): string[] {
  const response = asObject(content["m.poll.response"]) ?? asObject(content[pollTypes.response[1]]);
  const chosen = [...new Set(asStrings(response?.["answers"] ?? content["m.selections"]))].slice(0, poll.maxSelections);
  return chosen.every((id) => poll.answers.some((answer) => answer.id === id)) ? chosen : [];
}

/** The content of a new poll; unstable names beside the stable ones would be a second poll to some clients. */
export function pollContent(question: string, answers: readonly string[], isDisclosed: boolean, most: number): JsonObject {
  const listed = answers.map((text, position) => `${position + 1}. ${text}`).join("\n");
  return {
    "org.matrix.msc1767.text": `${question}\n${listed}`,
    [pollTypes.start[1]]: {
      question: { "org.matrix.msc1767.text": question, body: question, msgtype: "m.text" },
      kind: isDisclosed ? "org.matrix.msc3381.poll.disclosed" : "org.matrix.msc3381.poll.undisclosed",
      max_selections: most,
      answers: answers.map((text, position) => ({ id: `answer-${position + 1}`, "org.matrix.msc1767.text": text })),
    },
  };
}

/** A vote for a poll, under the name that its question has. */
export function voteEvent(pollType: string, pollId: string, answers: readonly string[]): { type: string; content: JsonObject } {
  const relation = { "m.relates_to": { rel_type: "m.reference", event_id: pollId } };
  return pollType === pollTypes.start[0]
    ? { type: pollTypes.response[0], content: { ...relation, "m.selections": answers } }
    : { type: pollTypes.response[1], content: { ...relation, [pollTypes.response[1]]: { answers } } };
}

/** The end of a poll, under the name that its question has. */
export function endEvent(pollType: string, pollId: string, text: string): { type: string; content: JsonObject } {
  const relation = { "m.relates_to": { rel_type: "m.reference", event_id: pollId } };
  return pollType === pollTypes.start[0]
    ? { type: pollTypes.end[0], content: { ...relation, "m.text": [{ body: text }] } }
    : { type: pollTypes.end[1], content: { ...relation, "org.matrix.msc1767.text": text, [pollTypes.end[1]]: {} } };
}
