"""Receipts: where users are in a room, told to the others there.

https://spec.matrix.org/v1.19/client-server-api/#receipts
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import forbidden, invalid_param
from homeserver.slices.receipts import queries
from homeserver.slices.receipts.queries import Row

RECEIPT_TYPES = ("m.read", "m.read.private")


class ReadPlace(Protocol):
    """Where an event is."""

    @property
    def event_nid(self) -> int:
        """Its number."""

    @property
    def depth(self) -> int:
        """Its depth."""

    @property
    def position(self) -> int:
        """The position at which it was published."""

    @property
    def thread_id(self) -> str | None:
        """The root of its thread; None in the main timeline."""

    @property
    def is_redacted(self) -> bool:
        """Whether it was redacted."""


class RoomLookup(Protocol):
    """What receipts ask about rooms."""

    async def find_room_nid(self, room_id: str) -> int | None:
        """The room's number."""

    async def is_joined(self, room_nid: int, user_id: str) -> bool:
        """Whether the user is joined."""

    async def joined_servers(self, room_nid: int) -> Collection[str]:
        """The servers in the room."""

    def find_place(self, tx: Transaction, room_nid: int, event_id: str) -> ReadPlace | None:
        """Where an event of the room is."""

    def room_nids(self, tx: Transaction, room_ids: Collection[str]) -> Mapping[int, str]:
        """Room number to room id."""


SendEdu = Callable[[Collection[str], str, dict[str, Any], str], Awaitable[None]]
"""(destinations, EDU type, content, key of what it replaces): sent also if the destination is away for a while."""


MarkRead = Callable[[Transaction, str, int, str, Any], None]
"""(transaction, user id, room number, thread id, place): what a local user read counts as unread no more."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A user has read a room (or a thread of it) up to an event. `thread_id` is empty where unthreaded."""

    room_id: str
    user_id: str
    receipt_type: str
    event_id: str
    thread_id: str = ""
    read_ts: int = 0


class Receipts:
    """Keeps receipts."""

    def __init__(
        self, database: Database, rooms: RoomLookup, send_edu: SendEdu, mark_read: MarkRead, server_name: str
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._send_edu = send_edu
        self._mark_read = mark_read
        self._server_name = server_name

    async def set_receipt(self, receipt: Receipt) -> None:
        """A local user's receipt; 403 `M_FORBIDDEN` when not in the room, 400 `M_INVALID_PARAM` for an unknown type, or
        a thread that the event is not in."""
        if receipt.receipt_type not in RECEIPT_TYPES:
            raise invalid_param(f"receiptType: must be one of {', '.join(RECEIPT_TYPES)}.")
        room_nid = await self._rooms.find_room_nid(receipt.room_id)
        if room_nid is None or not await self._rooms.is_joined(room_nid, receipt.user_id):
            raise forbidden(f"{receipt.user_id} is not in the room.")
        read_ts = int(time.time() * 1000)
        moved = await self._database.transact(self._write, room_nid, receipt, read_ts)
        if moved and receipt.receipt_type == "m.read":
            await self._tell_others(room_nid, receipt, read_ts)

    async def receive(self, origin: str, content: dict[str, Any]) -> None:
        """An `m.receipt` EDU; what the origin says of other servers' users is ignored.

        https://spec.matrix.org/v1.19/server-server-api/#receipts
        """
        for receipt in _from_edu(origin, content):
            room_nid = await self._rooms.find_room_nid(receipt.room_id)
            if room_nid is not None and await self._rooms.is_joined(room_nid, receipt.user_id):
                await self._database.transact(self._write, room_nid, receipt, receipt.read_ts)

    def receipts_between(
        self, tx: Transaction, room_ids: Collection[str], since: int, upto: int, user_id: str
    ) -> Mapping[str, dict[str, Any]]:
        """Room id to the content of an `m.receipt` event; others' private receipts are left out."""
        names = self._rooms.room_nids(tx, room_ids)
        by_room: dict[str, list[Row]] = {}
        for row in queries.receipts_between(tx, list(names), since, upto):
            by_room.setdefault(names[row[0]], []).append(row)
        contents = {room_id: _content(rows, user_id) for room_id, rows in by_room.items()}
        return {room_id: content for room_id, content in contents.items() if content}

    def receipts_at(
        self, tx: Transaction, room_id: str, event_ids: Collection[str], upto: int, user_id: str
    ) -> dict[str, Any]:
        """The content of an `m.receipt` event with all receipts at some events, and all that are the user's own."""
        rows: list[Row] = []
        for room_nid in self._rooms.room_nids(tx, [room_id]):
            rows += queries.receipts_at(tx, room_nid, event_ids, upto)
            rows += queries.receipts_of(tx, room_nid, user_id, upto)
        return _content(rows, user_id)

    def _write(self, tx: Transaction, room_nid: int, receipt: Receipt, read_ts: int) -> bool:
        """Whether the receipt moved: it never moves backwards, and unknown events are ignored."""
        place = self._rooms.find_place(tx, room_nid, receipt.event_id)
        if place is None:
            return False
        if receipt.user_id.endswith(f":{self._server_name}"):
            _check_thread(receipt, place)
            self._mark_read(tx, receipt.user_id, room_nid, receipt.thread_id, place)
        key = {
            "room_nid": room_nid,
            "user_id": receipt.user_id,
            "receipt_type": receipt.receipt_type,
            "thread_id": receipt.thread_id,
        }
        before = queries.find_place(tx, key)
        if before is not None and before >= (place.depth, place.event_nid):
            return False
        position = tx.publish("receipts", str(room_nid))
        queries.write_receipt(
            tx,
            {
                **key,
                "event_id": receipt.event_id,
                "depth": place.depth,
                "event_nid": place.event_nid,
                "read_ts": read_ts,
                "position": position,
            },
        )
        return True

    async def _tell_others(self, room_nid: int, receipt: Receipt, read_ts: int) -> None:
        servers = set(await self._rooms.joined_servers(room_nid)) - {self._server_name}
        if not servers:
            return
        data: dict[str, Any] = {"ts": read_ts}
        if receipt.thread_id:
            data["thread_id"] = receipt.thread_id
        entry = {receipt.user_id: {"event_ids": [receipt.event_id], "data": data}}
        key = f"{receipt.room_id} {receipt.user_id} {receipt.thread_id}"
        await self._send_edu(servers, "m.receipt", {receipt.room_id: {"m.read": entry}}, key)


def _content(rows: Iterable[Row], user_id: str) -> dict[str, Any]:
    """The content of an `m.receipt` event; others' private receipts are left out."""
    content: dict[str, Any] = {}
    for _, reader, receipt_type, thread_id, event_id, read_ts in rows:
        if receipt_type == "m.read.private" and reader != user_id:
            continue
        data: dict[str, Any] = {"ts": read_ts}
        if thread_id:
            data["thread_id"] = thread_id
        content.setdefault(event_id, {}).setdefault(receipt_type, {})[reader] = data
    return content


def _check_thread(receipt: Receipt, place: ReadPlace) -> None:
    """A root may be read as part of its thread, though it is in the main timeline."""
    allowed = ("", place.thread_id or "main", receipt.event_id if place.thread_id is None else "")
    if receipt.thread_id not in allowed:
        raise invalid_param(f"thread_id: the event is not in the thread {receipt.thread_id!r}.")


def _from_edu(origin: str, content: dict[str, Any]) -> Iterator[Receipt]:
    """The receipts of an EDU that its origin may give; anything misshapen is passed over."""
    for room_id, by_type in content.items():
        readers = by_type.get("m.read") if isinstance(by_type, dict) else None
        for user_id, entry in readers.items() if isinstance(readers, dict) else ():
            if not isinstance(entry, dict) or user_id.partition(":")[2] != origin:
                continue
            event_ids, data = entry.get("event_ids"), entry.get("data")
            if not isinstance(event_ids, list) or not event_ids or not isinstance(event_ids[-1], str):
                continue
            read_ts = data.get("ts") if isinstance(data, dict) else None
            thread_id = data.get("thread_id") if isinstance(data, dict) else None
            yield Receipt(
                room_id,
                user_id,
                "m.read",
                event_ids[-1],
                thread_id if isinstance(thread_id, str) else "",
                read_ts if isinstance(read_ts, int) and 0 <= read_ts < 2**53 else 0,
            )
