"""What holds for resolution of any states. https://spec.matrix.org/v1.19/server-server-api/#room-state-resolution"""

from __future__ import annotations

import random
import unittest

from hypothesis import given, settings
from hypothesis import strategies as st

from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.state_resolution import EventGraph, resolve
from tests.protocol.sample_histories import HISTORIES, Histories, lived
from tests.protocol.sample_rooms import SampleRoom, State, ids_of
from tests.protocol.state_resolution.as_written import AsWritten


def _resolve(room: SampleRoom, states: list[State], events: dict[str, Event] | None = None) -> dict[StateKey, str]:
    graph = EventGraph(room.events if events is None else events)
    return resolve(room.version, [ids_of(state) for state in states], graph)


def _chains(room: SampleRoom, states: list[State]) -> set[str]:
    found: set[str] = set()
    pending = [event.event_id for state in states for event in state.values()]
    while pending:
        event_id = pending.pop()
        if event_id not in found:
            found.add(event_id)
            pending.extend(room.events[event_id].auth_events)
    return found


class Laws(unittest.TestCase):
    @settings(deadline=None)
    @given(HISTORIES)
    def test_one_state_resolves_to_itself(self, history: Histories) -> None:
        """However often it is given."""
        room, sides = lived(history)
        for side in sides:
            self.assertEqual(_resolve(room, [side]), ids_of(side))
            self.assertEqual(_resolve(room, [side, side, side]), ids_of(side))

    @settings(deadline=None)
    @given(HISTORIES, st.randoms(use_true_random=False))
    def test_no_order_matters(self, history: Histories, source: random.Random) -> None:
        """Neither of the states, nor of the keys in them, nor of the events that are known."""
        room, sides = lived(history)
        expected = _resolve(room, sides)
        shuffled = []
        for side in source.sample(sides, len(sides)):
            items = list(side.items())
            source.shuffle(items)
            shuffled.append(dict(items))
        known = list(room.events.items())
        source.shuffle(known)

        self.assertEqual(_resolve(room, shuffled, dict(known)), expected)

    @settings(deadline=None)
    @given(HISTORIES)
    def test_a_state_that_is_given_twice_counts_once(self, history: Histories) -> None:
        """It is a set of states; resolving the result again changes nothing."""
        room, sides = lived(history)
        expected = _resolve(room, sides)
        result = {key: room.events[event_id] for key, event_id in expected.items()}

        self.assertEqual(_resolve(room, [*sides, sides[0]]), expected)
        self.assertEqual(_resolve(room, [result, result]), expected)

    @settings(deadline=None)
    @given(HISTORIES)
    def test_the_result_comes_from_the_states_or_their_auth_chains(self, history: Histories) -> None:
        """Under its own key; in version 1 from the states alone."""
        room, sides = lived(history)
        result = _resolve(room, sides)
        given_ids = {event.event_id for side in sides for event in side.values()}
        source = given_ids if room.version.state_resolution == "v1" else _chains(room, sides)

        for key, event_id in result.items():
            self.assertIn(event_id, source)
            self.assertEqual(room.events[event_id].key, key)

    @settings(max_examples=300, deadline=None)
    @given(HISTORIES)
    def test_it_is_what_the_specification_says_word_for_word(self, history: Histories) -> None:
        """The same as a slow version of the same algorithm, from version 2 on."""
        room, sides = lived(history)
        if room.version.state_resolution == "v1":
            return
        expected = AsWritten(room.version, room.events).resolve([ids_of(side) for side in sides])

        self.assertEqual(_resolve(room, sides), expected)

    @settings(deadline=None)
    @given(HISTORIES)
    def test_what_all_states_agree_on_stays(self, history: Histories) -> None:
        """The unconflicted state is part of the result."""
        room, sides = lived(history)
        result = _resolve(room, sides)
        for key, event in sides[0].items():
            if all(side.get(key) is event for side in sides):
                self.assertEqual(result[key], event.event_id)

    @settings(deadline=None)
    @given(HISTORIES)
    def test_events_that_no_chain_leads_to_do_not_matter(self, history: Histories) -> None:
        """A server that knows more than the states and their auth chains resolves the same."""
        room, sides = lived(history)
        needed = _chains(room, sides)
        if room.version.room_id_is_create_hash:
            needed.add(room.create.event_id)
        events = {event_id: room.events[event_id] for event_id in needed}

        self.assertEqual(_resolve(room, sides, events), _resolve(room, sides))
