"""States of one room that differ in few places: what they have in common, and what each of them has besides.

Found from the deltas of their snapshots alone, so that it costs what differs and not what the room holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from homeserver.database import Transaction
from homeserver.protocol.events import StateKey
from homeserver.rooms import queries_events
from homeserver.rooms.snapshots import Snapshots, State

Claim = dict[StateKey, int]


@dataclass(frozen=True, slots=True)
class Forks:
    """`shared`: a state that all come from. `agreed`: what all have changed of it in the same way. `claims`: for each
    snapshot what it has where not all agree; a key that it lacks is absent. `differing`: all such keys."""

    shared: State
    agreed: Mapping[StateKey, int | None]
    claims: Mapping[int, Claim]
    differing: frozenset[StateKey]

    def common_nids(self) -> Iterator[int]:
        """The events that all of the states have."""
        for key, nid in self.shared.items():
            if key not in self.differing and key not in self.agreed:
                yield nid
        yield from (nid for nid in self.agreed.values() if nid is not None)

    def find_common(self, key: StateKey) -> int | None:
        """What all of the states have for a key."""
        if key in self.differing:
            return None
        return self.agreed[key] if key in self.agreed else self.shared.get(key)


class CommonState:
    """What forks have in common, with event ids that are looked up when they are asked for (a `StateLookup`)."""

    def __init__(self, tx: Transaction, forks: Forks) -> None:
        self._tx = tx
        self._forks = forks
        self._ids: dict[int, str] = {}

    def get(self, key: StateKey, /) -> str | None:
        """The event that all have for a key."""
        nid = self._forks.find_common(key)
        if nid is None:
            return None
        if nid not in self._ids:
            self._ids.update(queries_events.ids_by_nid(self._tx, [nid]))
        return self._ids[nid]

    def __contains__(self, key: StateKey, /) -> bool:
        return self._forks.find_common(key) is not None


def find_forks(tx: Transaction, snapshots: Snapshots, nids: Sequence[int]) -> Forks:
    """Take snapshots of one room apart."""
    ancestor_nid, changes = snapshots.since_common(tx, nids)
    shared = State() if ancestor_nid is None else snapshots.get(tx, ancestor_nid)
    changed = {key for delta in changes.values() for key in delta}
    agreed: dict[StateKey, int | None] = {}
    differing: set[StateKey] = set()
    for key in changed:
        before = shared.get(key)
        values = {delta.get(key, before) for delta in changes.values()}
        if len(values) == 1:
            agreed[key] = values.pop()
        else:
            differing.add(key)
    claims = {
        nid: {key: value for key in differing if (value := delta.get(key, shared.get(key))) is not None}
        for nid, delta in changes.items()
    }
    return Forks(shared, agreed, claims, frozenset(differing))
