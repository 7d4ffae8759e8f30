"""State snapshots: immutable maps in memory, deltas against a skip-list ancestor in the database.

A snapshot `steps` changes away from its root is stored as what it changes against the snapshot whose number of
steps is the same with the lowest set bit cleared: reading any state takes O(log n) rows of snapshots, and forks
share all that came before them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from immutables import Map

from homeserver.database import ByteCache, Transaction
from homeserver.protocol.events import StateKey
from homeserver.rooms import queries_state
from homeserver.rooms.queries_state import Delta

State = Map[StateKey, int]
"""(type, state_key) to event_nid."""

EMPTY: State = Map()

_BYTES_PER_ENTRY = 180
_BYTES_OF_ENTRY = 350
#: What a whole state may well take.
_ROWS_OF_STATE = 1_000


@dataclass(frozen=True, slots=True)
class _Node:
    ancestor_nid: int | None
    steps: int
    delta: Delta


class Snapshots:
    """Reads and extends snapshots. Callable from any thread, within a transaction."""

    def __init__(
        self,
        states: ByteCache[int, State],
        nodes: ByteCache[int, _Node],
        entries: ByteCache[tuple[int, StateKey], tuple[int | None]],
    ) -> None:
        self._states = states
        self._nodes = nodes
        self._entries = entries
        self._completed: set[int] = set()
        self._amended: dict[int, int] = {}
        self._generation = 0

    @property
    def generation(self) -> int:
        """Another number once states have come to hold more than they did."""
        return self._generation

    def amend(self, root_nid: int, count: int) -> bool:
        """A root has come to have so many entries, more than before, whereby all that build on it have changed: forget
        everything, and keep nothing of what transactions read that do not see them yet. False where that was known."""
        if self._amended.get(root_nid, 0) >= count:
            return False
        self._amended[root_nid] = count
        self._forget()
        return True

    def complete(self, root_nid: int) -> bool:
        """A root has come to build on another snapshot, whereby all that build on it have changed: forget everything,
        and keep nothing of what transactions read that do not see it yet. False where that was known."""
        if root_nid in self._completed:
            return False
        self._completed.add(root_nid)
        self._forget()
        return True

    def _forget(self) -> None:
        self._generation += 1
        self._states.clear()
        self._nodes.clear()
        self._entries.clear()

    def get(self, tx: Transaction, snapshot_nid: int) -> State:
        """The whole state of a snapshot."""
        cached = self._states.get(snapshot_nid)
        if cached is not None:
            return cached
        tx.expect(_ROWS_OF_STATE)
        generation, is_current = self._generation, True
        deltas: list[Delta] = []
        state = EMPTY
        nid: int | None = snapshot_nid
        while nid is not None:
            known = self._states.get(nid)
            if known is not None:
                state = known
                break
            node = _node(tx, nid)
            is_current = is_current and self._is_current(nid, node)
            deltas.append(node.delta)
            nid = node.ancestor_nid
        for delta in reversed(deltas):
            state = apply(state, delta)
        if is_current and generation == self._generation:
            self._states.put(snapshot_nid, state, size_bytes(state))
        return state

    def _is_current(self, nid: int, node: _Node) -> bool:
        if node.ancestor_nid is None and nid in self._completed:
            return False
        return len(node.delta) >= self._amended.get(nid, 0)

    def entries(self, tx: Transaction, snapshot_nids: Collection[int], key: StateKey) -> dict[int, int | None]:
        """What each of some snapshots has at one key, without reading whole states that are not at hand."""
        found: dict[int, int | None] = {
            nid: state.get(key) for nid, state in self._states.get_many(snapshot_nids).items()
        }
        if missing := [nid for nid in snapshot_nids if nid not in found]:
            kept = self._entries.get_many([(nid, key) for nid in missing])
            found.update((nid, entry) for (nid, _), (entry,) in kept.items())
            if len(kept) < len(missing):
                found.update(self._read_entries(tx, [nid for nid in missing if nid not in found], key))
        return found

    def _read_entries(self, tx: Transaction, nids: Sequence[int], key: StateKey) -> dict[int, int | None]:
        tx.expect(len(nids))
        generation = self._generation
        path = {row[0]: row for row in queries_state.entries_of_path(tx, nids, key)}
        # How many entries a root has is not known here.
        is_current = not any(
            nid in self._amended or (nid in self._completed and row[1] is None) for nid, row in path.items()
        )
        entries = {nid: _entry(path, nid) for nid in nids}
        if is_current and generation == self._generation:
            for nid, entry in entries.items():
                self._entries.put((nid, key), (entry,), _BYTES_OF_ENTRY)
        return entries

    def since_common(self, tx: Transaction, nids: Sequence[int]) -> tuple[int | None, dict[int, Delta]]:
        """(the last common ancestor of some snapshots, what each changes against it); None for an empty state, where
        they have no ancestor in common."""
        paths = {nid: self._path(tx, nid) for nid in nids}
        shared = set.intersection(*({step for step, _ in path} for path in paths.values()))
        ancestor_nid = next((step for step, _ in paths[nids[0]] if step in shared), None)
        changes: dict[int, Delta] = {}
        for nid, path in paths.items():
            merged: Delta = {}
            for step, delta in path:
                if step == ancestor_nid:
                    break
                for key, value in delta.items():
                    merged.setdefault(key, value)
            changes[nid] = merged
        return ancestor_nid, changes

    def _path(self, tx: Transaction, snapshot_nid: int) -> list[tuple[int, Delta]]:
        """The snapshot and its ancestors, each with its delta against the next."""
        path: list[tuple[int, Delta]] = []
        nid: int | None = snapshot_nid
        while nid is not None:
            node = self._node(tx, nid)
            path.append((nid, node.delta))
            nid = node.ancestor_nid
        return path

    def _node(self, tx: Transaction, nid: int) -> _Node:
        """Snapshots never change, so that their ancestors, which many share, are kept."""
        node = self._nodes.get(nid)
        if node is None:
            generation = self._generation
            node = _node(tx, nid)
            if self._is_current(nid, node) and generation == self._generation:
                self._nodes.put(nid, node, 300 + _BYTES_PER_ENTRY * len(node.delta))
        return node

    def extend(self, tx: Transaction, room_nid: int, parent_nid: int | None, changes: Delta) -> int:
        """A new snapshot: the parent with these changes. Without a parent it is a root of its own."""
        if parent_nid is None:
            nid = queries_state.insert_snapshot(tx, room_nid, None, 0, changes)
            state = apply(EMPTY, changes)
            self._states.put(nid, state, size_bytes(state))
            return nid
        ancestor_nid, steps, delta = _delta_against_ancestor(tx, parent_nid, changes)
        nid = queries_state.insert_snapshot(tx, room_nid, ancestor_nid, steps, delta)
        generation = self._generation
        state = apply(self.get(tx, parent_nid), changes)
        if generation == self._generation and self._states.get(parent_nid) is not None:
            # Shares almost all of its parent's memory, so that only the change counts.
            self._states.put(nid, state, 400 + _BYTES_PER_ENTRY * 6 * len(changes))
        return nid


def apply(state: State, delta: Delta) -> State:
    """The state with the delta's keys set, or removed where they are None."""
    if not delta:
        return state
    draft = state.mutate()
    for key, nid in delta.items():
        if nid is not None:
            draft[key] = nid
        elif key in draft:
            del draft[key]
    return draft.finish()


def difference(old: State, new: State) -> Delta:
    """What changes `old` into `new`."""
    if old is new:
        return {}
    changes: Delta = {key: nid for key, nid in new.items() if old.get(key) != nid}
    changes.update({key: None for key in old if key not in new})
    return changes


def size_bytes(state: State) -> int:
    """A rough measure of what a state that shares nothing takes."""
    return 400 + _BYTES_PER_ENTRY * len(state)


def _entry(path: Mapping[int, tuple[int, int | None, int | None, int | None]], snapshot_nid: int) -> int | None:
    """What the nearest snapshot that says anything of the key says; see `queries_state.entries_of_path`."""
    nid: int | None = snapshot_nid
    while nid is not None:
        _, nid, speaker, event_nid = path[nid]
        if speaker is not None:
            return event_nid
    return None


def _node(tx: Transaction, nid: int) -> _Node:
    ancestor_nid, steps, _ = queries_state.snapshot_row(tx, nid)
    return _Node(ancestor_nid, steps, queries_state.snapshot_delta(tx, nid))


def _delta_against_ancestor(tx: Transaction, parent_nid: int, changes: Delta) -> tuple[int, int, Delta]:
    """(ancestor, steps, delta) of a child of `parent_nid`, merging the deltas on the way down to the ancestor."""
    ancestor_nid, parent_steps, _ = queries_state.snapshot_row(tx, parent_nid)
    steps = parent_steps + 1
    wanted = steps & (steps - 1)
    merged = dict(changes)
    nid, at = parent_nid, parent_steps
    while at > wanted:
        for key, value in queries_state.snapshot_delta(tx, nid).items():
            merged.setdefault(key, value)
        if ancestor_nid is None:
            raise AssertionError(f"snapshot {nid} has {at} steps and no ancestor")
        nid = ancestor_nid
        ancestor_nid, at, _ = queries_state.snapshot_row(tx, nid)
    return nid, steps, merged
