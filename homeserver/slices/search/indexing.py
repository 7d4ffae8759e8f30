"""Keeping the words of events as these come and go."""

from __future__ import annotations

from homeserver.database import Transaction
from homeserver.protocol.events import Event
from homeserver.rooms.records import RoomRecord, StoredEvent
from homeserver.slices.search import queries
from homeserver.slices.search.words import words_of

#: Event type to (source, key of its content).
_SOURCES = {"m.room.message": (0, "body"), "m.room.name": (1, "name"), "m.room.topic": (2, "topic")}


def note_accepted(tx: Transaction, room: RoomRecord, stored: StoredEvent) -> None:
    """Keep the words of a message, a name or a topic. Edits are found by what they say themselves."""
    found = _find_text(stored.event)
    if found is None:
        return
    source, text = found
    words = words_of(text)
    total = sum(words.values())
    weights = {word: max(1, 1000 * count // total) for word, count in words.items()}
    queries.insert_words(tx, (room.room_nid, stored.event_nid), source, weights)


def note_redacted(tx: Transaction, room: RoomRecord, target: StoredEvent) -> None:
    """What was redacted is found no more."""
    if target.event.type in _SOURCES:
        queries.delete_words(tx, target.event_nid)


def _find_text(event: Event) -> tuple[int, str] | None:
    source = _SOURCES.get(event.type)
    if source is None:
        return None
    text = event.content.get(source[1])
    return (source[0], text) if isinstance(text, str) else None
