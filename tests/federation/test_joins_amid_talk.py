"""Three servers, of which one joins while the users of the others talk.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from tests.federation.two_servers import history, state_ids, texts, wait_for_membership
from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase

_PATIENCE_S = 60.0
_JOINS = 6
_STEP_S = 0.004


class JoinAmidTalkTest(FederationCase):
    """Alice and Bob are in rooms, on two servers; Carol, on the third, joins through either."""

    number = 3

    def setUp(self) -> None:
        """The people."""
        self.alice, self.bob, self.carol = (server.new_user() for server in self.servers)

    def test_all_have_everything_in_the_end_though_nobody_speaks_after_the_join(self) -> None:
        """Whatever was sent about the time of the join, each server has it, and the same state."""
        for number in range(_JOINS):
            via = self.servers[number % 2].name
            with self.subTest(via=via, number=number), ThreadPoolExecutor(3) as threads:
                room_id = self.room_of_two()
                join = threads.submit(self.carol.join, room_id, via)
                time.sleep(number * _STEP_S)
                talk = [threads.submit(self.talk, user, room_id) for user in (self.alice, self.bob)]
                join.result()
                said = {one.result() for one in talk}

                for user in (self.alice, self.bob, self.carol):
                    wait_for_membership(user, room_id, self.carol, "join")
                    self.wait_until_told(user, room_id, said)
                expected = state_ids(self.alice, room_id)
                self.assertEqual(state_ids(self.bob, room_id), expected)
                self.assertEqual(state_ids(self.carol, room_id), expected)

    def room_of_two(self) -> str:
        """A room that Alice and Bob are in, where everybody may set the topic."""
        levels = {"events": {"m.room.topic": 0}}
        room_id = self.alice.create_room(preset="public_chat", power_level_content_override=levels)
        self.bob.join(room_id, via=self.here.name)
        wait_for_membership(self.alice, room_id, self.bob, "join")
        return room_id

    def talk(self, user: User, room_id: str) -> str:
        """Set a topic, and say it."""
        said = f"{user.localpart} {time.monotonic_ns()}"
        user.set_state(room_id, "m.room.topic", {"topic": said})
        user.send(room_id, said)
        return said

    def wait_until_told(self, user: User, room_id: str, said: set[str]) -> None:
        """Wait until a user reads all of it."""
        until_s = time.monotonic() + _PATIENCE_S
        while missing := said - set(texts(history(user, room_id))):
            self.assertLess(time.monotonic(), until_s, f"{user.user_id} does not get {missing}")
            time.sleep(0.05)


JoinAmidTalkTestOnPostgres = on_postgres(JoinAmidTalkTest)
