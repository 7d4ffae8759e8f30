import { expect, test } from "vitest";

import { peopleFor } from "./state";

const ann = { user_id: "@ann:test", display_name: "Ann", avatar_url: "mxc://test/a" };

test("people of the directory are offered, without oneself", () => {
  expect(peopleFor("a", [ann, { user_id: "@me:test" }, { user_id: "@al:test" }], "@me:test")).toEqual([
    { userId: "@ann:test", name: "Ann", picture: "mxc://test/a" },
    { userId: "@al:test", name: "@al:test", picture: null },
  ]);
});

test.each(["@bob:elsewhere.org", "@bob:elsewhere.org:8448"])("%s is offered though no directory knows it", (term) => {
  expect(peopleFor(term, [], "@me:test").map(({ userId }) => userId)).toEqual([term]);
});

test.each(["bob", "@bob", "@me:test"])("%s is nobody to write to", (term) => {
  expect(peopleFor(term, [], "@me:test")).toEqual([]);
});

test("an id that the directory knows is offered once", () => {
  expect(peopleFor("@ann:test", [ann], "@me:test")).toHaveLength(1);
});
