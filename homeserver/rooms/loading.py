"""Events by number and by id, out of a cache or the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from homeserver.database import ByteCache, Transaction
from homeserver.protocol.events import Event, stored_event
from homeserver.protocol.room_versions import ROOM_VERSIONS, RoomVersion
from homeserver.rooms import queries_events, queries_rooms
from homeserver.rooms.queries_events import EventRow
from homeserver.rooms.records import RoomRecord, Status, StoredEvent

#: By their numbers.
_STATUSES = {int(status): status for status in Status}


class EventLoader:
    """Reads events. Callable from any thread, within a transaction.

    `placed`: accepted events that clients are shown; whoever moves one publishes it as `moved`. Only reads keep and use
    them, since what a transaction has written may be undone.
    """

    def __init__(self, events: ByteCache[int, Event], placed: ByteCache[int, StoredEvent]) -> None:
        self._events = events
        self._placed = placed
        self._rooms: dict[int, RoomRecord] = {}
        self.redactions = 0
        """Grows before and after every change of what an event holds, and after one of where it is: what was made of
        events while it stood at a number may be kept under that number, if the number was taken before the transaction
        that read them."""

    def room(self, tx: Transaction, room_nid: int) -> RoomRecord:
        """The record of a room by its number."""
        record = self._rooms.get(room_nid)
        if record is None:
            room_id, version = queries_rooms.room_by_nid(tx, room_nid)
            record = self._rooms[room_nid] = RoomRecord(room_nid, room_id, ROOM_VERSIONS[version])
        return record

    def get_many(self, tx: Transaction, nids: Collection[int]) -> dict[int, Event]:
        """Events by number. A number that is not there is left out."""
        found = self._events.get_many(nids)
        if missing := [nid for nid in nids if nid not in found]:
            tx.expect(len(missing))
            for row in queries_events.events_by_nid(tx, missing):
                found[row[0]] = self._keep(tx, row)
        return found

    def get(self, tx: Transaction, nid: int) -> Event:
        """One event by number; KeyError when there is none."""
        event = self._events.get(nid)
        return event if event is not None else self.get_many(tx, [nid])[nid]

    def stored_by_id(self, tx: Transaction, event_ids: Collection[str]) -> dict[str, StoredEvent]:
        """Events with their place and status, by id; unknown ones are left out."""
        return {row[1]: self._stored(tx, row) for row in queries_events.events_by_id(tx, event_ids)}

    def stored_by_nid(self, tx: Transaction, nids: Collection[int]) -> dict[int, StoredEvent]:
        """Events with their place and status, by number; unknown ones are left out."""
        if not tx.is_reading:
            return {row[0]: self._stored(tx, row) for row in queries_events.events_by_nid(tx, nids)}
        found = self._placed.get_many(nids)
        if missing := [nid for nid in nids if nid not in found]:
            tx.expect(len(missing))
            for row in queries_events.events_by_nid(tx, missing):
                stored = found[row[0]] = self._stored(tx, row)
                if _is_placed(stored):
                    self._placed.put(row[0], stored, _size_bytes(stored.event))
        return found

    def find_stored(self, tx: Transaction, event_id: str) -> StoredEvent | None:
        """One event with its place and status."""
        return self.stored_by_id(tx, [event_id]).get(event_id)

    def put(self, nid: int, event: Event) -> None:
        """Keep an event that was just written. Numbers are never used twice, so this needs no commit."""
        self._events.put(nid, event, _size_bytes(event))

    def drop(self, nids: Iterable[int]) -> None:
        """Forget events whose stored form has changed (redacted)."""
        self.redactions += 1
        for nid in nids:
            self._events.outdate(nid)
            self._placed.outdate(nid)

    def drop_places(self, nids: Iterable[int]) -> None:
        """Forget where events were that have another place now."""
        self.redactions += 1
        for nid in nids:
            self._placed.outdate(nid)

    def _keep(self, tx: Transaction, row: EventRow) -> Event:
        version: RoomVersion = self.room(tx, row[2]).version
        event = stored_event(bytes(row[7]), row[1], version)
        self.put(row[0], event)
        return event

    def _stored(self, tx: Transaction, row: EventRow) -> StoredEvent:
        event = self._events.get(row[0]) or self._keep(tx, row)
        return StoredEvent(row[0], event, row[3], _STATUSES[row[4]], row[5], row[6])


def _is_placed(stored: StoredEvent) -> bool:
    return stored.status is Status.ACCEPTED and stored.position is not None and stored.state_after is not None


def _size_bytes(event: Event) -> int:
    """Parsed JSON takes some five times its encoded size in memory."""
    return 600 + 5 * len(event.encoded)
