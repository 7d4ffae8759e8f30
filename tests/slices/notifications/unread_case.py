"""Bob reads, or does not, what Alice writes."""

from __future__ import annotations

from typing import Any

from tests.support.api_client import Json, User
from tests.support.homeserver import HomeserverCase

BY_THREAD = {"room": {"timeline": {"unread_thread_notifications": True}}}


class UnreadCase(HomeserverCase):
    """A public room of Alice's that Bob is in too."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)

    def entry(self, user: User | None = None, room_id: str | None = None, **query: Any) -> Json:
        """What a first sync of Bob's, or of another user's, has of the room."""
        found: Json = (user or self.bob).sync(**query)["rooms"]["join"][room_id or self.room]
        return found

    def unread(self, user: User | None = None, room_id: str | None = None) -> tuple[int, int]:
        """(notifications, highlights) of all timelines."""
        return counts(self.entry(user, room_id)["unread_notifications"])

    def by_thread(self, user: User | None = None) -> tuple[tuple[int, int], dict[str, tuple[int, int]]]:
        """(those of the main timeline, those of each thread)."""
        entry = self.entry(user, filter=BY_THREAD)
        threads = entry.get("unread_thread_notifications", {})
        return counts(entry["unread_notifications"]), {root: counts(count) for root, count in threads.items()}

    def find_room(self, answer: Json) -> Json | None:
        """What an answer of `/sync` has of the room."""
        found: Json | None = answer.get("rooms", {}).get("join", {}).get(self.room)
        return found

    def send(self, event_type: str, content: Json, user: User | None = None) -> str:
        """An event of Alice's, or of another user's; its id."""
        return send(user or self.alice, self.room, event_type, content)

    def mention(self, *users: User, **content: Any) -> str:
        """A message of Alice's that mentions these."""
        mentions = {"user_ids": [one.user_id for one in users]}
        return self.alice.send(self.room, "you", **{"m.mentions": mentions}, **content)

    def read(self, event_id: str, receipt_type: str = "m.read", **body: str) -> None:
        """Bob reads up to here."""
        self.bob.post(f"/rooms/{self.room}/receipt/{receipt_type}/{event_id}", body)


def counts(count: Json) -> tuple[int, int]:
    """(notifications, highlights)."""
    return count["notification_count"], count["highlight_count"]


def send(user: User, room_id: str, event_type: str, content: Json) -> str:
    """Send any event; its id."""
    txn_id = f"u{next(User._numbers)}"
    event_id: str = user.put(f"/rooms/{room_id}/send/{event_type}/{txn_id}", content)["event_id"]
    return event_id


def in_thread(root: str) -> Json:
    """The relation of a message in a thread, as a part of its content."""
    return {"m.relates_to": {"rel_type": "m.thread", "event_id": root}}


def related(rel_type: str, parent: str) -> Json:
    """The content of an event that relates to another."""
    return {"m.relates_to": {"rel_type": rel_type, "event_id": parent}}
