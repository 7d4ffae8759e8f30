"""What the tests with Synapse have in common."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from functools import wraps
from itertools import product
from typing import Any

from tests.federation.two_servers import state_ids, wait_for_membership, wait_for_section
from tests.support.api_client import Json, User
from tests.synapse.servers import Peer, synapse_and_hearth

VERSIONS = ("10", "11", "12")


class SynapseCase(unittest.TestCase):
    """`synapse` and `hearth`; each test makes its own users and rooms."""

    synapse: Peer
    hearth: Peer

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.synapse, cls.hearth = cls.enterClassContext(synapse_and_hearth())

    def tearDown(self) -> None:
        for peer in (self.synapse, self.hearth):
            peer.process.start_if_stopped()

    def peer_of(self, user: User) -> Peer:
        """The server of a user."""
        return next(peer for peer in (self.synapse, self.hearth) if user.user_id.endswith(f":{peer.name}"))

    def assert_same_state(self, one: User, other: User, room_id: str) -> None:
        """Both servers hold the same events for the room's state, as soon as they have heard all."""

        def are_equal(_: Json) -> bool:
            return state_ids(one, room_id) == state_ids(other, room_id)

        one.sync_until(are_equal)


def both_ways(check: Callable[[Any, str, User, User], None]) -> Callable[[Any], None]:
    """A test that is made for each room version, with a user of the one server and one of the other, and the other way
    around."""

    @wraps(check)
    def test(case: SynapseCase) -> None:
        both = (case.synapse, case.hearth)
        for version, (one, other) in product(VERSIONS, (both, both[::-1])):
            with case.subTest(version=version, is_synapse_first=one is case.synapse):
                check(case, version, one.new_user("ann"), other.new_user("bob"))

    return test


def room_of_two(one: User, other: User, version: str, **body: Any) -> str:
    """A room that the first has made and the second was invited to and joined; both show it."""
    room_id = one.create_room(room_version=version, **body)
    one.change(room_id, "invite", other)
    wait_for_section(other, "invite", room_id)
    other.join(room_id)
    wait_for_membership(one, room_id, other, "join")
    # Synapse does not show a room before it has all of its state.
    wait_for_section(other, "join", room_id)
    return room_id


def joined_events(answer: Json, room_id: str, section: str) -> list[Json]:
    """The events of a section (`timeline`, `ephemeral`) of a joined room in an answer of `/sync`."""
    found: list[Json] = answer.get("rooms", {}).get("join", {}).get(room_id, {}).get(section, {}).get("events", [])
    return found
