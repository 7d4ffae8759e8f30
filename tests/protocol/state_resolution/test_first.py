"""Resolution of room version 1. https://spec.matrix.org/v1.19/rooms/v1/#state-resolution"""

from __future__ import annotations

import hashlib
import unittest

from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.state_resolution import EventGraph, resolve
from tests.protocol.sample_rooms import (
    ALICE,
    BOB,
    CAROL,
    CREATE,
    JOIN_RULES,
    POWER,
    TOPIC,
    SampleRoom,
    State,
    after,
    ids_of,
    without,
)

_BOB_KEY: StateKey = ("m.room.member", BOB)
_CAROL_KEY: StateKey = ("m.room.member", CAROL)


def _sha1(event: Event) -> str:
    return hashlib.sha1(event.event_id.encode()).hexdigest()


class FirstAlgorithm(unittest.TestCase):
    def setUp(self) -> None:
        self.room = SampleRoom("1").join_rule("public").member(BOB, "join").power(users={BOB: 50})

    def _resolved(self, *states: State) -> State:
        result = resolve(self.room.version, [ids_of(state) for state in states], EventGraph(self.room.events))
        return {key: self.room.events[event_id] for key, event_id in result.items()}

    def test_what_only_one_state_has_is_no_conflict(self) -> None:
        """States that lack a key do not argue about it: here the topic, though its sender is banned in the other."""
        state = self.room.state
        banned = self.room.membership(BOB, "ban", ALICE, depth=20)
        topic = self.room.topic(BOB, "t", depth=10)

        result = self._resolved(after(state, banned), after(state, topic))

        self.assertEqual(result[TOPIC], topic)
        self.assertEqual(result[_BOB_KEY], banned)

    def test_conflicts_are_judged_by_what_only_one_state_has(self) -> None:
        """Bob's membership is in one state alone, and counts when his power levels are checked."""
        state = self.room.state
        lower = self.room.power_event(ALICE, users={BOB: 50}, ban=20)
        newer = self.room.power_event(BOB, users={BOB: 50}, ban=30)

        result = self._resolved(after(without(state, [_BOB_KEY]), lower), after(state, newer))

        self.assertEqual(result[POWER], newer)

    def test_power_levels_are_applied_oldest_first_until_one_is_not_allowed(self) -> None:
        """The third would be allowed after the first, but the second ends the list."""
        state = self.room.state
        first = self.room.power_event(ALICE, users={BOB: 50}, ban=20)
        refused = self.room.power_event(CAROL, users={BOB: 50}, ban=21)
        third = self.room.power_event(BOB, users={BOB: 50}, ban=22)

        result = self._resolved(after(state, first), after(state, refused), after(state, third))
        self.assertEqual(result[POWER], first)

        result = self._resolved(after(state, first), after(state, third))
        self.assertEqual(result[POWER], third)

    def test_of_one_depth_the_greater_sha1_comes_first(self) -> None:
        """So that the one with the lesser is applied last and stays."""
        state = self.room.state
        rules = [
            self.room.event("m.room.join_rules", ALICE, {"join_rule": rule}, state_key="", depth=30)
            for rule in ("invite", "public", "private")
        ]

        result = self._resolved(*(after(state, one) for one in rules))

        self.assertEqual(result[JOIN_RULES], min(rules, key=_sha1))

    def test_power_levels_before_join_rules_before_members(self) -> None:
        """Each is judged by what was settled before it: Bob may open the room by his new power, then Carol may join."""
        room = SampleRoom("1").member(BOB, "join").power(users={BOB: 0}).join_rule("invite")
        self.room, state = room, room.state
        raised = room.power_event(ALICE, users={BOB: 50})
        opened = room.event("m.room.join_rules", BOB, {"join_rule": "public"}, state_key="")
        left, joined = room.membership(CAROL, "leave"), room.membership(CAROL, "join")

        result = self._resolved(after(state, left), after(state, raised, opened, joined))

        self.assertEqual((result[POWER], result[JOIN_RULES], result[_CAROL_KEY]), (raised, opened, joined))

    def test_what_a_settled_demotion_forbids_is_refused(self) -> None:
        """Bob closes the room while Alice takes his power away."""
        state = self.room.state
        demoted = self.room.power_event(ALICE, users={BOB: 0})
        closed = self.room.event("m.room.join_rules", BOB, {"join_rule": "invite"}, state_key="")

        result = self._resolved(after(state, demoted), after(state, closed))

        self.assertEqual((result[POWER], result[JOIN_RULES]), (demoted, state[JOIN_RULES]))

    def test_a_ban_stays_against_a_join_that_came_later(self) -> None:
        """By depth the ban is first, and then the join is not allowed."""
        state = self.room.state
        banned = self.room.membership(BOB, "ban", ALICE, depth=20)
        joined = self.room.membership(BOB, "join", depth=21, more={"displayname": "B"})

        self.assertEqual(self._resolved(after(state, banned), after(state, joined))[_BOB_KEY], banned)

    def test_other_state_is_the_deepest_that_is_allowed(self) -> None:
        """Of one depth the lesser SHA-1 of the event id; what is not allowed is passed over."""
        state = self.room.state
        old = self.room.topic(ALICE, "old", depth=20)
        new = [self.room.topic(BOB, text, depth=21) for text in ("one", "two", "three")]
        refused = self.room.topic(CAROL, "refused", depth=22)

        result = self._resolved(*(after(state, one) for one in (old, *new, refused)))

        self.assertEqual(result[TOPIC], min(new, key=_sha1))

    def test_what_agrees_stays(self) -> None:
        """The create event, for one."""
        state = self.room.state
        result = self._resolved(state, after(state, self.room.topic(ALICE, "t")))

        self.assertEqual(result[CREATE], self.room.create)
        self.assertEqual(set(result), {*state, TOPIC})
