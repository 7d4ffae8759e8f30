"""The rooms two users have in common.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mutual_rooms
"""

from __future__ import annotations

from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

PATH = "/_matrix/client/v1/mutual_rooms"


class MutualRoomsTest(HomeserverCase):
    """Alice asks about Bob."""

    def test_the_rooms_both_are_in(self) -> None:
        """Not those only one sees, nor those that were left."""
        alice, bob = self.new_user("alice"), self.new_user("bob")
        both, left = (alice.create_room(preset="public_chat") for _ in range(2))
        alice.create_room()
        bob.create_room()
        for room in (both, left):
            bob.join(room)
        bob.change(left, "leave")

        self.assertEqual(alice.get(PATH, {"user_id": bob.user_id}), {"joined": [both], "count": 1})

    def test_nobody_and_oneself(self) -> None:
        """An unknown user shares nothing; oneself and what is no user are refused."""
        alice = self.new_user("alice")

        self.assertEqual(alice.get(PATH, {"user_id": "@no:example.org"}), {"joined": [], "count": 0})
        for user_id in (alice.user_id, "alice"):
            self.assertEqual(alice.refusal("GET", PATH, query={"user_id": user_id}), (400, "M_INVALID_PARAM"))
        self.assertEqual(alice.refusal("GET", PATH), (400, "M_MISSING_PARAM"))
        wrong = {"user_id": "@no:example.org", "from": "x"}
        self.assertEqual(alice.refusal("GET", PATH, query=wrong), (400, "M_INVALID_PARAM"))


MutualRoomsTestOnPostgres = on_postgres(MutualRoomsTest)
