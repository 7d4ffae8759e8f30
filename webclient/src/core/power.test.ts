import { expect, test } from "vitest";

import { mayGive, powerOf } from "./power";

const content = {
  users: { "@admin:t": 100, "@mod:t": 50, "@odd:t": "100" },
  events: { "m.room.name": 75 },
  users_default: 10,
};

test("levels are the user's own, or the room's default", () => {
  const power = powerOf(content, new Set(["@creator:t"]));
  expect(["@admin:t", "@mod:t", "@nobody:t", "@odd:t", "@creator:t"].map((each) => power.of(each))).toEqual([
    100, 50, 10, 10, Infinity,
  ]);
});

test("what is not said in the levels is as the specification says", () => {
  const power = powerOf({ ban: "x" });
  expect([power.ban, power.kick, power.redact, power.invite]).toEqual([50, 50, 50, 0]);
  expect([power.toSend("m.room.topic", true), power.toSend("m.room.message", false)]).toEqual([50, 0]);
  expect(powerOf(content).toSend("m.room.name", true)).toBe(75);
});

test.each([
  ["@admin:t", "@mod:t", [100, 50, 0]],
  ["@admin:t", "@other:t", [100, 50, 10, 0]],
  ["@admin:t", "@admin:t", [100, 50, 0]],
  ["@mod:t", "@admin:t", []],
  ["@mod:t", "@other:t", [50, 10, 0]],
  ["@other:t", "@mod:t", []],
  ["@admin:t", "@creator:t", []],
  ["@creator:t", "@admin:t", [100, 50, 0]],
])("%s may give %s the levels %j", (own, other, levels) => {
  const power = powerOf({ ...content, events: {} }, new Set(["@creator:t"]));
  expect(mayGive(power, own, other)).toEqual(levels);
});
