"""Rooms, as everything outside this package sees them: finding, sending, reading state."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, forbidden, not_found
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.requester import Requester
from homeserver.protocol.room_versions import ROOM_VERSIONS
from homeserver.rooms import queries_rooms, queries_state
from homeserver.rooms.kernel import RoomParts, room_lock
from homeserver.rooms.occupancy import Occupancy
from homeserver.rooms.partial import PartialRooms
from homeserver.rooms.records import EventDraft, RoomRecord, StoredEvent

Clock = Callable[[], int]


def wall_clock_ms() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


@dataclass(frozen=True, slots=True)
class TransactionKey:
    """What makes a request the same as an earlier one: the device, the path's scope and the transaction id.

    https://spec.matrix.org/v1.19/client-server-api/#transaction-identifiers
    """

    user_id: str
    device_id: str
    scope: str
    txn_id: str

    def columns(self) -> dict[str, Any]:
        """The key as query parameters."""
        return {
            "user_id": self.user_id,
            "device_id": self.device_id,
            "scope": self.scope,
            "txn_id": self.txn_id,
        }


async def _open(room_id: str) -> None:
    """Every room is."""


async def _may_refuse(room_id: str, user_id: str) -> None:
    """Every invite may be refused."""


class Rooms:
    """Finds rooms, sends events, reads current state. `occupancy`: who is where; `partial`: where not all members are
    known; `blocks_invites`: whether a user is not to be invited by another; `check_open` raises 403 for a room that
    nobody of this server is to come into, `check_may_refuse` for an invite (room id, user id) that has to stay."""

    def __init__(
        self,
        database: Database,
        parts: RoomParts,
        occupancy: Occupancy,
        partial: PartialRooms,
        clock: Clock = wall_clock_ms,
    ) -> None:
        self._database = database
        self._parts = parts
        self.occupancy = occupancy
        self.partial = partial
        self._clock = clock
        self._known: dict[str, RoomRecord] = {}
        self.blocks_invites: Callable[[Transaction, str, str], bool] = lambda tx, user_id, inviter: False
        self.check_open: Callable[[str], Awaitable[None]] = _open
        self.check_may_refuse: Callable[[str, str], Awaitable[None]] = _may_refuse

    async def find_room(self, room_id: str) -> RoomRecord | None:
        """The room, if this server has ever heard of it."""
        known = self._known.get(room_id)
        if known is None:
            row = await self._database.glance(queries_rooms.find_room, room_id)
            if row is None:
                return None
            known = self._known[room_id] = RoomRecord(row[0], room_id, ROOM_VERSIONS[row[1]])
        return known

    async def get_room(self, room_id: str) -> RoomRecord:
        """The room; 404 `M_NOT_FOUND` when this server has never heard of it."""
        room = await self.find_room(room_id)
        if room is None:
            raise not_found("This server does not know the room.")
        return room

    async def get_room_of(self, room_id: str, user_id: str) -> RoomRecord:
        """The room, for somebody who must be joined to it; 403 `M_FORBIDDEN` otherwise."""
        room = await self.find_room(room_id)
        if room is None or await self.occupancy.membership(room.room_nid, user_id) != "join":
            raise forbidden(f"{user_id} is not in the room.")
        return room

    async def send(
        self, room_id: str, draft: EventDraft, requester: Requester, txn: TransactionKey | None = None
    ) -> str:
        """Append an event of a local user; its id. The same transaction key gives the event of the first time.

        Raises `MatrixError` 403 `M_FORBIDDEN` by the auth rules, 413 `M_TOO_LARGE`, 400 `M_BAD_JSON`.
        """
        room = await self.find_room(room_id)
        if room is None:
            raise forbidden(f"{requester.user_id} is not in the room.")
        lock = room_lock(room.room_nid)
        stored = await self._database.transact(self.send_within, room, draft, txn, locks=(lock,))
        return stored.event.event_id

    def send_within(
        self, tx: Transaction, room: RoomRecord, draft: EventDraft, txn: TransactionKey | None
    ) -> StoredEvent:
        """The same within a transaction that holds the room's lock."""
        if txn is not None:
            sent = queries_rooms.find_sent(tx, txn.columns())
            if sent is not None:
                return self._parts.loader.stored_by_id(tx, [sent])[sent]
        if queries_rooms.find_current_snapshot(tx, room.room_nid) is None:
            raise forbidden(f"{draft.sender} is not in the room.")
        if draft.type == "m.room.member" and draft.content.get("membership") == "invite":
            self._check_takes_invites(tx, str(draft.state_key), draft.sender)
        now_ms = self._clock()
        stored = self._parts.composer.append(tx, room, draft, now_ms=now_ms)
        if txn is not None:
            queries_rooms.insert_sent(tx, txn.columns(), stored.event_nid, now_ms)
        return stored

    async def check_takes_invites(self, room_id: str, user_id: str, inviter: str) -> None:
        """Raise 403 `M_INVITE_BLOCKED` for a local user whom somebody is not to invite, 403 `M_FORBIDDEN` for a room
        that nobody is to come into.

        https://spec.matrix.org/v1.19/client-server-api/#invite-permission
        """
        await self.check_open(room_id)
        await self._database.glance(self._check_takes_invites, user_id, inviter)

    def _check_takes_invites(self, tx: Transaction, user_id: str, inviter: str) -> None:
        if self.blocks_invites(tx, user_id, inviter):
            raise MatrixError(403, "M_INVITE_BLOCKED", f"{user_id} does not take this invite.")

    async def was_sent(self, txn: TransactionKey) -> bool:
        """Whether an event was sent with this transaction key."""
        return await self._database.glance(queries_rooms.find_sent, txn.columns()) is not None

    async def find_state_event(self, room_nid: int, key: StateKey) -> Event | None:
        """One event of the current state."""
        return await self._database.glance(self.state_event_within, room_nid, key)

    async def current_state(self, room_nid: int) -> dict[StateKey, Event]:
        """All events of the current state."""
        return await self._database.read(self._current_state, room_nid)

    async def current_state_of_types(
        self, room_nid: int, types: Collection[str], user_id: str
    ) -> dict[StateKey, Event]:
        """The current state of these types; where the join rule needs no member list, only `user_id`'s member event."""
        return await self._database.browse(self._state_of_types, room_nid, types, user_id)

    async def check_may_redact(self, room: RoomRecord, user_id: str, target: StoredEvent) -> None:
        """Raise 403 `M_FORBIDDEN` unless the event is the user's own or the user has the power to redact others'."""
        if target.event.sender != user_id and not await self._database.glance(self._has_redact_power, room, user_id):
            raise forbidden("You may not redact the events of others in this room.")

    async def find_event(self, event_id: str) -> StoredEvent | None:
        """An event by its id, whatever room and status."""
        return await self._database.glance(self._parts.loader.find_stored, event_id)

    def _has_redact_power(self, tx: Transaction, room: RoomRecord, user_id: str) -> bool:
        snapshot_nid = queries_rooms.find_current_snapshot(tx, room.room_nid)
        return snapshot_nid is not None and self._parts.redactor.has_power(tx, snapshot_nid, user_id)

    def state_event_within(self, tx: Transaction, room_nid: int, key: StateKey) -> Event | None:
        """One event of the current state, within a transaction."""
        nid = queries_state.find_current(tx, room_nid, key)
        return None if nid is None else self._parts.loader.get(tx, nid)

    def _state_of_types(
        self, tx: Transaction, room_nid: int, types: Collection[str], user_id: str
    ) -> dict[StateKey, Event]:
        snapshot_nid = queries_rooms.find_current_snapshot(tx, room_nid)
        if snapshot_nid is None:
            return {}
        state = self._parts.snapshots.get(tx, snapshot_nid)
        rules_nid = state.get(("m.room.join_rules", ""))
        rules = None if rules_nid is None else self._parts.loader.get(tx, rules_nid).content.get("join_rule")
        if rules in ("restricted", "knock_restricted"):
            nids = {key: nid for key, nid in state.items() if key[0] in types}
        else:
            keys = [(kind, user_id if kind == "m.room.member" else "") for kind in types]
            nids = {key: state[key] for key in keys if key in state}
        events = self._parts.loader.get_many(tx, list(nids.values()))
        return {key: events[nid] for key, nid in nids.items()}

    def _current_state(self, tx: Transaction, room_nid: int) -> dict[StateKey, Event]:
        snapshot_nid = queries_rooms.find_current_snapshot(tx, room_nid)
        if snapshot_nid is None:
            return {}
        state = self._parts.snapshots.get(tx, snapshot_nid)
        events = self._parts.loader.get_many(tx, list(state.values()))
        return {key: events[nid] for key, nid in state.items()}
