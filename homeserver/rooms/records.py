"""The values the rooms package passes around."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from homeserver.protocol.events import Event
from homeserver.protocol.room_versions import RoomVersion


class Status(IntEnum):
    """What the checks on receipt of a PDU said.

    https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
    """

    ACCEPTED = 0
    SOFT_FAILED = 1
    REJECTED = 2


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room this server knows: its number, id and version. Never changes."""

    room_nid: int
    room_id: str
    version: RoomVersion


@dataclass(frozen=True, slots=True)
class EventDraft:
    """What a sender chooses of an event; the rest is filled in where it is appended."""

    type: str
    sender: str
    content: dict[str, Any]
    state_key: str | None = None
    redacts: str | None = None
    origin_server_ts: int | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its row number and place. `position` is None for those clients are not shown:
    outliers, rejected and soft-failed events, redactions that do not apply (yet)."""

    event_nid: int
    event: Event
    position: int | None
    status: Status
    state_before: int | None
    state_after: int | None


@dataclass(frozen=True, slots=True)
class Tip:
    """A forward extremity: an accepted event that nothing refers to yet."""

    event_nid: int
    event_id: str
    depth: int
    state_after: int


@dataclass(frozen=True, slots=True)
class Membership:
    """The membership a user has in a room now, and where it came about."""

    room_nid: int
    room_id: str
    user_id: str
    membership: str
    event_nid: int
    position: int
    forgotten: bool


@dataclass(frozen=True, slots=True)
class EventPlace:
    """Where an event is in its room: its number, its depth, and the position at which it was published."""

    event_nid: int
    depth: int
    position: int
