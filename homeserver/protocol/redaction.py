"""The redaction algorithm: what stays of an event whose content is removed.

https://spec.matrix.org/v1.19/client-server-api/#redactions
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeserver.protocol.room_versions import RoomVersion

_NOTHING: frozenset[str] = frozenset()


def redact(pdu: Mapping[str, Any], version: RoomVersion) -> dict[str, Any]:
    """The redacted form of a PDU by the rules of a room version: a new dict that shares what it keeps.

    `unsigned` does not stay. Takes any dict: fields may be missing or of wrong types.
    """
    rules = version.redaction
    top_level = rules.top_level
    redacted = {key: value for key, value in pdu.items() if key in top_level}
    event_type = pdu.get("type")
    is_whole = isinstance(event_type, str) and event_type in rules.whole_content
    if "content" in redacted and not is_whole:
        redacted["content"] = _redacted_content(event_type, pdu.get("content"), version)
    return redacted


def _redacted_content(event_type: Any, content: Any, version: RoomVersion) -> dict[str, Any]:
    rules = version.redaction
    keys = rules.content.get(event_type, _NOTHING) if isinstance(event_type, str) else _NOTHING
    if not isinstance(content, dict):
        return {}
    kept = {key: content[key] for key in keys if key in content}
    if rules.third_party_signed and event_type == "m.room.member":
        invite = content.get("third_party_invite")
        if isinstance(invite, dict) and "signed" in invite:
            kept["third_party_invite"] = {"signed": invite["signed"]}
    return kept
