"""Power levels: what `m.room.power_levels` (or its absence) says of users and events.

https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeserver.protocol.events import Event

INFINITE = 2**63
"""The power of a creator in room version 12 and later: more than any level that can be written."""

_INTEGER_TEXT = re.compile(r"\s*([+-]?)0*([0-9]{1,30})\s*")
_DEFAULTS = {"ban": 50, "kick": 50, "redact": 50, "invite": 0, "state_default": 50, "events_default": 0}


def read_level(value: Any) -> int | None:
    """A level as older room versions may write it: integer, float, or text of an integer; None for anything else.

    https://spec.matrix.org/v1.19/rooms/v1/#deprecated-event-content-schemas
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    match = _INTEGER_TEXT.fullmatch(value) if isinstance(value, str) else None
    return None if match is None else int(match[1] + match[2])


def creators_of(create: Event) -> frozenset[str]:
    """Who created the room: the sender, with `additional_creators` where the room version has them."""
    version = create.version
    if not version.privileged_creators:
        creator = create.content.get("creator") if version.creator_in_content else create.sender
        return frozenset({creator} if isinstance(creator, str) else ())
    more = create.content.get("additional_creators")
    extra = [one for one in more if isinstance(one, str)] if isinstance(more, list) else []
    return frozenset({create.sender, *extra})


@dataclass(frozen=True, slots=True)
class PowerLevels:
    """The levels of a state. `has_event`: whether there is an `m.room.power_levels` event."""

    content: Mapping[str, Any]
    creators: frozenset[str]
    are_creators_privileged: bool
    has_event: bool

    @classmethod
    def from_state(cls, create: Event | None, power: Event | None) -> PowerLevels:
        """The levels that a create event and a power levels event, either of which may be missing, make."""
        creators = frozenset[str]() if create is None else creators_of(create)
        privileged = create is not None and create.version.privileged_creators
        return cls({} if power is None else power.content, creators, privileged, power is not None)

    def of_user(self, user_id: str) -> int:
        """A user's power."""
        if user_id in self.creators:
            if self.are_creators_privileged:
                return INFINITE
            if not self.has_event:
                return 100
        users = self.content.get("users")
        level = read_level(users.get(user_id)) if isinstance(users, dict) else None
        if level is None:
            level = read_level(self.content.get("users_default"))
        return 0 if level is None else level

    def needed_for(self, event_type: str, *, is_state: bool) -> int:
        """The power needed to send an event of a type."""
        events = self.content.get("events")
        level = read_level(events.get(event_type)) if isinstance(events, dict) else None
        if level is not None:
            return level
        return self._level("state_default" if is_state else "events_default")

    @property
    def invite(self) -> int:
        """The invite level."""
        return self._level("invite")

    @property
    def kick(self) -> int:
        """The kick level."""
        return self._level("kick")

    @property
    def ban(self) -> int:
        """The ban level."""
        return self._level("ban")

    @property
    def redact(self) -> int:
        """The level needed to redact others' events."""
        return self._level("redact")

    def notification(self, key: str) -> int:
        """The level needed for a kind of notification, such as `room`."""
        notifications = self.content.get("notifications")
        level = read_level(notifications.get(key)) if isinstance(notifications, dict) else None
        return 50 if level is None else level

    def _level(self, key: str) -> int:
        level = read_level(self.content.get(key))
        return _DEFAULTS[key] if level is None else level
