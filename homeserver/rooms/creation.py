"""Creating a room: which events, in which order, with what in them.

https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from homeserver.protocol.errors import MatrixError, bad_json, invalid_param
from homeserver.protocol.ids import check_user_id
from homeserver.protocol.room_versions import ROOM_VERSIONS, RoomVersion
from homeserver.rooms.records import EventDraft
from homeserver.rooms.third_party import ThreepidInvite, read_threepid_invite

PRESETS = {
    "private_chat": ("invite", "shared", "can_join"),
    "trusted_private_chat": ("invite", "shared", "can_join"),
    "public_chat": ("public", "shared", "forbidden"),
}
"""Preset to (join rule, history visibility, guest access)."""


@dataclass(frozen=True, slots=True)
class RoomRequest:
    """A checked `createRoom` request. `profile`: the creator's; `invited_profiles`: of the local users invited."""

    creator: str
    version: RoomVersion
    preset: str
    is_public: bool
    name: str | None = None
    topic: str | None = None
    alias: str | None = None
    is_direct: bool = False
    invite: tuple[str, ...] = ()
    invite_3pid: tuple[ThreepidInvite, ...] = ()
    creation_content: dict[str, Any] = field(default_factory=dict)
    initial_state: tuple[EventDraft, ...] = ()
    power_override: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, str] = field(default_factory=dict)
    invited_profiles: dict[str, dict[str, str]] = field(default_factory=dict)


def room_request(
    creator: str, body: dict[str, Any], *, default_version: str, server_name: str, profile: dict[str, str]
) -> RoomRequest:
    """Check the body of `createRoom`; raises `MatrixError` 400 for what it may not hold."""
    version_id = _text(body, "room_version") or default_version
    if version_id not in ROOM_VERSIONS:
        raise MatrixError(400, "M_UNSUPPORTED_ROOM_VERSION", f"Room version {version_id!r} is not supported.")
    visibility = _text(body, "visibility") or "private"
    if visibility not in ("public", "private"):
        raise invalid_param("visibility: must be 'public' or 'private'.")
    preset = _text(body, "preset") or ("public_chat" if visibility == "public" else "private_chat")
    if preset not in PRESETS:
        raise invalid_param(f"preset: must be one of {', '.join(PRESETS)}.")
    invite = _user_ids(body.get("invite", []), "invite")
    return RoomRequest(
        creator=creator,
        version=ROOM_VERSIONS[version_id],
        preset=preset,
        is_public=visibility == "public",
        name=_text(body, "name"),
        topic=_text(body, "topic"),
        alias=_alias(_text(body, "room_alias_name"), server_name),
        is_direct=body.get("is_direct") is True,
        invite=tuple(user_id for user_id in invite if user_id != creator),
        invite_3pid=_threepid_invites(body.get("invite_3pid", [])),
        creation_content=_object(body, "creation_content"),
        initial_state=tuple(_initial_state(body.get("initial_state", []), creator)),
        power_override=_object(body, "power_level_content_override"),
        profile=profile,
    )


def create_content(request: RoomRequest) -> dict[str, Any]:
    """The content of `m.room.create`."""
    content = {**request.creation_content, "room_version": request.version.version}
    if not request.version.room_id_is_create_hash and request.version.creator_in_content:
        content["creator"] = request.creator
    else:
        content.pop("creator", None)
    if request.version.privileged_creators and request.preset == "trusted_private_chat" and request.invite:
        given = _user_ids(content.get("additional_creators", []), "creation_content.additional_creators")
        content["additional_creators"] = list(dict.fromkeys([*given, *request.invite]))
    return content


def first_drafts(request: RoomRequest) -> Iterator[EventDraft]:
    """The events after `m.room.create`, in the order in which the specification has them, without the invites."""
    creator = request.creator
    member = {"membership": "join", **request.profile}
    yield EventDraft("m.room.member", creator, member, state_key=creator)
    given = {(draft.type, draft.state_key): draft for draft in request.initial_state}
    power = given.pop(("m.room.power_levels", ""), None)
    content = power_content(request) if power is None else {**power_content(request), **power.content}
    yield EventDraft("m.room.power_levels", creator, {**content, **request.power_override}, state_key="")
    if request.alias is not None:
        yield EventDraft("m.room.canonical_alias", creator, {"alias": request.alias}, state_key="")
    join_rule, visibility, guests = PRESETS[request.preset]
    defaults: list[tuple[str, dict[str, Any]]] = [
        ("m.room.join_rules", {"join_rule": join_rule}),
        ("m.room.history_visibility", {"history_visibility": visibility}),
        ("m.room.guest_access", {"guest_access": guests}),
    ]
    for event_type, content in defaults:
        if (event_type, "") not in given:
            yield EventDraft(event_type, creator, content, state_key="")
    yield from given.values()
    if request.name is not None:
        yield EventDraft("m.room.name", creator, {"name": request.name}, state_key="")
    if request.topic is not None:
        yield EventDraft("m.room.topic", creator, topic_content(request.topic), state_key="")


def topic_content(topic: str) -> dict[str, Any]:
    """The content of `m.room.topic`, with the extensible form beside the plain one."""
    return {"topic": topic, "m.topic": {"m.text": [{"body": topic}]}}


def power_content(request: RoomRequest) -> dict[str, Any]:
    """The default content of `m.room.power_levels`."""
    version = request.version
    users = {} if version.privileged_creators else {request.creator: 100}
    if request.preset == "trusted_private_chat" and not version.privileged_creators:
        users.update(dict.fromkeys(request.invite, 100))
    return {
        "users": users,
        "users_default": 0,
        "events": {
            "m.room.name": 50,
            "m.room.power_levels": 100,
            "m.room.history_visibility": 100,
            "m.room.canonical_alias": 50,
            "m.room.avatar": 50,
            "m.room.tombstone": 150 if version.privileged_creators else 100,
            "m.room.server_acl": 100,
            "m.room.encryption": 100,
        },
        "events_default": 0,
        "state_default": 50,
        "ban": 50,
        "kick": 50,
        "redact": 50,
        "invite": 0 if request.preset != "public_chat" else 50,
        "historical": 100,
    }


def _text(body: dict[str, Any], key: str) -> str | None:
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise bad_json(f"{key}: must be a string.")
    return value


def _object(body: dict[str, Any], key: str) -> dict[str, Any]:
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_json(f"{key}: must be an object.")
    return value


def _user_ids(value: Any, key: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_json(f"{key}: must be a list of user ids.")
    for user_id in value:
        check_user_id(user_id)
    return list(dict.fromkeys(value))


def _threepid_invites(value: Any) -> tuple[ThreepidInvite, ...]:
    if not isinstance(value, list):
        raise bad_json("invite_3pid: must be a list.")
    return tuple(dict.fromkeys(read_threepid_invite(item) for item in value))


def _alias(localpart: str | None, server_name: str) -> str | None:
    if localpart is None:
        return None
    if not localpart or ":" in localpart or "#" in localpart or "\0" in localpart or localpart != localpart.strip():
        raise invalid_param("room_alias_name: must be a local part, without '#' and ':'.")
    alias = f"#{localpart}:{server_name}"
    if len(alias.encode()) > 255:
        raise invalid_param("room_alias_name: the alias is longer than 255 bytes.")
    return alias


def _initial_state(value: Any, creator: str) -> Iterator[EventDraft]:
    if not isinstance(value, list):
        raise bad_json("initial_state: must be a list.")
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise bad_json(f"initial_state[{index}]: must be an object.")
        event_type, state_key, content = item.get("type"), item.get("state_key", ""), item.get("content")
        if not isinstance(event_type, str) or not isinstance(state_key, str) or not isinstance(content, dict):
            raise bad_json(f"initial_state[{index}]: needs a string type, a string state_key and an object content.")
        yield EventDraft(event_type, creator, content, state_key=state_key)
