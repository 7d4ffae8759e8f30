"""A server that is stopped and started again goes on where it was."""

from __future__ import annotations

from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


class RestartTest(HomeserverCase):
    """Alice and Bob share a room; the server restarts between two syncs of Bob's."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)

    def restart(self) -> None:
        """Stop and start."""
        self.server.stop()
        self.server.start()

    def test_tokens_of_before_lead_on(self) -> None:
        """What was sent before and after comes, once."""
        since = self.bob.sync()["next_batch"]
        first = self.alice.send(self.room, "before")
        self.restart()
        second = self.alice.send(self.room, "after")

        room = self.bob.sync(since)["rooms"]["join"][self.room]

        self.assertEqual([event["event_id"] for event in room["timeline"]["events"]], [first, second])

    def test_a_retry_after_the_restart_sends_once(self) -> None:
        """Transaction ids are remembered."""
        path = f"/rooms/{self.room}/send/m.room.message/t"
        first = self.alice.put(path, {"body": "once"})
        self.restart()
        self.assertEqual(self.alice.put(path, {"body": "once"}), first)

    def test_typing_and_presence_are_told_to_tokens_of_before(self) -> None:
        """However often somebody typed or came online before."""
        path = f"/rooms/{self.room}/typing/{self.alice.user_id}"
        for _ in range(20):
            self.alice.put(path, {"typing": True})
            self.alice.put(path, {"typing": False})
        since = self.bob.sync()["next_batch"]
        self.restart()
        self.alice.put(path, {"typing": True})
        self.alice.put(f"/presence/{self.alice.user_id}/status", {"presence": "online", "status_msg": "Back"})

        answer = self.bob.sync(since)

        ephemeral = answer["rooms"]["join"][self.room]["ephemeral"]["events"]
        self.assertEqual(ephemeral, [{"type": "m.typing", "content": {"user_ids": [self.alice.user_id]}}])
        presence = {event["sender"]: event["content"] for event in answer["presence"]["events"]}
        self.assertEqual(presence[self.alice.user_id]["status_msg"], "Back")


RestartTestOnPostgres = on_postgres(RestartTest)
