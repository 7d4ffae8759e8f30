"""Restricted joins: who of this server's users can vouch for a join.

https://spec.matrix.org/v1.19/server-server-api/#restricted-rooms
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.ids import server_name_of
from homeserver.protocol.power_levels import PowerLevels
from homeserver.protocol.room_versions import RoomVersion


@dataclass(frozen=True, slots=True)
class JoinAuthority:
    """`needs_authorisation`: the join rule lets this user in only through a room; `allowed_rooms`: which;
    `authoriser`: a joined user of this server with the power to invite, if there is one."""

    needs_authorisation: bool
    allowed_rooms: tuple[str, ...] = ()
    authoriser: str | None = None


def authorising_user(
    state: Mapping[StateKey, Event], user_id: str, server_name: str, version: RoomVersion
) -> JoinAuthority:
    """Judge a join by the state; `state` holds create, join rules, power levels and all member events."""
    rules = state.get(("m.room.join_rules", ""))
    rule = None if rules is None else rules.content.get("join_rule")
    member = state.get(("m.room.member", user_id))
    is_restricted = (rule == "restricted" and version.restricted_joins) or (
        rule == "knock_restricted" and version.knock_restricted_joins
    )
    if rules is None or not is_restricted or (member is not None and member.membership in ("invite", "join")):
        return JoinAuthority(False)
    return JoinAuthority(True, _allowed_rooms(rules), _find_authoriser(state, server_name))


def _allowed_rooms(rules: Event) -> tuple[str, ...]:
    allow = rules.content.get("allow")
    if not isinstance(allow, list):
        return ()
    return tuple(
        entry["room_id"]
        for entry in allow
        if isinstance(entry, dict)
        and entry.get("type") == "m.room_membership"
        and isinstance(entry.get("room_id"), str)
    )


def _find_authoriser(state: Mapping[StateKey, Event], server_name: str) -> str | None:
    levels = PowerLevels.from_state(state.get(("m.room.create", "")), state.get(("m.room.power_levels", "")))
    local = [
        key[1]
        for key, event in state.items()
        if key[0] == "m.room.member" and event.membership == "join" and server_name_of(key[1]) == server_name
    ]
    able = [user_id for user_id in local if levels.of_user(user_id) >= levels.invite]
    return max(able, key=levels.of_user) if able else None
