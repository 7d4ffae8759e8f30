"""Resolution of room versions 2 to 12, by worked examples. https://spec.matrix.org/v1.19/rooms/v2/#state-resolution"""

from __future__ import annotations

import unittest

from homeserver.protocol.events import StateKey
from homeserver.protocol.state_resolution import EventGraph, resolve
from tests.protocol.sample_rooms import (
    ALICE,
    BOB,
    CAROL,
    JOIN_RULES,
    POWER,
    TOPIC,
    SampleRoom,
    State,
    after,
    ids_of,
    without,
)

_VERSIONS = ("2", "3", "6", "10", "11", "12")
_BOB_KEY: StateKey = ("m.room.member", BOB)
_CAROL_KEY: StateKey = ("m.room.member", CAROL)


def _resolved(room: SampleRoom, *states: State) -> State:
    result = resolve(room.version, [ids_of(state) for state in states], EventGraph(room.events))
    return {key: room.events[event_id] for key, event_id in result.items()}


def _room(version: str) -> SampleRoom:
    """A public room in which Bob and Carol have joined; Bob has power level 50."""
    return SampleRoom(version).power(users={BOB: 50}).join_rule("public").member(BOB, "join").member(CAROL, "join")


class BothAlgorithms(unittest.TestCase):
    """What versions 2 and 2.1 of the algorithm have in common."""

    def _for_each(self) -> list[SampleRoom]:
        return [_room(version) for version in _VERSIONS]

    def test_a_ban_stays_against_a_concurrent_change_of_name(self) -> None:
        """A ban is a power event, so it is applied first; the join is not allowed after it, whatever its time."""
        for room in self._for_each():
            for at_ms in (1, 10**9):
                state = room.state
                banned = room.membership(CAROL, "ban", BOB, at_ms=5_000)
                renamed = room.membership(CAROL, "join", at_ms=at_ms, more={"displayname": "C"})
                with self.subTest(room.version.version, at_ms=at_ms):
                    result = _resolved(room, after(state, banned), after(state, renamed))
                    self.assertEqual(result[_CAROL_KEY], banned)

    def test_a_banned_users_concurrent_state_is_dropped(self) -> None:
        """Also state that only one side has."""
        for room in self._for_each():
            state = room.state
            banned = room.membership(BOB, "ban", ALICE)
            topic = room.topic(BOB, "mine")
            with self.subTest(room.version.version):
                result = _resolved(room, after(state, banned), after(state, topic))
                self.assertEqual(result[_BOB_KEY], banned)
                self.assertNotIn(TOPIC, result)

    def test_the_sender_of_greater_power_changes_power_levels_first(self) -> None:
        """Alice demotes Bob while he raises Carol: his event is later in order, and not allowed after hers."""
        for room in self._for_each():
            state = room.state
            raised = room.power_event(BOB, users={BOB: 50, CAROL: 50})
            demoted = room.power_event(ALICE, users={BOB: 0})
            with self.subTest(room.version.version):
                result = _resolved(room, after(state, raised), after(state, demoted))
                self.assertEqual(result[POWER], demoted)

    def test_what_somebody_did_while_being_demoted_is_dropped(self) -> None:
        """Alice's demotion of Bob comes first for her power, though his join rules are older."""
        for room in self._for_each():
            state = room.state
            closed = room.event("m.room.join_rules", BOB, {"join_rule": "invite"}, state_key="", at_ms=1)
            demoted = room.power_event(ALICE, users={BOB: 0})
            with self.subTest(room.version.version):
                result = _resolved(room, after(state, closed), after(state, demoted))
                self.assertEqual(result[POWER], demoted)
                self.assertEqual(result[JOIN_RULES], state[JOIN_RULES])

    def test_of_equal_power_the_later_event_is_applied_last(self) -> None:
        """Reverse topological power ordering falls back to `origin_server_ts`, then to the event id."""
        for room in self._for_each():
            state = room.state
            pairs = [room.power_event(BOB, users={BOB: 50}, ban=level) for level in (40, 45)]
            same = [
                room.event("m.room.join_rules", ALICE, {"join_rule": rule}, state_key="", at_ms=7_000)
                for rule in ("invite", "private", "public")
            ]
            with self.subTest(room.version.version):
                self.assertEqual(_resolved(room, *(after(state, one) for one in pairs))[POWER], pairs[1])
                result = _resolved(room, *(after(state, one) for one in same))
                self.assertEqual(result[JOIN_RULES], max(same, key=lambda event: event.event_id))

    def test_what_an_event_cites_comes_before_it_whatever_the_times(self) -> None:
        """The ordering is topological first."""
        for room in self._for_each():
            state = room.state
            first = room.event("m.room.power_levels", ALICE, room.state[POWER].content, state_key="", at_ms=9_000)
            second = room.power_event(BOB, on=after(state, first), users={BOB: 50}, ban=30)
            old = {**second.content, "ban": 31}
            earlier = room.event("m.room.power_levels", BOB, old, state_key="", at_ms=1, on=after(state, first, second))
            with self.subTest(room.version.version):
                result = _resolved(room, after(state, first), after(state, second), after(state, earlier))
                self.assertEqual(result[POWER], earlier)

    def test_topics_that_rest_on_earlier_power_levels_come_first(self) -> None:
        """Mainline ordering beats the time: the topic of the newer power levels wins though it is older."""
        for room in self._for_each():
            state = room.state
            power = room.power_event(ALICE, users={BOB: 50}, kick=40)
            before = room.topic(BOB, "before", at_ms=9_000)
            since = room.topic(BOB, "since", at_ms=8_000, on=after(state, power))
            with self.subTest(room.version.version):
                result = _resolved(room, after(state, before), after(state, power, since))
                self.assertEqual(result[TOPIC], since)

    def test_topics_on_the_same_power_levels_go_by_time_then_by_event_id(self) -> None:
        """The last one applied stays."""
        for room in self._for_each():
            state = room.state
            late, early = room.topic(BOB, "late", at_ms=9_000), room.topic(ALICE, "early", at_ms=8_000)
            same = [room.topic(BOB, text, at_ms=9_500) for text in ("one", "two", "three")]
            with self.subTest(room.version.version):
                self.assertEqual(_resolved(room, after(state, late), after(state, early))[TOPIC], late)
                result = _resolved(room, *(after(state, one) for one in same))
                self.assertEqual(result[TOPIC], max(same, key=lambda event: event.event_id))

    def test_a_topic_is_judged_by_the_resolved_power_levels(self) -> None:
        """Bob's topic was allowed where he sent it; after the demotion that wins it is not, so the old one stays."""
        for room in self._for_each():
            room.put(room.topic(ALICE, "old"))
            state = room.state
            demoted = room.power_event(ALICE, users={BOB: 0})
            topic = room.topic(BOB, "mine")
            with self.subTest(room.version.version):
                result = _resolved(room, after(state, demoted), after(state, topic))
                self.assertEqual(result[POWER], demoted)
                self.assertEqual(result[TOPIC], state[TOPIC])

    def test_who_leaves_is_no_power_event_and_who_is_removed_is(self) -> None:
        """Carol leaves and joins again on one side; on the other Bob removes her, which is applied first."""
        for room in self._for_each():
            state = room.state
            removed = room.membership(CAROL, "leave", BOB, at_ms=9_000)
            left = room.membership(CAROL, "leave", at_ms=7_000)
            again = room.membership(CAROL, "join", at_ms=8_000, on=after(state, left))
            with self.subTest(room.version.version):
                result = _resolved(room, after(state, removed), after(state, left, again))
                self.assertEqual(result[_CAROL_KEY], again)

    def test_closing_the_room_does_not_put_out_who_had_joined(self) -> None:
        """Carol's new name cites her membership, so it passes although the room is for the invited now."""
        for room in self._for_each():
            state = room.state
            closed = room.event("m.room.join_rules", ALICE, {"join_rule": "invite"}, state_key="")
            renamed = room.membership(CAROL, "join", more={"displayname": "C"})
            with self.subTest(room.version.version):
                result = _resolved(room, after(state, closed), after(state, renamed))
                self.assertEqual(result[JOIN_RULES], closed)
                self.assertEqual(result[_CAROL_KEY], renamed)

    def test_a_join_through_a_door_that_was_closed_meanwhile_is_dropped(self) -> None:
        """Dave joined the public room on one side, on the other it was closed: join rules are settled first."""
        for room in self._for_each():
            state = room.state
            closed = room.event("m.room.join_rules", ALICE, {"join_rule": "invite"}, state_key="")
            joined = room.membership("@dave:d.example", "join")
            with self.subTest(room.version.version):
                result = _resolved(room, after(state, closed), after(state, joined))
                self.assertEqual(result[JOIN_RULES], closed)
                self.assertNotIn(joined.key, result)

    def test_a_rejected_event_can_not_authorise(self) -> None:
        """The graph does not have it, so what rests on it alone is not allowed."""
        for room in self._for_each():
            state = room.join_rule("invite").state
            invited = room.membership("@dave:d.example", "invite", BOB)
            joined = room.membership("@dave:d.example", "join", on=after(state, invited))
            states = [ids_of(one) for one in (state, after(state, joined))]
            others = {key: one for key, one in room.events.items() if one is not invited}
            with self.subTest(room.version.version):
                self.assertIn(joined.key, resolve(room.version, states, EventGraph(room.events)))
                self.assertNotIn(joined.key, resolve(room.version, states, EventGraph(others)))


class StateResets(unittest.TestCase):
    """The two ways in which version 2 loses state that nobody took away, and version 2.1 does not.

    https://spec.matrix.org/v1.19/rooms/v12/#state-resolution
    """

    def test_a_membership_from_before_the_room_was_closed(self) -> None:
        """2.1 starts from nothing, so that events are judged by what they cite.

        Dave joined while the room was public. It has been closed since, on which both states agree, but one of them
        lacks Dave. Version 2 judges his join by the closed room.
        """
        for version, is_kept in (("11", False), ("12", True)):
            room = _room(version)
            joined = room.membership("@dave:d.example", "join")
            closed = room.event("m.room.join_rules", ALICE, {"join_rule": "invite"}, state_key="")
            state = after(room.state, joined, closed)
            with self.subTest(version):
                result = _resolved(room, state, without(state, [joined.key]))
                self.assertEqual(result.get(joined.key), joined if is_kept else None)
                self.assertEqual(result[JOIN_RULES], closed)

    def test_power_levels_whose_middle_step_nobody_disputes(self) -> None:
        """2.1 replays also what lies between conflicted events.

        Alice gave Bob power (middle), by which he changed the levels (newest). One state has an old event again. Both
        have a topic that rests on the middle one, so it is in no auth difference; version 2 tries the newest right
        after the oldest, where Bob has no power.
        """
        for version, is_kept in (("11", False), ("12", True)):
            room = SampleRoom(version).member(BOB, "join").member(CAROL, "join").power(users={CAROL: 50})
            oldest = room.state[POWER]
            room.power(users={BOB: 60, CAROL: 50})
            middle = room.state[POWER]
            room.put(room.topic(CAROL, "t"))
            newest = room.power_event(BOB, users={BOB: 60, CAROL: 0})
            with self.subTest(version):
                result = _resolved(room, after(room.state, oldest), after(room.state, newest))
                self.assertEqual(result[POWER], newest if is_kept else oldest)
                self.assertNotEqual(result[POWER], middle)

    def test_what_the_states_agree_on_stays_even_if_it_would_not_be_allowed_now(self) -> None:
        """The last step puts unconflicted state back, here the topic of somebody who is banned since."""
        for version in _VERSIONS:
            room = _room(version)
            room.put(room.topic(BOB, "mine")).member(BOB, "ban", ALICE)
            named = room.event("m.room.name", ALICE, {"name": "n"}, state_key="")
            with self.subTest(version):
                result = _resolved(room, room.state, after(room.state, named))
                self.assertEqual(result, after(room.state, named))
