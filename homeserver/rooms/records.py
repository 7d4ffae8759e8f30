"""The values the rooms package passes around."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, NamedTuple

from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.push_conditions import Occasion
from homeserver.protocol.push_evaluation import Figure
from homeserver.protocol.room_versions import RoomVersion


class Fetched(Enum):
    """What came of asking other servers for history. LATER: nothing now, but servers are away that may have it."""

    SOME = "some"
    NOTHING = "nothing"
    LATER = "later"


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


class Counters(NamedTuple):
    """How many events of a timeline notify by the predefined rules, and how many of these are highlighted."""

    notifying: int
    highlighting: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How an event counts for those who have the predefined rules and whom it does not name.

    `thread_id`: the root of its thread, None in the main timeline. `main`, `thread`: the counters after it, those of
    the thread where it is in one. `occasion`: the event as push rules look at it, within its transaction.
    """

    thread_id: str | None
    figure: Figure
    main: Counters
    thread: Counters | None
    occasion: Occasion


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its row number and place. `position` is None for those clients are not shown:
    outliers, rejected and soft-failed events, redactions that do not apply (yet). `counted` is there where it was
    appended in this very transaction, as a live event."""

    event_nid: int
    event: Event
    position: int | None
    status: Status
    state_before: int | None
    state_after: int | None
    counted: Counted | None = None


@dataclass(frozen=True, slots=True)
class Unchecked:
    """An event that came with a room's state and whose signature cannot be checked now. `key`: where it is in the
    state; None for one that only authorises others. `pdu`: JSON."""

    event_id: str
    key: StateKey | None
    pdu: bytes


@dataclass(frozen=True, slots=True)
class Tip:
    """A forward extremity: an accepted event that nothing refers to yet."""

    event_nid: int
    event_id: str
    depth: int
    state_after: int


@dataclass(frozen=True, slots=True)
class Fork:
    """An event of another server, and the tips of the room that it does not cite. `is_outbound`: this server let it in
    and tells the others."""

    stored: StoredEvent
    others: tuple[Tip, ...]
    is_outbound: bool


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
    """Where an event is in its room: its number, its depth, the position at which it was published, its thread."""

    event_nid: int
    depth: int
    position: int
    thread_id: str | None
    is_redacted: bool


class ReadPlace(NamedTuple):
    """A place in the order in which a room's events came to this server."""

    position: int
    event_nid: int


class InThread(NamedTuple):
    """An event's number, the root of its thread (None in the main timeline), and whether it is redacted."""

    event_nid: int
    thread_id: str | None
    is_redacted: bool
