"""Who is typing.

https://spec.matrix.org/v1.19/client-server-api/#typing-notifications
"""

from __future__ import annotations

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


class TypingTest(HomeserverCase):
    """Alice types; Bob sees it."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)
        self.since = self.bob.sync()["next_batch"]

    def type(self, user: User, timeout_ms: int | None) -> None:
        """Begin, or (None) end."""
        body = {"typing": False} if timeout_ms is None else {"typing": True, "timeout": timeout_ms}
        user.put(f"/rooms/{self.room}/typing/{user.user_id}", body)

    def wait_until_typing(self, *users: User) -> None:
        """Until Bob is told that just these are typing."""
        expected = {user.user_id for user in users}

        def find(answer: dict[str, object]) -> bool:
            self.since = str(answer["next_batch"])
            room = answer.get("rooms", {}).get("join", {}).get(self.room, {})  # type: ignore[attr-defined]
            events = [one for one in room.get("ephemeral", {}).get("events", []) if one["type"] == "m.typing"]
            return bool(events) and set(events[-1]["content"]["user_ids"]) == expected

        self.bob.sync_until(find, self.since)

    def test_typing_begins_and_ends(self) -> None:
        """Each time everybody who types is named."""
        self.type(self.alice, 30_000)
        self.wait_until_typing(self.alice)
        self.type(self.bob, 30_000)
        self.wait_until_typing(self.alice, self.bob)
        self.type(self.alice, None)
        self.wait_until_typing(self.bob)
        self.type(self.bob, None)
        self.wait_until_typing()

    def test_typing_ends_by_itself(self) -> None:
        """After the time that was given."""
        self.type(self.alice, 50)
        self.wait_until_typing(self.alice)
        self.wait_until_typing()

    def test_who_leaves_types_no_more(self) -> None:
        """Nobody is left typing in a room they are not in."""
        self.type(self.alice, 60_000)
        self.wait_until_typing(self.alice)
        self.alice.change(self.room, "leave")
        self.wait_until_typing()

    def test_a_first_sync_tells_who_is_typing(self) -> None:
        """And a room where nobody does has no such event."""
        self.type(self.alice, 30_000)
        ephemeral = self.bob.sync()["rooms"]["join"][self.room]["ephemeral"]["events"]
        self.assertIn({"type": "m.typing", "content": {"user_ids": [self.alice.user_id]}}, ephemeral)

    def test_one_types_for_oneself_and_where_one_is(self) -> None:
        """403 M_FORBIDDEN; 400 for a body of the wrong shape."""
        forbidden = (403, "M_FORBIDDEN")
        path = f"/rooms/{self.room}/typing"
        self.assertEqual(self.alice.refusal("PUT", f"{path}/{self.bob.user_id}", {"typing": True}), forbidden)
        carol = self.new_user("carol")
        self.assertEqual(carol.refusal("PUT", f"{path}/{carol.user_id}", {"typing": True}), forbidden)
        for body in ({"typing": "yes"}, {"typing": True, "timeout": "long"}, {}):
            self.assertEqual(self.alice.refusal("PUT", f"{path}/{self.alice.user_id}", body)[0], 400)


TypingTestOnPostgres = on_postgres(TypingTest)
