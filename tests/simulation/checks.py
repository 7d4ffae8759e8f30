"""What a server holds of a room, and how servers differ in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from homeserver.database import Transaction
from homeserver.protocol.events import StateKey
from homeserver.rooms import queries_rooms
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import Status


@dataclass(frozen=True)
class Held:
    """Event ids: those with a place in the room, those of them that were accepted or rejected, the forward extremities,
    and the current state. Whether an event was soft-failed depends on when it came, so that servers differ in it."""

    events: frozenset[str]
    accepted: frozenset[str]
    rejected: frozenset[str]
    tips: frozenset[str]
    state: Mapping[StateKey, str]


def held(tx: Transaction, loader: EventLoader, room_nid: int) -> Held:
    """Read it all."""
    nids = [row[0] for row in tx.all("SELECT event_nid FROM events WHERE room_nid = :room", room=room_nid)]
    stored = [one for one in loader.stored_by_nid(tx, nids).values() if one.state_after is not None]
    rows = tx.all("SELECT type, state_key, event_nid FROM current_state WHERE room_nid = :room", room=room_nid)
    events = loader.get_many(tx, [row[2] for row in rows])
    return Held(
        frozenset(one.event.event_id for one in stored),
        frozenset(one.event.event_id for one in stored if one.status is Status.ACCEPTED),
        frozenset(one.event.event_id for one in stored if one.status is Status.REJECTED),
        frozenset(tip.event_id for tip in queries_rooms.tips(tx, room_nid)),
        {(row[0], row[1]): events[row[2]].event_id for row in rows},
    )


def differences(found: Mapping[str, Held]) -> list[str]:
    """One line for each thing in which a server differs from the first."""
    lines: list[str] = []
    names = sorted(found)
    for name in names[1:]:
        first, other = found[names[0]], found[name]
        for ours, theirs in ((first, other), (other, first)):
            holder = names[0] if ours is first else name
            lines += [f"event {one}: {holder} alone has it" for one in sorted(ours.accepted - theirs.events)]
            lines += [
                f"event {one}: {holder} alone rejected it"
                for one in sorted((ours.rejected & theirs.events) - theirs.rejected)
            ]
        if first.tips != other.tips:
            lines.append(f"tips: {names[0]} {sorted(first.tips)}, {name} {sorted(other.tips)}")
        for key in sorted(first.state.keys() | other.state.keys()):
            if first.state.get(key) != other.state.get(key):
                lines.append(f"state {key}: {names[0]} {first.state.get(key)}, {name} {other.state.get(key)}")
    return lines
