"""What resolution asks about auth chains. https://spec.matrix.org/v1.19/rooms/v12/#definitions"""

from __future__ import annotations

import unittest
from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from homeserver.protocol.events import Event
from homeserver.protocol.state_resolution import EventGraph
from tests.protocol.sample_rooms import ALICE, SampleRoom

_GRAPHS = st.lists(st.sets(st.integers(1, 8), max_size=3), min_size=1, max_size=12)


def _chain(events: Mapping[str, Event], event_id: str) -> set[str]:
    """The definition: all auth events, all of theirs, and so on."""
    cited = set(events[event_id].auth_events)
    return cited.union(*(_chain(events, one) for one in cited))


def _built(steps: Sequence[set[int]]) -> list[Event]:
    """Events that cite those a number of places before them."""
    room = SampleRoom("12")
    made: list[Event] = []
    for index, back in enumerate(steps):
        cites = [made[index - one].event_id for one in sorted(back) if one <= index]
        made.append(room.event("m.room.topic", ALICE, {"topic": str(index)}, state_key="", cites=cites))
    return made


class TheGraph(unittest.TestCase):
    def test_events_that_are_not_known_do_not_exist(self) -> None:
        """A chain goes on without them."""
        room = SampleRoom("12")
        event = room.topic(ALICE, "t", cites=["$unknown"])
        graph = EventGraph({event.event_id: event})

        self.assertEqual(set(graph.events([event.event_id, "$unknown"])), {event.event_id})
        self.assertEqual(graph.auth_difference([{event.event_id}, {"$unknown"}]), {event.event_id})
        self.assertEqual(graph.conflicted_subgraph({event.event_id, "$unknown"}), {event.event_id})

    @settings(deadline=None)
    @given(_GRAPHS, st.lists(st.sets(st.integers(0, 11), max_size=3), min_size=1, max_size=3))
    def test_the_auth_difference_is_what_some_chains_have_and_others_not(
        self, steps: list[set[int]], picked: list[set[int]]
    ) -> None:
        """Union of the full auth chains without their intersection."""
        made = _built(steps)
        events = {event.event_id: event for event in made}
        sets = [{made[one].event_id for one in places if one < len(made)} for places in picked]
        chains = [one.union(*(_chain(events, event_id) for event_id in one)) for one in sets]
        expected = set[str]().union(*chains) - chains[0].intersection(*chains[1:])

        self.assertEqual(EventGraph(events).auth_difference(sets), expected)

    @settings(deadline=None)
    @given(_GRAPHS, st.sets(st.integers(0, 11), max_size=4))
    def test_the_conflicted_subgraph_is_what_lies_between_conflicted_events(
        self, steps: list[set[int]], picked: set[int]
    ) -> None:
        """The union of all paths from one conflicted event to another, endpoints included."""
        made = _built(steps)
        events = {event.event_id: event for event in made}
        conflicted = {made[one].event_id for one in picked if one < len(made)}
        expected = set(conflicted)
        for start in conflicted:
            expected |= {one for one in _chain(events, start) if conflicted & _chain(events, one)}

        self.assertEqual(EventGraph(events).conflicted_subgraph(conflicted), expected)
