"""The format of PDUs: which fields there must be, of which types and within which limits.

https://spec.matrix.org/v1.19/client-server-api/#size-limits
https://spec.matrix.org/v1.19/rooms/v12/#event-format-1
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeserver.protocol import ids
from homeserver.protocol.canonical_json import GREATEST_INTEGER
from homeserver.protocol.hashing import encode_pdu
from homeserver.protocol.room_versions import RoomVersion

GREATEST_EVENT_BYTES = 65_536
MOST_PREV_EVENTS = 20
MOST_AUTH_EVENTS = 10
MOST_NESTING = 512
"""Of objects and lists in each other. Python reads about 1000; what is stored must stay readable from everywhere."""
_GREATEST_LAX_INTEGER = 2**63 - 1
_REQUIRED_FIELDS = (
    ("type", str, "a string"),
    ("sender", str, "a string"),
    ("content", dict, "an object"),
    ("depth", int, "an integer"),
    ("origin_server_ts", int, "an integer"),
    ("prev_events", list, "a list"),
    ("auth_events", list, "a list"),
    ("hashes", dict, "an object"),
    ("signatures", dict, "an object"),
)


class InvalidEvent(Exception):
    """The PDU is not an event of its room version. The text says why, in words for a log or an error answer."""


class EventTooLarge(InvalidEvent):
    """The PDU, or one of the identifiers in it, is larger than the specification allows."""


def check_pdu(pdu: Mapping[str, Any], version: RoomVersion) -> None:
    """Raise `InvalidEvent` unless all fields are there, of the right types and within their limits.

    Says nothing about hashes, signatures and authorisation.
    """
    for name, kind, described in _REQUIRED_FIELDS:
        # Exact types: a bool is an int to isinstance.
        if type(pdu.get(name)) is not kind:
            raise InvalidEvent(f"{name} must be {described}")
    _check_text("type", pdu["type"])
    if "state_key" in pdu:
        _check_text("state_key", pdu["state_key"])
    _check_user("sender", pdu["sender"])
    _check_room_id(pdu, version)
    _check_event_id(pdu, version)
    _check_numbers(pdu, version)
    _check_references("prev_events", pdu["prev_events"], MOST_PREV_EVENTS, version)
    _check_references("auth_events", pdu["auth_events"], MOST_AUTH_EVENTS, version)
    _check_hashes_and_signatures(pdu)
    if not version.redacts_in_content and pdu["type"] == "m.room.redaction":
        redacts = pdu.get("redacts")
        if redacts is not None and type(redacts) is not str:
            raise InvalidEvent("redacts must be a string")


def encode_checked(pdu: Mapping[str, Any], version: RoomVersion) -> bytes:
    """The canonical bytes of the PDU; `InvalidEvent` where there are none or too many of them."""
    try:
        encoded = encode_pdu(pdu, version)
    except ValueError as error:
        raise InvalidEvent(str(error)) from error
    if len(encoded) > GREATEST_EVENT_BYTES:
        raise EventTooLarge(f"the event is too large: {len(encoded)} of at most {GREATEST_EVENT_BYTES} bytes")
    if encoded.count(b"{") + encoded.count(b"[") > MOST_NESTING:
        _check_nesting(pdu)
    return encoded


def referenced_ids(references: list[Any], version: RoomVersion) -> tuple[str, ...]:
    """The event ids of a checked `prev_events` or `auth_events`, whichever format the room version has."""
    if version.references_are_pairs:
        return tuple([pair[0] for pair in references])
    return tuple(references)


def _check_nesting(pdu: Mapping[str, Any]) -> None:
    pending: list[tuple[Any, int]] = [(pdu, 1)]
    while pending:
        value, level = pending.pop()
        if type(value) is not dict and type(value) is not list:
            continue
        if level > MOST_NESTING:
            raise InvalidEvent(f"the event is nested more than {MOST_NESTING} levels deep")
        parts = value.values() if type(value) is dict else value
        pending.extend([(part, level + 1) for part in parts])


def _check_text(name: str, value: Any) -> None:
    if type(value) is not str:
        raise InvalidEvent(f"{name} must be a string")
    if not ids.is_short_enough(value):
        raise EventTooLarge(f"{name} is too large: at most {ids.GREATEST_ID_BYTES} bytes")
    if "\0" in value:
        # Databases can not hold it, and no identifier may have it.
        raise InvalidEvent(f"{name} must not have a NUL")


def _check_user(name: str, value: str) -> None:
    _check_text(name, value)
    if not ids.is_valid_user_id(value):
        raise InvalidEvent(f"{name} is not a user ID")


def _check_room_id(pdu: Mapping[str, Any], version: RoomVersion) -> None:
    if version.room_id_is_create_hash:
        if pdu["type"] == "m.room.create":
            if "room_id" in pdu:
                raise InvalidEvent("a create event of this room version has no room_id")
            return
        _check_text("room_id", pdu.get("room_id"))
        if not ids.is_hash_room_id(pdu["room_id"]):
            raise InvalidEvent("room_id is not a room ID of this room version")
        return
    _check_text("room_id", pdu.get("room_id"))
    if not ids.is_domain_room_id(pdu["room_id"]):
        raise InvalidEvent("room_id is not a room ID of this room version")


def _check_event_id(pdu: Mapping[str, Any], version: RoomVersion) -> None:
    if not version.references_are_pairs:
        if "event_id" in pdu:
            raise InvalidEvent("an event of this room version has no event_id")
        return
    _check_text("event_id", pdu.get("event_id"))
    if not ids.is_domain_event_id(pdu["event_id"]):
        raise InvalidEvent("event_id is not an event ID of this room version")


def _check_numbers(pdu: Mapping[str, Any], version: RoomVersion) -> None:
    greatest = GREATEST_INTEGER if version.strict_canonical_json else _GREATEST_LAX_INTEGER
    if not 0 <= pdu["depth"] <= greatest:
        raise InvalidEvent(f"depth must be from 0 to {greatest}")
    if not -greatest <= pdu["origin_server_ts"] <= greatest:
        raise InvalidEvent("origin_server_ts is out of range")


def _check_references(name: str, references: list[Any], most: int, version: RoomVersion) -> None:
    if len(references) > most:
        raise InvalidEvent(f"{name} has {len(references)} entries; at most {most}")
    for reference in references:
        event_id = reference
        if version.references_are_pairs:
            if type(reference) is not list or len(reference) != 2 or type(reference[1]) is not dict:
                raise InvalidEvent(f"{name} must be pairs of event ID and hashes")
            event_id = reference[0]
        if type(event_id) is not str or not ids.is_valid_event_id(event_id):
            raise InvalidEvent(f"{name} must hold event IDs")


def _check_hashes_and_signatures(pdu: Mapping[str, Any]) -> None:
    if type(pdu["hashes"].get("sha256")) is not str:
        raise InvalidEvent("hashes must have a sha256")
    for by_key in pdu["signatures"].values():
        if type(by_key) is not dict or not all(type(signature) is str for signature in by_key.values()):
            raise InvalidEvent("signatures must be strings by key ID by server name")
