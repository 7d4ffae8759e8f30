"""Events as servers exchange them: whether hashes and signatures are right, and what authorises them.

The client-server API gives events in that form to a /sync whose filter asks for it:
https://spec.matrix.org/v1.19/client-server-api/#filtering (`event_format`). It has the room's present state and its
last events; of others only the form for clients can be had.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cmdclient.client import Client, api_path
from cmdclient.errors import CommandError
from homeserver.protocol.hashing import check_content_hash, event_id_of
from homeserver.protocol.room_versions import ROOM_VERSIONS, EventIds, RoomVersion
from homeserver.protocol.signing import SignatureError, VerifyKey, verify_event_signature, verify_key_from_base64

_TIMELINE = 500
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class RawRoom:
    """Events of a room by id, in the form of servers."""

    version: RoomVersion
    pdus: Mapping[str, dict[str, Any]]


def fetch_raw_room(client: Client, room_id: str) -> RawRoom:
    """What /sync gives of a room. CommandError when that is nothing, or of a room version that is not known here."""
    nothing: dict[str, Any] = {"types": []}
    room = {"rooms": [room_id], "timeline": {"limit": _TIMELINE}, "ephemeral": nothing, "account_data": nothing}
    wanted = {"event_format": "federation", "presence": nothing, "account_data": nothing, "room": room}
    query = {"filter": json.dumps(wanted), "full_state": "true", "timeout": "0", "set_presence": "offline"}
    joined = client.get(api_path("sync"), query).get("rooms", {}).get("join", {}).get(room_id)
    if joined is None:
        raise CommandError(f"You are not in {room_id}, so the server does not show its events.")
    events = [*joined.get("state", {}).get("events", []), *joined.get("timeline", {}).get("events", [])]
    create: dict[str, Any] = next((event for event in events if event.get("type") == "m.room.create"), {})
    name = str(create.get("content", {}).get("room_version", "1"))
    version = ROOM_VERSIONS.get(name)
    if version is None:
        raise CommandError(f"Room version {name!r} is not known here.")
    return RawRoom(version, dict(_named(event, version) for event in events if "hashes" in event))


def check_lines(client: Client, pdu: dict[str, Any], version: RoomVersion) -> Iterator[str]:
    """A line for its hash, and one for each signature."""
    yield f"content hash: {'right' if check_content_hash(pdu, version) else 'WRONG: the content was changed'}"
    signatures = pdu.get("signatures", {})
    if not signatures:
        yield "signatures: NONE"
    for server, by_key in signatures.items():
        keys = _server_keys(client, server)
        for key_id in by_key:
            yield f"signature of {server} with {key_id}: {_verdict(pdu, version, server, keys.get(key_id))}"


def auth_tree_lines(room: RawRoom, event_id: str) -> list[str]:
    """The events that authorise one, and those that authorise them; each is followed where it comes first."""
    return list(_tree(room, event_id, "", set(), 0))


def _tree(room: RawRoom, event_id: str, indent: str, seen: set[str], depth: int) -> Iterator[str]:
    pdu = room.pdus.get(event_id)
    if pdu is None:
        yield f"{indent}{event_id} (not among what the server gives)"
        return
    key = f" {pdu['state_key']!r}" if pdu.get("state_key") else ""
    is_new = event_id not in seen
    yield f"{indent}{event_id} {pdu.get('type')}{key} by {pdu.get('sender')}{'' if is_new else ' (see above)'}"
    if not is_new or depth == _DEEPEST:
        return
    seen.add(event_id)
    for each in pdu.get("auth_events", []):
        # Before room version 3 an event is named by its id and a hash.
        parent = each[0] if isinstance(each, list) else each
        yield from _tree(room, str(parent), f"{indent}  ", seen, depth + 1)


def _named(event: dict[str, Any], version: RoomVersion) -> tuple[str, dict[str, Any]]:
    """Id and event, as servers exchange it: in newer room versions the id is no part of it, though servers send it."""
    is_hashed = version.event_ids is not EventIds.OPAQUE
    extra = ("event_id", "unsigned") if is_hashed else ("unsigned",)
    pdu = {key: value for key, value in event.items() if key not in extra}
    return event_id_of(pdu, version), pdu


def _verdict(pdu: dict[str, Any], version: RoomVersion, server: str, key: VerifyKey | None) -> str:
    if key is None:
        return "not checked, its key is not to be had"
    try:
        verify_event_signature(pdu, version, server, key)
    except SignatureError:
        return "WRONG"
    return "right"


def _server_keys(client: Client, server: str) -> dict[str, VerifyKey]:
    """The keys of a server, by what the own one says of them, or else it itself; empty if nobody says anything."""
    with contextlib.suppress(CommandError):
        answer = client.get(f"/_matrix/key/v2/query/{quote(server, safe='')}")
        return _read_keys(answer.get("server_keys", []), server)
    with contextlib.suppress(CommandError):
        direct = client.at(f"https://{server}" if re.search(r":\d+$", server) else f"https://{server}:8448")
        return _read_keys([direct.get("/_matrix/key/v2/server")], server)
    return {}


def _read_keys(answers: list[Any], server: str) -> dict[str, VerifyKey]:
    return {
        key_id: verify_key_from_base64(key_id, str(told.get("key")))
        for keys in answers
        if keys.get("server_name") == server
        for name in ("verify_keys", "old_verify_keys")
        for key_id, told in keys.get(name, {}).items()
    }
