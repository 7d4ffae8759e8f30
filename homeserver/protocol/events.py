"""Events: what a PDU is made into, from anybody's JSON, from the database, or anew.

https://spec.matrix.org/v1.19/server-server-api/#pdus
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from homeserver.protocol.base64 import encode_base64_url
from homeserver.protocol.event_format import (
    EventTooLarge,
    InvalidEvent,
    check_pdu,
    encode_checked,
    referenced_ids,
)
from homeserver.protocol.hashing import content_digest, content_hash, encode_pdu, event_id_of
from homeserver.protocol.ids import server_name_of
from homeserver.protocol.redaction import redact
from homeserver.protocol.room_versions import RoomVersion

__all__ = [
    "Event",
    "EventTooLarge",
    "InvalidEvent",
    "NewEvent",
    "StateKey",
    "new_event",
    "parse_event",
    "redacted_event",
    "stored_event",
]

StateKey = tuple[str, str]
"""What a state event is the value of: (type, state_key)."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Event(msgspec.Struct, frozen=True, eq=False):
    """An event of a known room version. `pdu` and `content` are shared: whoever has them must not change them.

    `pdu` is the federation format without `unsigned`, `encoded` its canonical bytes; `room_id` is there also for a
    create event whose PDU has none. `redacts` is the target of an `m.room.redaction`, wherever its version has it.
    """

    event_id: str
    room_id: str
    type: str
    sender: str
    state_key: str | None
    content: dict[str, Any]
    depth: int
    origin_server_ts: int
    prev_events: tuple[str, ...]
    auth_events: tuple[str, ...]
    redacts: str | None
    pdu: dict[str, Any]
    version: RoomVersion
    encoded: bytes

    @property
    def is_state(self) -> bool:
        """Whether it has a state key."""
        return self.state_key is not None

    @property
    def key(self) -> StateKey:
        """Which state it sets; ValueError for an event that sets none."""
        if self.state_key is None:
            raise ValueError("a message event has no state key")
        return self.type, self.state_key

    @property
    def membership(self) -> str | None:
        """`content.membership` of an `m.room.member`; None for other types, or where it is not a string."""
        if self.type != "m.room.member":
            return None
        membership = self.content.get("membership")
        return membership if isinstance(membership, str) else None

    def __repr__(self) -> str:
        return f"<Event {self.event_id} {self.type}>"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """All that an event of this server's own is made from. Ids in `prev_events` and `auth_events`.

    `redacts` goes where the room version has it. `room_id` does not count for a create event whose hash is the room
    id. `reference_hashes` (event id to unpadded base64) are for room versions 1 and 2, which cite them.
    """

    room_id: str
    type: str
    sender: str
    content: dict[str, Any]
    depth: int
    origin_server_ts: int
    prev_events: Sequence[str]
    auth_events: Sequence[str]
    state_key: str | None = None
    redacts: str | None = None
    reference_hashes: Mapping[str, str] = field(default_factory=dict)


def parse_event(pdu: Any, version: RoomVersion) -> Event:
    """The event in a PDU from anywhere: format and limits are checked, hashes, signatures and authorisation are not.

    `unsigned` is left out: it says what other servers please. Raises only `InvalidEvent` (`EventTooLarge`).
    """
    if type(pdu) is not dict:
        raise InvalidEvent("an event is an object")
    signed = {key: value for key, value in pdu.items() if key != "unsigned"}
    return _checked_event(signed, version)


def stored_event(encoded: bytes, event_id: str, version: RoomVersion) -> Event:
    """The event whose canonical bytes were stored; they are trusted, nothing is checked."""
    # Before room version 6 there may be floats, and only this pair of json's reads and writes them alike.
    pdu = _decode(encoded) if version.strict_canonical_json else json.loads(encoded)
    return _event(pdu, event_id, version, encoded)


def redacted_event(event: Event) -> Event:
    """The event in its redacted form, which has the same id and keeps its signatures valid."""
    pdu = redact(event.pdu, event.version)
    return _event(pdu, event.event_id, event.version, encode_pdu(pdu, event.version))


def new_event(draft: NewEvent, version: RoomVersion, sign: Callable[[dict[str, Any]], dict[str, Any]]) -> Event:
    """The event that a draft describes, with hashes, id and signature.

    `sign` takes the PDU and returns it with this server's signature. Raises `InvalidEvent` (`EventTooLarge`) for a
    draft that can not be an event.
    """
    pdu = _unsigned_pdu(draft, version)
    try:
        if version.references_are_pairs:
            opaque = encode_base64_url(content_digest(pdu, version))
            pdu["event_id"] = f"${opaque}:{server_name_of(draft.sender)}"
        pdu["hashes"] = {"sha256": content_hash(pdu, version)}
    except ValueError as error:
        raise InvalidEvent(str(error)) from error
    return _checked_event(sign(pdu), version)


def _unsigned_pdu(draft: NewEvent, version: RoomVersion) -> dict[str, Any]:
    content = draft.content
    pdu: dict[str, Any] = {
        "type": draft.type,
        "sender": draft.sender,
        "depth": draft.depth,
        "origin_server_ts": draft.origin_server_ts,
        "prev_events": _references(draft.prev_events, draft, version),
        "auth_events": _references(draft.auth_events, draft, version),
    }
    if not (version.room_id_is_create_hash and draft.type == "m.room.create"):
        pdu["room_id"] = draft.room_id
    if draft.state_key is not None:
        pdu["state_key"] = draft.state_key
    if draft.redacts is not None:
        if version.redacts_in_content:
            content = {**content, "redacts": draft.redacts}
        else:
            pdu["redacts"] = draft.redacts
    pdu["content"] = content
    return pdu


def _references(event_ids: Sequence[str], draft: NewEvent, version: RoomVersion) -> list[Any]:
    if not version.references_are_pairs:
        return list(event_ids)
    hashes = draft.reference_hashes
    return [[event_id, {"sha256": hashes[event_id]} if event_id in hashes else {}] for event_id in event_ids]


def _checked_event(pdu: dict[str, Any], version: RoomVersion) -> Event:
    check_pdu(pdu, version)
    encoded = encode_checked(pdu, version)
    return _event(pdu, event_id_of(pdu, version), version, encoded)


def _event(pdu: dict[str, Any], event_id: str, version: RoomVersion, encoded: bytes) -> Event:
    event_type = pdu["type"]
    content = pdu["content"]
    founds_room = version.room_id_is_create_hash and event_type == "m.room.create"
    room_id = "!" + event_id[1:] if founds_room else pdu["room_id"]
    redacts = None
    if event_type == "m.room.redaction":
        redacts = content.get("redacts") if version.redacts_in_content else pdu.get("redacts")
        redacts = redacts if isinstance(redacts, str) else None
    return Event(
        event_id,
        room_id,
        event_type,
        pdu["sender"],
        pdu.get("state_key"),
        content,
        pdu["depth"],
        pdu["origin_server_ts"],
        referenced_ids(pdu["prev_events"], version),
        referenced_ids(pdu["auth_events"], version),
        redacts,
        pdu,
        version,
        encoded,
    )
