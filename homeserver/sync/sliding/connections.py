"""Connections: what a device was told by its last answers, kept over restarts, shared by all processes.

A request names the answer it goes on from by `pos`. The last answer that the client is known to have and the one after
it are both kept: a client that lost an answer asks again with the `pos` it has.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#connections
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from homeserver.database import ByteCache, Database, Transaction
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.requester import Requester
from homeserver.rooms.service import wall_clock_ms
from homeserver.sync.sliding import queries
from homeserver.sync.sliding.memory import (
    Memory,
    Told,
    decode_configs,
    decode_extensions,
    decode_room,
    encode_configs,
)
from homeserver.sync.sliding.queries import ConnectionRow, Key
from homeserver.sync.tokens import SyncToken

MOST_OF_A_DEVICE = 16
#: Of different wishes for state; a client that has had more begins anew.
MOST_CONFIGS = 200
_UNUSED_MS = 30 * 24 * 3600 * 1000
_DAY_MS = 24 * 3600 * 1000
#: Stands for the room where there is none.
_NO_ROOM = 0
_POS = re.compile(r"s(\d{1,18})_(\d{1,18})_(\d{1,18})\Z")


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection as a request finds it: what it was told, and the row that must still be so when it is told more;
    no row for a new one. `answer`: the number of the answer that the request goes on from."""

    key: Key
    told: Told
    row: ConnectionRow | None = None
    answer: int = 0


def unknown_pos() -> MatrixError:
    """400 `M_UNKNOWN_POS`: the client is to begin anew."""
    return MatrixError(400, "M_UNKNOWN_POS", "pos: this connection is not known (any more). Begin again without it.")


class Connections:
    """Opens connections and writes down what they were told.

    `delete_devices` takes part in the transaction of `Devices.on_devices_deleted`.
    """

    def __init__(
        self,
        database: Database,
        memories: ByteCache[tuple[int, int], Memory],
        clock: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._database = database
        # By connection and answer. What an answer told never changes, so that nothing has to be dropped here.
        self._memories = memories
        self._clock = clock

    async def open(self, requester: Requester, conn_id: str, pos: str | None) -> Opened:
        """The connection at a `pos`, a new one without; 400 `M_UNKNOWN_POS` for one that is not this device's last."""
        key = (requester.user_id, requester.device_id or "", conn_id)
        if pos is None:
            return Opened(key, Told(is_first=True))
        match = _POS.match(pos)
        row = None if match is None else await self._database.glance(queries.find_connection, key)
        if match is None or row is None:
            raise unknown_pos()
        position, connection_nid, answer = (int(part) for part in match.groups())
        place = _place(row, answer)
        if connection_nid != row.connection_nid or place is None or place.position != position:
            raise unknown_pos()
        if row.used_ts < self._clock() - _DAY_MS:
            await self._database.transact(queries.touch, connection_nid, self._clock())
        return Opened(key, Told(place, await self._memory(row, answer)), row, answer)

    async def save(self, opened: Opened, upto: SyncToken, memory: Memory, changed: Memory) -> str | None:
        """Write down what another answer tells; its `pos`, or None where the connection was told something else since
        it was opened. `memory`: all that is told; `changed`: what of it is to be written."""
        rooms = self._written(opened.told.memory, changed)
        written = await self._database.transact(self._write, opened, upto, rooms, encode_configs(memory.configs))
        if written is None:
            return None
        self._memories.put(written, memory, memory.size_bytes)
        return f"s{upto.position}_{written[0]}_{written[1]}"

    def keep(self, opened: Opened, memory: Memory) -> Opened:
        """Remember in this process that nothing is new up to later positions than those that are written down; the
        connection with that."""
        if memory is opened.told.memory or opened.row is None:
            return opened
        self._memories.put((opened.row.connection_nid, opened.answer), memory, memory.size_bytes)
        return replace(opened, told=replace(opened.told, memory=memory))

    def delete_devices(self, tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
        """These devices are gone."""
        for device_id in device_ids:
            queries.delete_connections(tx, [nid for nid, _ in queries.connections_of(tx, user_id, device_id)])

    async def reap(self) -> None:
        """Forget the connections that nobody uses."""
        await self._database.transact(self._delete_unused, self._clock() - _UNUSED_MS)

    async def _memory(self, row: ConnectionRow, answer: int) -> Memory:
        known = self._memories.get((row.connection_nid, answer))
        if known is None:
            rows = await self._database.read(queries.rooms_at, row.connection_nid, answer)
            extensions = rows.pop(_NO_ROOM, None)
            known = Memory(
                {room_nid: decode_room(value) for room_nid, value in rows.items()},
                {} if extensions is None else decode_extensions(extensions),
                decode_configs(row.configs),
            )
            self._memories.put((row.connection_nid, answer), known, known.size_bytes)
        return known

    def _written(self, before: Memory, changed: Memory) -> dict[int, tuple[bytes, bytes | None]]:
        rooms: dict[int, tuple[bytes, bytes | None]] = {}
        for room_nid, room in changed.rooms.items():
            old = before.rooms.get(room_nid)
            rooms[room_nid] = room.encoded(), None if old is None else old.encoded()
        if changed.extensions:
            now = {**before.extensions, **changed.extensions}
            rooms[_NO_ROOM] = msgspec.msgpack.encode(now), msgspec.msgpack.encode(dict(before.extensions))
        return rooms

    def _write(
        self,
        tx: Transaction,
        opened: Opened,
        upto: SyncToken,
        rooms: dict[int, tuple[bytes, bytes | None]],
        configs: str,
    ) -> tuple[int, int] | None:
        """(the connection's number, the answer's), None where it is not as it was."""
        row, now = opened.row, self._clock()
        if row is None:
            connection_nid = self._insert(tx, opened.key, upto, configs)
            queries.write_rooms(tx, connection_nid, 1, rooms)
            return connection_nid, 1
        found = queries.find_connection(tx, opened.key)
        if found is None or (found.connection_nid, found.acked, found.pending) != (
            row.connection_nid,
            row.acked,
            row.pending,
        ):
            return None
        if opened.answer == row.acked and row.pending:
            queries.take_back(tx, row.connection_nid, row.pending)
        answer = row.newest + 1
        place = opened.told.place
        queries.write_answer(
            tx,
            ConnectionRow(row.connection_nid, opened.answer, *place.places, answer, *upto.places, configs, now),
        )
        queries.write_rooms(tx, row.connection_nid, answer, rooms)
        return row.connection_nid, answer

    def _insert(self, tx: Transaction, key: Key, upto: SyncToken, configs: str) -> int:
        """A new connection in place of the one of this name, and of those that are too many."""
        others = queries.connections_of(tx, key[0], key[1])
        outdated = [nid for nid, conn_id in others if conn_id == key[2]]
        kept = [nid for nid, conn_id in others if conn_id != key[2]]
        queries.delete_connections(tx, [*outdated, *kept[MOST_OF_A_DEVICE - 1 :]])
        return queries.insert_connection(tx, key, upto.places, configs, self._clock())

    def _delete_unused(self, tx: Transaction, before_ts: int) -> None:
        queries.delete_connections(tx, queries.unused_since(tx, before_ts))


def _place(row: ConnectionRow, answer: int) -> SyncToken | None:
    """Up to where an answer went, of the two that count."""
    if answer == row.pending:
        return SyncToken(row.pending_position, row.pending_volatile)
    return SyncToken(row.acked_position, row.acked_volatile) if answer == row.acked and answer else None
