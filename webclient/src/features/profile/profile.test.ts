import { expect, test } from "vitest";

import { powerOf } from "../../core/power";
import { actionsOn } from "./state";

const power = powerOf({ users: { "@admin:t": 100, "@mod:t": 50, "@mod2:t": 50 } });

test.each([
  ["@admin:t", "@mod:t", "join", { kick: true, ban: true, unban: false }],
  ["@mod:t", "@ann:t", "join", { kick: true, ban: true, unban: false }],
  ["@mod:t", "@ann:t", "invite", { kick: true, ban: true, unban: false }],
  ["@mod:t", "@ann:t", "leave", { kick: false, ban: true, unban: false }],
  ["@mod:t", "@ann:t", "ban", { kick: false, ban: false, unban: true }],
  ["@mod:t", "@mod2:t", "join", { kick: false, ban: false, unban: false }],
  ["@ann:t", "@bob:t", "join", { kick: false, ban: false, unban: false }],
  ["@admin:t", "@admin:t", "join", { kick: false, ban: false, unban: false }],
])("%s may do to %s, who is %s: %j", (own, other, membership, may) => {
  expect(actionsOn(power, own, other, membership)).toMatchObject(may);
});

test("outside of a room nothing can be done to anybody", () => {
  expect(actionsOn(null, "@a:t", "@b:t", null)).toEqual({ kick: false, ban: false, unban: false, promote: [] });
});
