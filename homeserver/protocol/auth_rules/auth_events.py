"""Which state an event cites as its authority, and the rules about what it cites.

https://spec.matrix.org/v1.19/server-server-api/#auth-events-selection
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from homeserver.protocol.auth_rules.verdict import require
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.room_versions import RoomVersion

CREATE: StateKey = ("m.room.create", "")
POWER: StateKey = ("m.room.power_levels", "")
JOIN_RULES: StateKey = ("m.room.join_rules", "")


def auth_state_keys(
    event_type: str, state_key: str | None, sender: str, content: Mapping[str, Any], version: RoomVersion
) -> set[StateKey]:
    """The state that an event's `auth_events` must cite where it exists; nothing for a create event.

    The create event is not among them from the room version on in which the room id implies it.
    """
    if event_type == "m.room.create":
        return set()
    keys = {POWER, ("m.room.member", sender)}
    if not version.room_id_is_create_hash:
        keys.add(CREATE)
    if event_type == "m.room.member" and state_key is not None:
        keys |= _member_keys(state_key, content, version)
    return keys


def _member_keys(state_key: str, content: Mapping[str, Any], version: RoomVersion) -> set[StateKey]:
    keys: set[StateKey] = {("m.room.member", state_key)}
    membership = content.get("membership")
    if membership in ("join", "invite") or (membership == "knock" and version.knocking):
        keys.add(JOIN_RULES)
    if membership == "invite":
        token = _third_party_token(content)
        if token is not None:
            keys.add(("m.room.third_party_invite", token))
    authoriser = content.get("join_authorised_via_users_server")
    if membership == "join" and version.restricted_joins and isinstance(authoriser, str):
        keys.add(("m.room.member", authoriser))
    return keys


def _third_party_token(content: Mapping[str, Any]) -> str | None:
    invite = content.get("third_party_invite")
    signed = invite.get("signed") if isinstance(invite, dict) else None
    token = signed.get("token") if isinstance(signed, dict) else None
    return token if isinstance(token, str) else None


def check_auth_events(event: Event, auth_events: Mapping[str, Event], rejected: Container[str]) -> None:
    """Check what an event cites; raises `AuthError`.

    `auth_events` holds the cited events by id, `rejected` the ids of those that were themselves rejected.
    """
    if event.type == "m.room.create":
        return
    allowed = auth_state_keys(event.type, event.state_key, event.sender, event.content, event.version)
    seen: set[StateKey] = set()
    for event_id in event.auth_events:
        cited = auth_events.get(event_id)
        require(cited is not None, "auth_events.known", f"{event_id}, which the event cites, is not known")
        if cited is None:
            continue
        require(cited.is_state, "auth_events.state", f"{event_id}, which the event cites, is no state event")
        require(cited.key not in seen, "auth_events.duplicate", f"the event cites two events of {cited.key}")
        require(cited.key in allowed, "auth_events.selection", f"the event may not cite {cited.key}")
        require(event_id not in rejected, "auth_events.rejected", f"{event_id}, which the event cites, was rejected")
        require(cited.room_id == event.room_id, "auth_events.room", f"{event_id} is of another room")
        seen.add(cited.key)
    if not event.version.room_id_is_create_hash:
        require(CREATE in seen, "auth_events.create", "the event does not cite the create event")
