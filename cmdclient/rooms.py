"""The rooms a user is in, as /sync tells of them, and which of them a person means by a word.

https://spec.matrix.org/v1.19/client-server-api/#calculating-the-display-name-for-a-room
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from cmdclient.client import Client, api_path
from cmdclient.errors import UsageError

_SUMMARY_TYPES = ["m.room.name", "m.room.canonical_alias", "m.room.topic", "m.room.member", "m.room.encryption"]
_NOTHING: dict[str, Any] = {"types": []}


@dataclass(slots=True)
class RoomSummary:
    """What is known of a room; empty texts and -1 for what is not. `membership` is "join", "invite" or "leave"."""

    room_id: str
    membership: str = "join"
    name: str = ""
    alias: str = ""
    topic: str = ""
    members: int = -1
    heroes: list[str] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    unread: int = 0
    highlights: int = 0
    is_encrypted: bool = False

    @property
    def label(self) -> str:
        """What to call the room."""
        return self.name or self.alias or ", ".join(self.heroes) or self.room_id

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        found: dict[str, Any] = {"room_id": self.room_id, "membership": self.membership, "name": self.label}
        found |= {key: text for key, text in (("canonical_alias", self.alias), ("topic", self.topic)) if text}
        if self.members >= 0:
            found["joined_members"] = self.members
        if self.membership == "join":
            found |= {"notification_count": self.unread, "highlight_count": self.highlights}
        return found

    def apply_state(self, events: Iterable[Any]) -> None:
        """Take over the state events among `events`."""
        for event in events:
            if not isinstance(event, dict) or not isinstance(event.get("content"), dict) or "state_key" not in event:
                continue
            content = event["content"]
            match event.get("type"):
                case "m.room.name":
                    self.name = _text(content.get("name"))
                case "m.room.canonical_alias":
                    self.alias = _text(content.get("alias"))
                case "m.room.topic":
                    self.topic = _text(content.get("topic"))
                case "m.room.encryption":
                    self.is_encrypted = True
                case "m.room.member" if isinstance(event["state_key"], str):
                    is_here = content.get("membership") in ("join", "invite")
                    (self.people.add if is_here else self.people.discard)(event["state_key"])

    def apply_summary(self, summary: dict[str, Any]) -> None:
        """Take over the `summary` of a room of /sync; what did not change is left out there."""
        if isinstance(count := summary.get("m.joined_member_count"), int):
            self.members = count
        if isinstance(heroes := summary.get("m.heroes"), list):
            self.heroes = [hero for hero in heroes if isinstance(hero, str)]

    def apply_counts(self, counts: dict[str, Any]) -> None:
        """Take over the `unread_notifications` of a room of /sync."""
        for name, value in counts.items():
            if isinstance(value, int) and name == "notification_count":
                self.unread = value
            elif isinstance(value, int) and name == "highlight_count":
                self.highlights = value


class RoomBook:
    """The rooms of the logged-in user. The stream's thread writes it while the console reads."""

    def __init__(self) -> None:
        self._rooms: dict[str, RoomSummary] = {}
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Forget everything: somebody else logs in."""
        with self._lock:
            self._rooms.clear()

    def load(self, client: Client, on_sync: Callable[[dict[str, Any]], None] | None = None) -> str:
        """Ask the server for all rooms, in one request; returns the `next_batch`, the position of now.

        The answer is shown to `on_sync` first.
        """
        query = {"filter": _summary_filter(), "timeout": "0", "set_presence": "offline"}
        answer = client.get(api_path("sync"), query)
        if on_sync is not None:
            on_sync(answer)
        self.clear()
        self.apply(answer)
        return str(answer.get("next_batch"))

    def apply(self, answer: dict[str, Any]) -> None:
        """Take over an answer of /sync, an initial one or a later one."""
        rooms = answer.get("rooms", {})
        with self._lock:
            for room_id, joined in rooms.get("join", {}).items():
                room = self._room(room_id, "join")
                room.apply_state(joined.get("state", {}).get("events", []))
                room.apply_state(joined.get("timeline", {}).get("events", []))
                room.apply_summary(joined.get("summary", {}))
                room.apply_counts(joined.get("unread_notifications", {}))
            for room_id, invited in rooms.get("invite", {}).items():
                self._room(room_id, "invite").apply_state(invited.get("invite_state", {}).get("events", []))
            for room_id in rooms.get("leave", {}):
                # Kept for its name: what happened last in it is still to be told.
                self._room(room_id, "leave")

    def all(self) -> list[RoomSummary]:
        """Every room that was not left, sorted by what it is called."""
        with self._lock:
            present = [room for room in self._rooms.values() if room.membership != "leave"]
        return sorted(present, key=lambda room: (room.label.casefold(), room.room_id))

    def label(self, room_id: str) -> str:
        """What to call a room, if only by its id."""
        with self._lock:
            room = self._rooms.get(room_id)
        return room.label if room else room_id

    def unread(self) -> tuple[int, int]:
        """Unread messages and mentions in all rooms."""
        with self._lock:
            joined = [room for room in self._rooms.values() if room.membership == "join"]
        return sum(room.unread for room in joined), sum(room.highlights for room in joined)

    def is_encrypted(self, room_id: str) -> bool:
        """Whether a room is known to be encrypted."""
        with self._lock:
            room = self._rooms.get(room_id)
        return room is not None and room.is_encrypted

    def people(self, room_id: str) -> set[str]:
        """Those of a room whom /sync has told of so far."""
        with self._lock:
            room = self._rooms.get(room_id)
            return set(room.people) if room is not None else set()

    def words(self) -> list[str]:
        """For each room one word that means it, without spaces: for completion."""
        return [_word(room) for room in self.all()]

    def matches(self, word: str) -> list[RoomSummary]:
        """The rooms called exactly `word`, or if there are none those whose name or alias has it as a part."""
        wanted = word.casefold()
        exact, partial = [], []
        for room in self.all():
            names = [name.casefold() for name in (room.label, room.alias) if name]
            if wanted in names:
                exact.append(room)
            elif any(wanted in name for name in names):
                partial.append(room)
        return exact or partial

    def _room(self, room_id: str, membership: str) -> RoomSummary:
        room = self._rooms.setdefault(room_id, RoomSummary(room_id))
        room.membership = membership
        return room


def find_room_id(word: str, client: Client, book: RoomBook) -> str:
    """The id of the room that `word` means: an id, an alias (asks the server), or a unique part of a known name.

    UsageError when no known room or more than one is called so.
    """
    # A room id of room version 12 is the create event's hash without a domain, so nothing more is checked here.
    if word.startswith("!"):
        return word
    if word.startswith("#") and ":" in word:
        answer = client.get(api_path("directory", "room", word))
        return str(answer.get("room_id"))
    found = book.matches(word)
    if not found:
        book.load(client)
        found = book.matches(word)
    if not found:
        raise UsageError(f"No room of yours is called {word!r}. Those there are: list")
    if len(found) > 1:
        names = ", ".join(f"{room.label} ({room.room_id})" for room in found[:5])
        raise UsageError(f"{word!r} may mean {len(found)} rooms: {names}. Write more of the name, or the id.")
    return found[0].room_id


def _summary_filter() -> str:
    # Servers may answer an equal /sync from a cache for minutes. A type that no event has makes this one unlike others.
    state = {"types": _SUMMARY_TYPES, "not_types": [f"none.{secrets.token_hex(8)}"], "lazy_load_members": True}
    timeline = {"limit": 1, "lazy_load_members": True}
    room = {"ephemeral": _NOTHING, "account_data": _NOTHING, "state": state, "timeline": timeline}
    return json.dumps({"presence": _NOTHING, "account_data": _NOTHING, "room": room}, separators=(",", ":"))


def _word(room: RoomSummary) -> str:
    return next((name for name in (room.alias, room.name) if name and not any(map(str.isspace, name))), room.room_id)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
