"""What crosses a join: events that some server of the room accepted while it did not know of the join yet, which are
neither in the state that the joining server got nor within its stay in the room. They are queued for it.

Each server sees to its own events as it learns of the join. The one that let the user in sees to those of all others
too, whatever kind of servers these are.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

from collections.abc import Sequence

from homeserver.database import Transaction
from homeserver.federation import queries_outgoing
from homeserver.protocol.ids import server_name_of
from homeserver.rooms import queries_events
from homeserver.rooms.beside import events_beside
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import Fork, RoomRecord, StoredEvent

MOST_CROSSING = 50
"""How many events are queued for one join: the newest. A server that gets them asks for what comes before."""

MOST_QUEUED = 1000
"""No more is queued for a destination with so many; it will ask for what it lacks when it sees something after it."""


class CrossedJoins:
    """Queues what crossed. Called within the transactions that append to rooms."""

    def __init__(self, parts: RoomParts, server_name: str) -> None:
        self._parts = parts
        self._server_name = server_name

    def note_fork(self, tx: Transaction, room: RoomRecord, fork: Fork) -> None:
        """An event of another server has come that does not cite all tips of the room."""
        self._queue_for_its_server(tx, room, fork)
        if not fork.is_outbound:
            self._pass_on(tx, room, fork)

    def _queue_for_its_server(self, tx: Transaction, room: RoomRecord, fork: Fork) -> None:
        """Where the event brought its server into the room, what is beside it is for that server."""
        stored = fork.stored
        server_name = server_name_of(stored.event.sender)
        if stored.position is None or server_name == self._server_name:
            return
        if queries_outgoing.joined_since(tx, room.room_nid, server_name) != stored.position:
            return
        beside = events_beside(tx, self._parts.loader, stored, fork.others, MOST_CROSSING)
        if not fork.is_outbound:
            own = queries_events.outbound_among(tx, [one.event_nid for one in beside])
            beside = [one for one in beside if one.event_nid in own]
        self._queue(tx, server_name, beside)

    def _pass_on(self, tx: Transaction, room: RoomRecord, fork: Fork) -> None:
        """While a join that this server let in is a tip, whatever comes beside it is from servers that did not know of
        it."""
        let_in = queries_events.outbound_among(tx, [tip.event_nid for tip in fork.others])
        for event in self._parts.loader.get_many(tx, list(let_in)).values():
            server_name = server_name_of(event.sender)
            if event.membership != "join" or server_name == self._server_name:
                continue
            if queries_outgoing.joined_since(tx, room.room_nid, server_name) is not None:
                self._queue(tx, server_name, [fork.stored])
                tx.publish("outbound", str(room.room_nid))

    def _queue(self, tx: Transaction, server_name: str, events: Sequence[StoredEvent]) -> None:
        """State is the business of every server in the room; other events as the history visibility has it."""
        others = [one for one in events if server_name_of(one.event.sender) != server_name]
        seen, _ = self._parts.visibility.visible_to_server(tx, server_name, others)
        if queries_outgoing.count_queued(tx, server_name) >= MOST_QUEUED:
            return
        nids = {one.event_nid for one in seen}
        queries_outgoing.add_pdus(
            tx, server_name, [one.event_nid for one in others if one.event.is_state or one.event_nid in nids]
        )
