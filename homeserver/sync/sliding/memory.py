"""What a connection has told: for each room how much, so that an answer has only what is new.

A position in it says "everything up to here"; what is not written down stays true, so that a room in which nothing
happens is never written again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from homeserver.sync.sliding.required_state import StateWanted
from homeserver.sync.tokens import SyncToken


class RoomMemory(msgspec.Struct, frozen=True, array_like=True):
    """What the client has of a room.

    `position`: all of `config` (by its index among the connection's) up to here, and of the last `shown` events.
    `receipts`, `account_data`: up to which positions, `typing` up to which serial these were told; 0 for never.
    `members`: user id to the member event last told, where members come as they are needed.
    """

    position: int
    shown: int
    config: int
    membership: str
    is_dm: bool = False
    unread: tuple[int, int] = (0, 0)
    receipts: int = 0
    account_data: int = 0
    typing: int = 0
    members: dict[str, int] = {}

    def encoded(self) -> bytes:
        """For the table."""
        return msgspec.msgpack.encode(self)


@dataclass(frozen=True, slots=True)
class Memory:
    """All that was told by one answer of a connection and those before it. `extensions`: of those that are not about
    rooms, up to which position they were told, by name."""

    rooms: Mapping[int, RoomMemory] = field(default_factory=dict)
    extensions: Mapping[str, int] = field(default_factory=dict)
    configs: Sequence[StateWanted] = ()

    def with_news(
        self, rooms: Mapping[int, RoomMemory], extensions: Mapping[str, int], configs: Sequence[StateWanted]
    ) -> Memory:
        """With what another answer tells."""
        return Memory({**self.rooms, **rooms}, {**self.extensions, **extensions}, tuple(configs))

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        return 1_000 + 500 * len(self.rooms) + 150 * sum(len(room.members) for room in self.rooms.values())


_START = SyncToken(0, 0)


@dataclass(frozen=True, slots=True)
class Told:
    """From where an answer goes on: nothing at the start of a connection."""

    place: SyncToken = _START
    memory: Memory = field(default_factory=Memory)
    is_first: bool = False


_room = msgspec.msgpack.Decoder(RoomMemory)
_extensions = msgspec.msgpack.Decoder(dict[str, int])
_configs = msgspec.json.Decoder(tuple[StateWanted, ...])


def decode_room(value: bytes) -> RoomMemory:
    """Out of the table."""
    return _room.decode(value)


def decode_extensions(value: bytes) -> dict[str, int]:
    """Out of the table."""
    return _extensions.decode(value)


def decode_configs(text: str) -> tuple[StateWanted, ...]:
    """Out of the table."""
    return _configs.decode(text)


def encode_configs(configs: Sequence[StateWanted]) -> str:
    """For the table."""
    return msgspec.json.encode(configs).decode()
