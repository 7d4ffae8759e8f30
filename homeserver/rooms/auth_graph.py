"""The auth chains of stored events, as compressed bitmaps over event numbers.

Each state event and each outlier carries the bitmap of all its ancestors by `auth_events`, so that the auth
difference of a fork costs what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from pyroaring import BitMap

from homeserver.database import Transaction
from homeserver.protocol.events import Event
from homeserver.rooms import queries_events
from homeserver.rooms.loading import EventLoader

_PIECE = 500


class AuthGraph:
    """What state resolution asks about auth chains, answered within one transaction.

    `common`: numbers of events that belong to each set of `auth_difference` besides those named.
    """

    def __init__(self, tx: Transaction, loader: EventLoader, common: Callable[[], Iterable[int]] = tuple) -> None:
        self._tx = tx
        self._loader = loader
        self._common = common

    def events(self, ids: Collection[str]) -> Mapping[str, Event]:
        """Events by id, without unknown and rejected ones."""
        return {
            event_id: stored.event
            for event_id, stored in self._loader.stored_by_id(self._tx, ids).items()
            if stored.status < 2
        }

    def auth_difference(self, state_sets: Sequence[Collection[str]]) -> set[str]:
        """The events in the full auth chain of some, but not all, of the sets."""
        numbers = [self._nids(ids) for ids in state_sets]
        common = BitMap.intersection(*numbers)
        chains = [self._closure(ids - common) for ids in numbers]
        candidates = BitMap.union(*chains) - BitMap.intersection(*chains)
        if candidates:
            candidates -= self._closure([*common, *self._common()])
        return set(queries_events.ids_by_nid(self._tx, list(candidates)).values())

    def conflicted_subgraph(self, conflicted: Collection[str]) -> set[str]:
        """The events on a path of auth events between two conflicted ones, these included."""
        own = self._nids(conflicted)
        below = self._closure(own)
        chains = chains_of(self._tx, list(below))
        between = [nid for nid in below if nid in own or chains[nid].intersection_cardinality(own) > 0]
        return set(queries_events.ids_by_nid(self._tx, between).values())

    def _nids(self, event_ids: Collection[str]) -> BitMap:
        return BitMap(queries_events.nids_by_id(self._tx, event_ids).values())

    def _closure(self, nids: Iterable[int]) -> BitMap:
        """The events and their auth chains, put together in pieces, since each piece holds all threads up."""
        own = BitMap(nids)
        found = own.copy()
        for piece in batched(own, _PIECE):
            found |= BitMap.union(*chains_of(self._tx, piece).values())
        return found


def batched(nids: Iterable[int], size: int) -> Iterator[list[int]]:
    """The numbers in pieces."""
    rest = iter(nids)
    while piece := list(islice(rest, size)):
        yield piece


def chains_of(tx: Transaction, nids: Collection[int]) -> dict[int, BitMap]:
    """The auth chain of each event, without itself; empty where none is recorded."""
    return {
        nid: BitMap() if chain is None else BitMap.deserialize(bytes(chain))
        for nid, chain in queries_events.auth_chains(tx, nids)
    }


def chain_from(tx: Transaction, auth_nids: Collection[int]) -> BitMap:
    """The auth chain of an event that cites these events."""
    own = BitMap(auth_nids)
    return BitMap.union(own, *chains_of(tx, list(own)).values()) if own else own
