"""Content hashes and reference hashes of events.

https://spec.matrix.org/v1.19/server-server-api/#calculating-the-content-hash-for-an-event
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from homeserver.protocol.base64 import decode_base64, encode_base64, encode_base64_url
from homeserver.protocol.canonical_json import encode, encode_lax
from homeserver.protocol.redaction import redact
from homeserver.protocol.room_versions import EventIds, RoomVersion

_OUTSIDE_CONTENT_HASH = ("unsigned", "signatures", "hashes")


def encode_pdu(pdu: Mapping[str, Any], version: RoomVersion) -> bytes:
    """The canonical bytes of a PDU by the rules of a room version; ValueError where it has none."""
    return encode(pdu) if version.strict_canonical_json else encode_lax(pdu)


def content_hash(pdu: Mapping[str, Any], version: RoomVersion) -> str:
    """The SHA-256 over the whole event without `unsigned`, `signatures` and `hashes`, in unpadded base64."""
    return encode_base64(content_digest(pdu, version))


def check_content_hash(pdu: Mapping[str, Any], version: RoomVersion) -> bool:
    """Whether `hashes.sha256` is that of the content. If not, take the event for its redacted form.

    https://spec.matrix.org/v1.19/server-server-api/#validating-hashes-and-signatures-on-received-events
    """
    hashes = pdu.get("hashes")
    claimed = hashes.get("sha256") if isinstance(hashes, dict) else None
    if not isinstance(claimed, str):
        return False
    try:
        return hmac.compare_digest(decode_base64(claimed), content_digest(pdu, version))
    except ValueError:
        return False


def signed_bytes(pdu: Mapping[str, Any], version: RoomVersion) -> bytes:
    """What the reference hash and the signatures of an event cover: its redacted form without signatures."""
    essential = redact(pdu, version)
    essential.pop("signatures", None)
    essential.pop("unsigned", None)
    return encode_pdu(essential, version)


def reference_hash(pdu: Mapping[str, Any], version: RoomVersion) -> bytes:
    """The SHA-256 (32 bytes) over the redacted form.

    https://spec.matrix.org/v1.19/server-server-api/#calculating-the-reference-hash-for-an-event
    """
    return sha256(signed_bytes(pdu, version)).digest()


def event_id_of(pdu: Mapping[str, Any], version: RoomVersion) -> str:
    """The event's id: by reference hash, or the `event_id` of the PDU in the versions that have one there."""
    if version.event_ids is EventIds.OPAQUE:
        event_id = pdu["event_id"]
        assert isinstance(event_id, str)
        return event_id
    digest = reference_hash(pdu, version)
    is_url_safe = version.event_ids is EventIds.URL_SAFE_HASH
    return "$" + (encode_base64_url(digest) if is_url_safe else encode_base64(digest))


def content_digest(pdu: Mapping[str, Any], version: RoomVersion) -> bytes:
    """The SHA-256 (32 bytes) that `content_hash` writes in base64."""
    covered = {key: value for key, value in pdu.items() if key not in _OUTSIDE_CONTENT_HASH}
    return sha256(encode_pdu(covered, version)).digest()
