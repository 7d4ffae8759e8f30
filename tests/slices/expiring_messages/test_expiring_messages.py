"""Messages that lose their content at a time that their sender set.

https://github.com/matrix-org/matrix-spec-proposals/pull/2228
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase, HomeserverCase

AFTER = "org.matrix.self_destruct_after"
#: Until a message is gone; the machine may be busy.
PATIENCE_S = 60


def now_ms() -> int:
    """By the clock of the wall, which server and test share."""
    return int(time.time() * 1000)


def content_of(user: User, room: str, event_id: str) -> dict[str, Any]:
    """What a user is shown of an event."""
    content: dict[str, Any] = user.get(f"/rooms/{room}/event/{event_id}")["content"]
    return content


def wait_until_gone(user: User, room: str, event_id: str) -> None:
    """Wait until an event has no content for a user."""
    until_s = time.monotonic() + PATIENCE_S
    while content_of(user, room, event_id):
        if time.monotonic() > until_s:
            raise AssertionError(f"{event_id} still has content")
        time.sleep(0.05)


class ExpiringTest(HomeserverCase):
    """Alice and Bob in a room, where messages expire."""

    settings: ClassVar[dict[str, Any]] = {"enable_ephemeral_messages": True}

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)

    def test_a_message_loses_its_content_when_its_time_has_come(self) -> None:
        """It stays as an event without content, at every place; others stay as they are."""
        kept = self.alice.send(self.room, "stays", **{AFTER: now_ms() + 3_600_000})
        gone = self.alice.send(self.room, "goes", **{AFTER: now_ms() + 1500})

        wait_until_gone(self.bob, self.room, gone)

        chunk = self.bob.get(f"/rooms/{self.room}/messages", {"dir": "b", "limit": 2})["chunk"]
        self.assertEqual([event["event_id"] for event in chunk], [gone, kept])
        self.assertEqual([event["content"].get("body") for event in chunk], [None, "stays"])
        self.assertEqual(chunk[0]["type"], "m.room.message")

    def test_a_time_that_is_past_or_no_time(self) -> None:
        """What is over goes at once; what is no time, and what is state, stays."""
        kept = [self.alice.send(self.room, "stays", **{AFTER: value}) for value in (None, -1, "1", True, 2**53 - 1)]
        self.alice.set_state(self.room, "org.example.note", {"text": "stays", AFTER: 1})
        gone = self.alice.send(self.room, "goes", **{AFTER: 0})

        wait_until_gone(self.bob, self.room, gone)

        for event_id in kept:
            self.assertEqual(content_of(self.bob, self.room, event_id)["body"], "stays")
        self.assertEqual(self.bob.state(self.room, "org.example.note")["text"], "stays")

    def test_it_expires_though_the_server_was_down_at_the_time(self) -> None:
        """It is made up for at the next start."""
        due_ms = now_ms() + 2000
        event_id = self.alice.send(self.room, "goes", **{AFTER: due_ms})
        self.server.stop()
        while now_ms() < due_ms:
            time.sleep(0.05)
        self.server.start()

        wait_until_gone(self.bob, self.room, event_id)


class NotExpiringTest(HomeserverCase):
    """Where the operator has not asked for it."""

    def test_it_is_a_message_like_any_other(self) -> None:
        """Though its time is long past, and another has been written and read since."""
        alice = self.new_user()
        room = alice.create_room()
        event_id = alice.send(room, "stays", **{AFTER: 0})
        alice.wait_for_event(room, alice.send(room, "later"))

        self.assertEqual(content_of(alice, room, event_id)["body"], "stays")


class ExpiringElsewhereTest(FederationCase):
    """Messages of other servers."""

    settings: ClassVar[dict[str, Any]] = {"enable_ephemeral_messages": True}

    def test_they_expire_here_as_well(self) -> None:
        """Each server lets them expire by itself."""
        alice, dora = self.here.new_user("alice"), self.there.new_user("dora")
        room = dora.create_room(preset="public_chat")
        alice.join(room, via=self.there.name)
        event_id = dora.send(room, "goes", **{AFTER: now_ms() + 1000})
        alice.wait_for_event(room, event_id)

        for user in (alice, dora):
            wait_until_gone(user, room, event_id)


ExpiringTestOnPostgres = on_postgres(ExpiringTest)
