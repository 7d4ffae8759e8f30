"""The list of a user's rooms, newest activity first, as the lists of a request filter it and cut windows out of it.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#lists
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from homeserver.database import ByteCache, Transaction
from homeserver.rooms import queries_activity
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import Membership
from homeserver.sync.invites import UnwantedInvites
from homeserver.sync.sliding.activity import Activity
from homeserver.sync.sliding.ask import SlidingAsk
from homeserver.sync.sliding.asking import ListConfig

GONE = ("leave", "ban")


class RoomLists:
    """Callable within a transaction. `departures`: of member events that ended a stay or an invite, which were a
    stay's."""

    def __init__(
        self, parts: RoomParts, activity: Activity, unwanted: UnwantedInvites, departures: ByteCache[int, bool]
    ) -> None:
        self._parts = parts
        self._unwanted = unwanted
        self._activity = activity
        self._departures = departures

    def sorted_rooms(self, tx: Transaction, ask: SlidingAsk) -> list[Membership]:
        """The rooms that lists are made of.

        Rooms that the user left are among them only where the connection was told of them; those of which they were
        kicked or banned always. What the client has been told it forgot is not.
        """
        rows = [row for row in ask.memberships.values() if row.position <= ask.upto.position]
        gone = {row.room_nid for row in self._gone(tx, ask, [row for row in rows if row.membership in GONE])}
        hidden = self._unwanted.among(tx, ask.user_id, rows)
        listed = [
            row
            for row in rows
            if row.membership == "join"
            or (row.room_nid in gone if row.membership in GONE else row.room_nid not in hidden)
        ]
        last = self._activity.last_events(tx, [row.room_nid for row in listed if row.membership == "join"])

        def key(row: Membership) -> tuple[int, str]:
            return -(last.get(row.room_nid, 0) if row.membership == "join" else row.position), row.room_id

        return sorted(listed, key=key)

    def is_ignored(self, tx: Transaction, row: Membership) -> bool:
        """Whether the membership is an invite that the user does not want to see."""
        return self._unwanted.hides(tx, row)

    def was_joined(self, tx: Transaction, row: Membership) -> bool:
        """Whether a user who is in the room no more ever was, as far as this server knows."""
        known = self._departures.get(row.event_nid)
        if known is None:
            reader = self._parts.visibility.reader(tx, row.room_nid, row.user_id)
            known = reader.departure is not None
            self._departures.put(row.event_nid, known, 100)
        return known

    def _gone(self, tx: Transaction, ask: SlidingAsk, rows: Sequence[Membership]) -> Iterable[Membership]:
        told = ask.told.memory.rooms
        unknown = [row for row in rows if row.room_nid not in told and not row.forgotten]
        by_others = queries_activity.sent_by_others(tx, [row.event_nid for row in unknown])
        yield from (row for row in unknown if row.event_nid in by_others and self.was_joined(tx, row))
        for row in rows:
            memory = told.get(row.room_nid)
            if memory is not None and not (row.forgotten and memory.membership in GONE):
                yield row


def window(rooms: Sequence[Membership], config: ListConfig) -> Collection[Membership]:
    """The rooms within the ranges of a list."""
    if config.ranges is None:
        return rooms
    return [row for first, last in config.ranges for row in rooms[first : last + 1]]
