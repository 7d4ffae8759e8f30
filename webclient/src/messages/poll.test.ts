import { expect, test } from "vitest";

import { countVotes, pollContent, pollIn, voteEvent, type PollEvent, type PollQuestion } from "./poll";

const unstable = "org.matrix.msc3381.poll";
const poll: PollQuestion = {
  question: "Tea?",
  answers: [
    { id: "y", text: "Yes" },
    { id: "n", text: "No" },
  ],
  maxSelections: 1,
  isDisclosed: true,
};

function vote(sender: string, answers: unknown, atMs: number): PollEvent {
  return { type: `${unstable}.response`, sender, atMs, content: { [`${unstable}.response`]: { answers } } };
}

const end = (sender: string, atMs: number): PollEvent => ({ type: "m.poll.end", sender, atMs, content: {} });
const asMe = { me: "@me", mayEnd: (sender: string) => sender === "@owner" };

test.each([
  ["unstable", pollContent("Tea?", ["Yes", "No"], true, 1), `${unstable}.start`],
  [
    "stable",
    {
      "m.poll": {
        kind: "m.disclosed",
        question: { "m.text": [{ body: "Tea?" }] },
        answers: [
          { "m.id": "y", "m.text": [{ body: "Yes" }] },
          { "m.id": "n", "m.text": [{ body: "No" }] },
        ],
      },
    },
    "m.poll.start",
  ],
])("a poll by its %s names is read", (_, content, type) => {
  const read = pollIn(type, content);

  expect(read).toMatchObject({ question: "Tea?", maxSelections: 1, isDisclosed: true });
  expect(read?.answers.map(({ text }) => text)).toEqual(["Yes", "No"]);
});

test.each([{}, { "m.poll": 1 }, { "m.poll": { question: [], answers: {} } }, { "m.poll": { question: { body: "?" }, answers: [1, null, {}] } }])(
  "%j is a poll that cannot be shown",
  (content) => expect(pollIn("m.poll.start", content)).toBeNull(),
);

test("the newest vote of each person counts, up to the end", () => {
  const result = countVotes(
    poll,
    [vote("@a", ["y"], 1), vote("@a", ["n"], 3), vote("@b", ["y"], 2), end("@owner", 4), vote("@c", ["y"], 5)],
    asMe,
  );

  expect([...result.votes]).toEqual([
    ["y", 1],
    ["n", 1],
  ]);
  expect(result).toMatchObject({ voters: 2, isEnded: true, own: [] });
});

test("only who may end a poll ends it", () => {
  expect(countVotes(poll, [end("@b", 1), vote("@me", ["y"], 2)], asMe)).toMatchObject({ isEnded: false, own: ["y"] });
});

test.each([[["x"]], [[]], ["y"], [[1]], [null]])("a vote for %j counts for nothing", (answers) => {
  expect(countVotes(poll, [vote("@a", answers, 1)], asMe).voters).toBe(0);
});

test("more answers than may be chosen are cut", () => {
  expect([...countVotes(poll, [vote("@a", ["y", "n"], 1)], asMe).votes.values()]).toEqual([1, 0]);
});

test("a vote goes out under the name of its poll", () => {
  expect(voteEvent("m.poll.start", "$p", ["y"])).toMatchObject({ type: "m.poll.response", content: { "m.selections": ["y"] } });
  expect(voteEvent(`${unstable}.start`, "$p", ["y"]).type).toBe(`${unstable}.response`);
});
