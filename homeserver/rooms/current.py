"""The current state of a room and everything that follows from it: members, servers, the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from homeserver.database import Transaction
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.ids import server_name_of
from homeserver.rooms import queries_members, queries_partial, queries_rooms, queries_state
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.queries_state import Delta
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.resets import find_resets, report_resets
from homeserver.rooms.snapshots import EMPTY, Snapshots, difference

OnState = Callable[[Transaction, RoomRecord, Mapping[StateKey, Event | None]], None]
"""Called within the transaction with what changed of a room's current state; None for a key that is gone."""


class CurrentState:
    """Writes the flat tables that answer the common questions about a room's present. `on_changed`: slices that keep
    something of it."""

    def __init__(self, snapshots: Snapshots, loader: EventLoader, server_name: str) -> None:
        self._snapshots = snapshots
        self._loader = loader
        self.server_name = server_name
        self.on_changed: list[OnState] = []

    def advance(self, tx: Transaction, room: RoomRecord, snapshot_nid: int, cause_nid: int) -> Delta:
        """Make a snapshot the room's current state; what changed. The transaction has published its position."""
        old_nid = queries_rooms.find_current_snapshot(tx, room.room_nid)
        if old_nid == snapshot_nid:
            return {}
        new = self._snapshots.get(tx, snapshot_nid)
        old = EMPTY if old_nid is None else self._snapshots.get(tx, old_nid)
        changes = difference(old, new)
        resets = {} if self._is_entry(tx, cause_nid) else find_resets(tx, self._loader, old, changes, cause_nid)
        report_resets(tx, self._loader, room, resets, cause_nid)
        self._write(tx, room, (snapshot_nid, cause_nid), changes, resets)
        return changes

    def write(self, tx: Transaction, room: RoomRecord, snapshot_nid: int, changes: Delta, cause_nid: int) -> None:
        """Record changes of current state that are already known."""
        self._write(tx, room, (snapshot_nid, cause_nid), changes, {})

    def _is_entry(self, tx: Transaction, cause_nid: int) -> bool:
        """Whether it is a local user's join, by which this server may have come back into the room."""
        cause = self._loader.get(tx, cause_nid)
        return cause.membership == "join" and server_name_of(cause.sender) == self.server_name

    def _write(
        self,
        tx: Transaction,
        room: RoomRecord,
        place: tuple[int, int],
        changes: Delta,
        resets: Mapping[StateKey, int],
    ) -> None:
        snapshot_nid, cause_nid = place
        queries_rooms.set_current_snapshot(tx, room.room_nid, snapshot_nid)
        if not changes:
            return
        queries_state.write_journal(tx, (room.room_nid, snapshot_nid, cause_nid), changes, resets)
        self.fill(tx, room, changes)

    def fill(self, tx: Transaction, room: RoomRecord, changes: Delta) -> None:
        """The same of what has been the current state all along, and becomes known only now: no change to tell of.
        The transaction has published its position."""
        queries_state.write_current_state(tx, room.room_nid, changes)
        self._write_members(tx, room, changes)
        events = self._loader.get_many(tx, [nid for nid in changes.values() if nid is not None])
        told = {key: None if nid is None else events[nid] for key, nid in changes.items()}
        for hook in self.on_changed:
            hook(tx, room, told)

    def _write_members(self, tx: Transaction, room: RoomRecord, changes: Delta) -> None:
        members = {key[1]: nid for key, nid in changes.items() if key[0] == "m.room.member"}
        if not members:
            return
        events = self._loader.get_many(tx, [nid for nid in members.values() if nid is not None])
        uninvited = self._servers_uninvited(tx, room, members, events)
        rows: list[dict[str, Any]] = []
        for user_id, nid in members.items():
            if nid is None:
                queries_members.delete_membership(tx, user_id, room.room_nid)
                continue
            membership = events[nid].membership or "leave"
            rows.append(membership_row(tx, room.room_nid, user_id, membership, nid))
        queries_members.write_memberships(tx, rows)
        for user_id in members:
            if server_name_of(user_id) == self.server_name:
                tx.publish("membership", user_id)
        tx.publish("members", str(room.room_nid))
        self._write_servers(tx, room.room_nid, {server_name_of(user_id) for user_id in members})
        for server_name in uninvited:
            if not queries_members.has_open_span(tx, room.room_nid, server_name):
                # In the room for just this event, so that it is sent there.
                queries_members.open_server_span(tx, room.room_nid, server_name, tx.position)
                queries_members.close_server_span(tx, room.room_nid, server_name, tx.position)

    def _servers_uninvited(
        self, tx: Transaction, room: RoomRecord, members: Mapping[str, int | None], events: Mapping[int, Event]
    ) -> set[str]:
        """The other servers of users whose invite or knock ends without a join."""
        ended = [
            user_id
            for user_id, nid in members.items()
            if nid is not None
            and events[nid].membership in ("leave", "ban")
            and server_name_of(user_id) != self.server_name
        ]
        before = [queries_members.find_membership(tx, user_id, room.room_nid) for user_id in ended]
        return {server_name_of(row.user_id) for row in before if row and row.membership in ("invite", "knock")}

    def _write_servers(self, tx: Transaction, room_nid: int, server_names: set[str]) -> None:
        for server_name in server_names:
            is_in = queries_members.has_joined_member(tx, room_nid, server_name)
            was_in = queries_members.has_open_span(tx, room_nid, server_name)
            if is_in and not was_in:
                queries_members.open_server_span(tx, room_nid, server_name, tx.position)
                tx.publish("servers", str(room_nid))
            elif was_in and not is_in and not self._may_have_others(tx, room_nid, server_name):
                queries_members.close_server_span(tx, room_nid, server_name, tx.position)
                tx.publish("servers", str(room_nid))

    def _may_have_others(self, tx: Transaction, room_nid: int, server_name: str) -> bool:
        """Whether other users of a server may be in the room, of whom is not known yet."""
        return server_name != self.server_name and queries_partial.is_incomplete(tx, room_nid)


def membership_row(
    tx: Transaction, room_nid: int, user_id: str, membership: str, event_nid: int, stripped: bytes | None = None
) -> dict[str, Any]:
    """A row for `write_memberships`."""
    return {
        "user_id": user_id,
        "room_nid": room_nid,
        "server_name": server_name_of(user_id),
        "membership": membership,
        "event_nid": event_nid,
        "position": tx.position,
        "stripped": stripped,
    }
