"""The state before an event: that of its prev_events, resolved where they differ.

https://spec.matrix.org/v1.19/server-server-api/#room-state-resolution
"""

from __future__ import annotations

from collections.abc import Iterable

from homeserver.database import Transaction
from homeserver.protocol.state_resolution import resolve
from homeserver.rooms import queries_events
from homeserver.rooms.auth_graph import AuthGraph
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.snapshots import Snapshots, State, difference

_MOST_REMEMBERED = 1_000


class Resolver:
    """Resolves snapshots of one room into one, remembering recent answers."""

    def __init__(self, snapshots: Snapshots, loader: EventLoader) -> None:
        self._snapshots = snapshots
        self._loader = loader
        self._remembered: dict[frozenset[int], int] = {}

    def resolve(self, tx: Transaction, room: RoomRecord, snapshot_nids: Iterable[int]) -> int:
        """The snapshot that these resolve to; a new one is recorded where they differ, so not to be called in a read.

        Of none, which is what the create event has before it, it is an empty one.
        """
        wanted = frozenset(snapshot_nids)
        if not wanted:
            return self._snapshots.extend(tx, room.room_nid, None, {})
        if len(wanted) == 1:
            return next(iter(wanted))
        known = self._remembered.get(wanted)
        if known is not None:
            return known
        states = {nid: self._snapshots.get(tx, nid) for nid in sorted(wanted)}
        resolved = self._resolve_states(tx, room, list(states.values()))
        nid = self._record(tx, room.room_nid, states, resolved)
        # Only what was committed may be remembered: the snapshot goes with a transaction that fails.
        tx.after_commit(lambda: self._remember(wanted, nid))
        return nid

    def _remember(self, wanted: frozenset[int], nid: int) -> None:
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)))
        self._remembered[wanted] = nid

    def _resolve_states(self, tx: Transaction, room: RoomRecord, states: list[State]) -> State:
        """Only what differs goes through resolution with event ids; the rest is shared as it is."""
        nids = {nid for state in states for nid in state.values()}
        ids = queries_events.ids_by_nid(tx, nids)
        sets = [{key: ids[nid] for key, nid in state.items()} for state in states]
        resolved = resolve(room.version, sets, AuthGraph(tx, self._loader))
        back = {event_id: nid for nid, event_id in ids.items()}
        unknown = [event_id for event_id in resolved.values() if event_id not in back]
        back.update(queries_events.nids_by_id(tx, unknown))
        return State({key: back[event_id] for key, event_id in resolved.items()})

    def _record(self, tx: Transaction, room_nid: int, states: dict[int, State], resolved: State) -> int:
        """Write the resolved state as a delta against the nearest of those it came from."""
        deltas = {nid: difference(state, resolved) for nid, state in states.items()}
        nearest = min(deltas, key=lambda nid: len(deltas[nid]))
        return (
            self._snapshots.extend(tx, room_nid, nearest, deltas[nearest]) if deltas[nearest] else nearest
        )
