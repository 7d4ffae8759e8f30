"""The state before an event: that of its prev_events, resolved where they differ.

https://spec.matrix.org/v1.19/server-server-api/#room-state-resolution
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from homeserver.database import Transaction
from homeserver.protocol.state_resolution import Step, resolve, resolve_forks
from homeserver.rooms import queries_events
from homeserver.rooms.auth_graph import AuthGraph
from homeserver.rooms.forks import Claim, CommonState, Forks, find_forks
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.queries_state import Delta
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.snapshots import Snapshots

_MOST_REMEMBERED = 1_000

Note = Callable[[Step], None]


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
        nid = self._resolved(tx, room, sorted(wanted))
        # Only what was committed may be remembered: the snapshot goes with a transaction that fails.
        tx.after_commit(lambda: self._remember(wanted, nid))
        return nid

    def forget(self) -> None:
        """States that were resolved have changed."""
        self._remembered.clear()

    def _remember(self, wanted: frozenset[int], nid: int) -> None:
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)))
        self._remembered[wanted] = nid

    def _resolved(self, tx: Transaction, room: RoomRecord, nids: list[int]) -> int:
        forks = find_forks(tx, self._snapshots, nids)
        if not forks.differing:
            return nids[0]
        if room.version.state_resolution == "v1":
            changes = self._resolve_whole(tx, room, nids, forks)
        else:
            changes = self._resolve_forks(tx, room, forks)
        return self._record(tx, room.room_nid, forks, changes)

    def explain(
        self, tx: Transaction, room: RoomRecord, snapshot_nids: Iterable[int]
    ) -> tuple[Forks, Delta, list[Step]]:
        """What these snapshots have apart, what that resolves to, and the events tried on the way (room version 1 has
        no such steps). Writes nothing."""
        steps: list[Step] = []
        forks = find_forks(tx, self._snapshots, sorted(set(snapshot_nids)))
        if not forks.differing:
            return forks, {}, steps
        if room.version.state_resolution == "v1":
            return forks, self._resolve_whole(tx, room, list(forks.claims), forks), steps
        return forks, self._resolve_forks(tx, room, forks, steps.append), steps

    def _resolve_forks(self, tx: Transaction, room: RoomRecord, forks: Forks, note: Note | None = None) -> Delta:
        """What the differing keys resolve to (None: they are gone), and what comes to the state besides."""
        ids = queries_events.ids_by_nid(tx, {nid for claim in forks.claims.values() for nid in claim.values()})
        claims = [{key: ids[nid] for key, nid in claim.items()} for claim in forks.claims.values()]
        graph = AuthGraph(tx, self._loader, forks.common_nids)
        resolved = resolve_forks(room.version, CommonState(tx, forks), claims, graph, note)
        back = {event_id: nid for nid, event_id in ids.items()}
        back.update(queries_events.nids_by_id(tx, [one for one in resolved.values() if one not in back]))
        return {**dict.fromkeys(forks.differing), **{key: back[event_id] for key, event_id in resolved.items()}}

    def _resolve_whole(self, tx: Transaction, room: RoomRecord, nids: list[int], forks: Forks) -> Delta:
        """Room version 1 looks at the states as a whole."""
        states = [self._snapshots.get(tx, nid) for nid in nids]
        ids = queries_events.ids_by_nid(tx, {nid for state in states for nid in state.values()})
        sets = [{key: ids[nid] for key, nid in state.items()} for state in states]
        resolved = resolve(room.version, sets, AuthGraph(tx, self._loader))
        back = queries_events.nids_by_id(tx, [resolved[key] for key in forks.differing if key in resolved])
        return {key: back[resolved[key]] if key in resolved else None for key in forks.differing}

    def _record(self, tx: Transaction, room_nid: int, forks: Forks, changes: Delta) -> int:
        """Write the resolved state as a delta against the nearest of those it came from."""

        def against(claim: Claim) -> Delta:
            return {key: nid for key, nid in changes.items() if claim.get(key) != nid}

        nearest = min(forks.claims, key=lambda nid: (len(against(forks.claims[nid])), nid))
        delta = against(forks.claims[nearest])
        return self._snapshots.extend(tx, room_nid, nearest, delta) if delta else nearest
