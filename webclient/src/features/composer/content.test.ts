// @vitest-environment jsdom
import { expect, test } from "vitest";

import { asEdit, asReply, inThread, textContent } from "./content";

const say = (text: string, mentions: { name: string; userId: string }[] = []) =>
  textContent({ text, kind: "m.text", mentions });

test("a plain text is only that", () => {
  expect(say("hello")).toEqual({ msgtype: "m.text", body: "hello", "m.mentions": {} });
});

test("markdown goes along as HTML", () => {
  expect(say("**hi**")).toMatchObject({ body: "**hi**", format: "org.matrix.custom.html", formatted_body: "<strong>hi</strong>" });
});

test("who is mentioned is named in m.mentions and linked", () => {
  const content = say("hi @Ann *B* [x], and @Bo", [
    { name: "Bo", userId: "@bo:test" },
    { name: "Ann *B* [x]", userId: "@ann:test" },
    { name: "Gone", userId: "@gone:test" },
  ]);

  expect(content["m.mentions"]).toEqual({ user_ids: ["@ann:test", "@bo:test"] });
  expect(content["formatted_body"]).toBe(
    'hi <a href="https://matrix.to/#/@ann:test">@Ann *B* [x]</a>, and <a href="https://matrix.to/#/@bo:test">@Bo</a>',
  );
});

test("an id in a text is a mention; in code and in addresses it is none", () => {
  expect(say("ask @ann:test.org")["m.mentions"]).toEqual({ user_ids: ["@ann:test.org"] });
  expect(say("https://matrix.to/#/@ann:test.org")["m.mentions"]).toEqual({});
  expect(say("`@Bo`", [{ name: "Bo", userId: "@bo:test" }])["formatted_body"]).toBe("<code>@Bo</code>");
});

test("@room is a mention of all for those who may", () => {
  const wording = { text: "look, @room!", kind: "m.text", mentions: [] } as const;

  expect(textContent({ ...wording, mayMentionRoom: true })["m.mentions"]).toEqual({ room: true });
  expect(textContent(wording)["m.mentions"]).toEqual({});
});

test("an answer mentions whom it answers, but not oneself", () => {
  const reply = asReply(say("yes"), { eventId: "$1", senderId: "@ann:test" }, "@me:test");

  expect(reply["m.mentions"]).toEqual({ user_ids: ["@ann:test"] });
  expect(reply["m.relates_to"]).toEqual({ "m.in_reply_to": { event_id: "$1" } });
  expect(asReply(say("yes"), { eventId: "$1", senderId: "@me:test" }, "@me:test")["m.mentions"]).toEqual({});
});

test("in a thread an answer is one, and what is none only looks so to old clients", () => {
  const reply = asReply(say("yes"), { eventId: "$1", senderId: "@ann:test" }, "@me:test");

  expect(inThread(say("yes"), "$root", "$last")["m.relates_to"]).toEqual({
    rel_type: "m.thread",
    event_id: "$root",
    "m.in_reply_to": { event_id: "$last" },
    is_falling_back: true,
  });
  expect(inThread(reply, "$root", "$last")["m.relates_to"]).toMatchObject({
    "m.in_reply_to": { event_id: "$1" },
    is_falling_back: false,
  });
});

test("an edit tells only those of it who were not mentioned before", () => {
  const mentions = [
    { name: "Ann", userId: "@ann:test" },
    { name: "Bo", userId: "@bo:test" },
  ];
  const edit = asEdit(say("@Ann @Bo", mentions), "$1", ["@ann:test"]);

  expect(edit).toMatchObject({
    body: "* @Ann @Bo",
    "m.mentions": { user_ids: ["@bo:test"] },
    "m.new_content": { body: "@Ann @Bo", "m.mentions": { user_ids: ["@ann:test", "@bo:test"] } },
    "m.relates_to": { rel_type: "m.replace", event_id: "$1" },
  });
});
