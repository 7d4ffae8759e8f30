"""What of a room goes into its replacement: plain functions of the old room's state.

https://spec.matrix.org/v1.19/client-server-api/#room-upgrades
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.power_levels import creators_of, read_level
from homeserver.protocol.room_versions import RoomVersion
from homeserver.rooms.records import EventDraft

State = Mapping[StateKey, Event]
Json = dict[str, Any]

_TRANSFERRED = (
    "m.room.server_acl",
    "m.room.encryption",
    "m.room.name",
    "m.room.avatar",
    "m.room.topic",
    "m.room.guest_access",
    "m.room.history_visibility",
)
_NOT_COPIED = ("predecessor", "room_version", "creator", "additional_creators")
_FULL_POWER = 100


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A wish to replace a room. `additional_creators` counts in room versions that have them."""

    room_id: str
    version: RoomVersion
    additional_creators: tuple[str, ...] = ()


def creation_content(old: State, upgrade: Upgrade, last_event_id: str) -> Json:
    """The further content of the new room's create event: its type stays, and it names its predecessor.

    `last_event_id`: the old room's last event, which room versions before 12 name too.
    """
    create = old["m.room.create", ""]
    content = {key: value for key, value in create.content.items() if key not in _NOT_COPIED}
    content["predecessor"] = {"room_id": upgrade.room_id}
    if not upgrade.version.room_id_is_create_hash:
        content["predecessor"]["event_id"] = last_event_id
    if upgrade.version.privileged_creators and upgrade.additional_creators:
        content["additional_creators"] = list(upgrade.additional_creators)
    return content


def state_drafts(old: State, sender: str, version: RoomVersion) -> Iterator[EventDraft]:
    """The state that is carried over, in the order in which it is sent; without members and power levels."""
    for event_type in _TRANSFERRED:
        event = old.get((event_type, ""))
        if event is not None:
            yield EventDraft(event_type, sender, event.content, state_key="")
    rules = old.get(("m.room.join_rules", ""))
    if rules is not None:
        yield EventDraft("m.room.join_rules", sender, _join_rules(rules.content, version), state_key="")
    for (event_type, state_key), event in old.items():
        # A space is its children.
        if event_type == "m.space.child" and event.content:
            yield EventDraft(event_type, sender, event.content, state_key=state_key)


def ban_drafts(old: State, sender: str) -> Iterator[EventDraft]:
    """Who is banned stays banned."""
    for (event_type, user_id), event in old.items():
        if event_type == "m.room.member" and event.membership == "ban":
            content: Json = {key: event.content[key] for key in ("membership", "reason") if key in event.content}
            yield EventDraft(event_type, sender, content, state_key=user_id)


def final_levels(old: State, creators: Sequence[str], version: RoomVersion) -> Json:
    """The power levels of the new room: those of the old one, in the terms of the new room version.

    `creators` are the new room's. Where creators have infinite power they are not in the event; where the old room had
    such creators and the new one has not, they get full power.
    """
    create, event = old["m.room.create", ""], old.get(("m.room.power_levels", ""))
    content: Json = {} if event is None else dict(event.content)
    given = content.get("users")
    users: Json = dict(given) if isinstance(given, dict) else {}
    if create.version.privileged_creators:
        users.update(dict.fromkeys(creators_of(create), max(_FULL_POWER, *_levels(users))))
    elif event is None:
        users.update(dict.fromkeys(creators_of(create), _FULL_POWER))
    if version.privileged_creators:
        users = {user_id: level for user_id, level in users.items() if user_id not in creators}
    content["users"] = users
    return _integers(content) if version.integer_power_levels else content


def first_levels(final: Json, sender: str, version: RoomVersion) -> Json:
    """The power levels with which the new room is filled: the sender may do everything for the time being."""
    if version.privileged_creators:
        return final
    needed = [_FULL_POWER, *_levels(final), *_levels(final.get("users")), *_levels(final.get("events"))]
    users = final["users"]
    return {**final, "users": {**users, sender: max(needed)}}


def closing_levels(levels: Json) -> Json:
    """The old room's power levels, raised so that only moderators write and invite there.

    The create event's defaults hold where a key is absent: 0 for both.
    """
    floor = max(50, (read_level(levels.get("users_default")) or 0) + 1)
    raised = dict(levels)
    for key in ("events_default", "invite"):
        raised[key] = max(floor, read_level(levels.get(key)) or 0)
    return raised


def _join_rules(content: Json, version: RoomVersion) -> Json:
    """The join rule, or the nearest that the new room version knows."""
    rule = content.get("join_rule")
    if rule == "knock_restricted" and not version.knock_restricted_joins:
        rule = "restricted"
    if rule == "restricted" and not version.restricted_joins:
        rule = "invite"
    if rule == "knock" and not version.knocking:
        rule = "invite"
    return {**content, "join_rule": rule}


def _levels(levels: Any) -> list[int]:
    """All numbers of an object of levels, at its top."""
    values = levels.values() if isinstance(levels, dict) else ()
    return [level for value in values if (level := read_level(value)) is not None] or [0]


def _integers(content: Json) -> Json:
    """Older room versions let levels be texts."""
    return {key: _integer(value) for key, value in content.items()}


def _integer(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _integer(one) for key, one in value.items()}
    level = read_level(value)
    return value if level is None else level
