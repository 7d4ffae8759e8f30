"""Drafts, keys and signed events that the tests of the protocol start from."""

from __future__ import annotations

from typing import Any

from homeserver.protocol.events import Event, NewEvent, new_event
from homeserver.protocol.room_versions import RoomVersion
from homeserver.protocol.signing import sign_event, signing_key_from_seed

SERVER = "hs.example"
ALICE = f"@alice:{SERVER}"
KEY = signing_key_from_seed("a_1", bytes(range(32)))
HASH = "Nhcu5BS-UMnFX7hBVfVSoXiD7OgH6iRT-xyIuqDnpYQ"

# The events of https://spec.matrix.org/v1.19/appendices/#event-signing
MINIMAL_EVENT: dict[str, Any] = {
    "room_id": "!x:domain",
    "sender": "@a:domain",
    "origin": "domain",
    "origin_server_ts": 1000000,
    "signatures": {},
    "hashes": {},
    "type": "X",
    "content": {},
    "prev_events": [],
    "auth_events": [],
    "depth": 3,
    "unsigned": {"age_ts": 1000000},
}
REDACTABLE_EVENT: dict[str, Any] = {
    "content": {"body": "Here is the message content"},
    "event_id": "$0:domain",
    "origin": "domain",
    "origin_server_ts": 1000000,
    "type": "m.room.message",
    "room_id": "!r:domain",
    "sender": "@u:domain",
    "signatures": {},
    "unsigned": {"age_ts": 1000000},
}


def room_id_for(version: RoomVersion) -> str:
    """A room id of the version's kind."""
    return f"!{HASH}" if version.room_id_is_create_hash else f"!room:{SERVER}"


def draft(version: RoomVersion, **changes: Any) -> NewEvent:
    """A message of Alice's, with changes."""
    fields: dict[str, Any] = {
        "room_id": room_id_for(version),
        "type": "m.room.message",
        "sender": ALICE,
        "content": {"body": "hi ☃", "msgtype": "m.text"},
        "depth": 7,
        "origin_server_ts": 1_700_000_000_000,
        "prev_events": [f"$p{HASH}"],
        "auth_events": [f"$a{HASH}", f"$b{HASH}"],
    }
    return NewEvent(**{**fields, **changes})


def signed(version: RoomVersion, **changes: Any) -> Event:
    """An event of Alice's, hashed and signed by her server."""
    return new_event(draft(version, **changes), version, lambda pdu: sign_event(pdu, version, SERVER, KEY))
