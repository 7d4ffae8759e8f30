"""`/state`, whose answer is kept: it is that of the moment all the same.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstate
"""

from __future__ import annotations

import time
from typing import Any

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

_WAIT_S = 60


class WholeStateTest(HomeserverCase):
    """Alice's room, with Bob in it; each question is asked twice, so that the second is answered from memory."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)

    def state(self, user: User) -> dict[tuple[str, str], dict[str, Any]]:
        """The state by key, as the user is told it, twice alike but for the time that has passed."""
        path = f"/rooms/{self.room}/state"
        first, second = user.get(path), user.get(path)
        self.assertEqual([_ageless(one) for one in first], [_ageless(one) for one in second])
        for earlier, later in zip(first, second, strict=True):
            self.assertLessEqual(earlier["unsigned"]["age"], later["unsigned"]["age"])
        return {(one["type"], one["state_key"]): one for one in second}

    def test_each_event_is_whole(self) -> None:
        """As it is when asked for alone, with what the asking user was at it."""
        for user in (self.alice, self.bob):
            for event in self.state(user).values():
                alone = user.get(f"/rooms/{self.room}/event/{event['event_id']}")
                self.assertEqual(_ageless(event), _ageless(alone))
        memberships = [
            self.state(user)["m.room.create", ""]["unsigned"]["membership"] for user in (self.alice, self.bob)
        ]
        self.assertEqual(memberships, ["leave", "leave"])

    def test_texts_of_any_kind(self) -> None:
        """Signs that mean something where texts are put together mean nothing here."""
        for topic in ("100 %", "%d %s %(x)s %%", '{0} \\ " \u2028 \U0001f525'):
            with self.subTest(topic):
                self.alice.put(f"/rooms/{self.room}/state/m.room.topic", {"topic": topic})
                self.assertEqual(self.state(self.alice)["m.room.topic", ""]["content"]["topic"], topic)

    def test_the_age_grows(self) -> None:
        """In milliseconds since the event was sent."""

        def age() -> int:
            return int(self.state(self.alice)["m.room.create", ""]["unsigned"]["age"])

        first, ends_at = age(), time.monotonic() + _WAIT_S

        while age() <= first and time.monotonic() < ends_at:
            time.sleep(0.01)

        self.assertGreater(age(), first)

    def test_what_changes_is_told(self) -> None:
        """New state, and who comes and goes; who left is told the state at the departure."""
        self.state(self.alice)
        self.alice.put(f"/rooms/{self.room}/state/m.room.name", {"name": "one"})
        self.assertEqual(self.state(self.alice)["m.room.name", ""]["content"], {"name": "one"})
        self.state(self.bob)
        self.bob.post(f"/rooms/{self.room}/leave")
        self.alice.put(f"/rooms/{self.room}/state/m.room.name", {"name": "two"})

        of_alice, of_bob = self.state(self.alice), self.state(self.bob)

        self.assertEqual(of_alice["m.room.name", ""]["content"], {"name": "two"})
        self.assertEqual(of_bob["m.room.name", ""]["content"], {"name": "one"})
        for state in (of_alice, of_bob):
            self.assertEqual(state["m.room.member", self.bob.user_id]["content"]["membership"], "leave")

    def test_what_is_redacted_is_gone(self) -> None:
        """From the state, and from what a later event says that it replaced."""
        path = f"/rooms/{self.room}/state/m.room.topic"
        first = self.alice.put(path, {"topic": "a secret"})["event_id"]
        second = self.alice.put(path, {"topic": "another"})["event_id"]
        told = self.state(self.alice)["m.room.topic", ""]
        self.assertEqual(told["unsigned"]["prev_content"], {"topic": "a secret"})

        self.alice.put(f"/rooms/{self.room}/redact/{first}/r1", {})
        self.assertEqual(self.state(self.alice)["m.room.topic", ""]["unsigned"]["prev_content"], {})
        self.alice.put(f"/rooms/{self.room}/redact/{second}/r2", {})

        self.assertEqual(self.state(self.alice)["m.room.topic", ""]["content"], {})


WholeStateTestOnPostgres = on_postgres(WholeStateTest)


def _ageless(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "unsigned": {key: value for key, value in event["unsigned"].items() if key != "age"}}
