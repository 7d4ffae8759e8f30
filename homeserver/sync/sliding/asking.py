"""What a client asks for, whichever of the two shapes it wrote it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from homeserver.sync.sliding.required_state import RequiredState

#: So many events of one room come at most in one answer.
MOST_TIMELINE = 100


@dataclass(frozen=True, slots=True)
class RoomConfig:
    """What to tell of a room: so many events at most, and which state."""

    timeline_limit: int
    required_state: RequiredState


@dataclass(frozen=True, slots=True)
class ListFilters:
    """Which rooms a list has; None and empty stand for no condition. A room type is None where a room has none."""

    is_dm: bool | None = None
    is_encrypted: bool | None = None
    is_invited: bool | None = None
    room_types: tuple[str | None, ...] = ()
    not_room_types: tuple[str | None, ...] = ()
    spaces: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListConfig:
    """One list. `ranges`: first and last index, both included; None for all rooms."""

    config: RoomConfig
    ranges: tuple[tuple[int, int], ...] | None
    filters: ListFilters = field(default_factory=ListFilters)


@dataclass(frozen=True, slots=True)
class RoomScope:
    """For which rooms an extension is wanted: those of some lists, and some that are subscribed to; None for all.

    https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#extensions
    """

    lists: frozenset[str] | None = None
    rooms: frozenset[str] | None = None

    @property
    def is_everywhere(self) -> bool:
        """Whether it is wanted for all rooms."""
        return self.lists is None and self.rooms is None

    def has(self, room_id: str, lists: tuple[str, ...], is_subscribed: bool) -> bool:
        """Whether a room that is in some lists, or subscribed to, is one of them."""
        if any(self.lists is None or name in self.lists or "*" in self.lists for name in lists):
            return True
        return is_subscribed and (self.rooms is None or room_id in self.rooms or "*" in self.rooms)


@dataclass(frozen=True, slots=True)
class ToDeviceAsk:
    """`since`: everything up to this position was seen."""

    since: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class ProfilesAsk:
    """`name`: under which it was asked for, and is answered. `fields`: None for all."""

    name: str
    scope: RoomScope
    fields: frozenset[str] | None = None

    def has(self, field_name: str) -> bool:
        """Whether a field is one of them."""
        return self.fields is None or field_name in self.fields


@dataclass(frozen=True, slots=True)
class ThreadsAsk:
    """`name`: under which it was asked for, and is answered. `limit`: so many changes at most."""

    name: str
    limit: int


@dataclass(frozen=True, slots=True)
class Extensions:
    """The extensions that are wanted; None for those that are not."""

    to_device: ToDeviceAsk | None = None
    has_e2ee: bool = False
    account_data: RoomScope | None = None
    receipts: RoomScope | None = None
    typing: RoomScope | None = None
    profiles: ProfilesAsk | None = None
    threads: ThreadsAsk | None = None


@dataclass(frozen=True, slots=True)
class SlidingRequest:
    """One request. `is_stable`: in the shape of `/v4/sync`."""

    is_stable: bool
    conn_id: str = ""
    pos: str | None = None
    timeout_ms: int = 0
    set_presence: str = "online"
    lists: Mapping[str, ListConfig] = field(default_factory=dict)
    subscriptions: Mapping[str, RoomConfig] = field(default_factory=dict)
    extensions: Extensions = field(default_factory=Extensions)
    txn_id: str | None = None
