"""The rules for `m.room.power_levels`: its form, and who may change what in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeserver.protocol.auth_rules.verdict import AuthError, require
from homeserver.protocol.events import Event
from homeserver.protocol.ids import is_valid_user_id
from homeserver.protocol.power_levels import PowerLevels, read_level

_LEVELS = ("users_default", "events_default", "state_default", "ban", "redact", "kick", "invite")


def check_power_levels(event: Event, current: Event | None, levels: PowerLevels) -> None:
    """Check new power levels against the current ones; raises `AuthError`."""
    content = event.content
    if event.version.integer_power_levels:
        _check_integers(content)
    _check_users(event, levels)
    if current is None:
        return
    power = levels.of_user(event.sender)
    for key in _LEVELS:
        _check_level(key, current.content.get(key), content.get(key), power)
    groups = ("events", "notifications") if event.version.notification_power_limits else ("events",)
    for group in groups:
        old, new = _object(current.content, group), _object(content, group)
        for key in old.keys() | new.keys():
            _check_level(f"{group}.{key}", old.get(key), new.get(key), power)
    _check_user_changes(event, _object(current.content, "users"), _object(content, "users"), power)


def _check_integers(content: Mapping[str, Any]) -> None:
    for key in _LEVELS:
        valid = key not in content or _is_integer(content[key])
        require(valid, "power.integer", f"{key} must be an integer")
    for group in ("events", "notifications"):
        if group in content:
            value = content[group]
            valid = isinstance(value, dict) and all(_is_integer(one) for one in value.values())
            require(valid, "power.integers", f"{group} must be an object of integers")


def _check_users(event: Event, levels: PowerLevels) -> None:
    users = event.content.get("users", {})
    if not isinstance(users, dict):
        raise AuthError("power.users", "users must be an object")
    strict = event.version.integer_power_levels
    for user_id, level in users.items():
        require(is_valid_user_id(user_id), "power.user_id", f"{user_id!r} in users is no user id")
        valid = _is_integer(level) if strict else read_level(level) is not None
        require(valid, "power.user_level", f"the level of {user_id} must be an integer")
    if event.version.privileged_creators:
        require(not levels.creators & users.keys(), "power.creators", "creators have no place in users")


def _check_level(name: str, old: Any, new: Any, power: int) -> None:
    """Neither what is changed nor what it becomes may be above the sender's power."""
    if old == new and type(old) is type(new):
        return
    before, after = read_level(old), read_level(new)
    require(before is None or before <= power, "power.current", f"{name} is above the sender's power level")
    require(after is None or after <= power, "power.new", f"the new {name} is above the sender's power level")


def _check_user_changes(event: Event, old: Mapping[str, Any], new: Mapping[str, Any], power: int) -> None:
    for user_id in old.keys() | new.keys():
        if old.get(user_id) == new.get(user_id):
            continue
        before, after = read_level(old.get(user_id)), read_level(new.get(user_id))
        if user_id != event.sender and before is not None:
            require(before < power, "power.user_current", f"{user_id} has as much power as the sender")
        if after is not None:
            require(after <= power, "power.user_new", f"the new level of {user_id} is above the sender's")


def _object(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = content.get(key)
    return value if isinstance(value, dict) else {}


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
