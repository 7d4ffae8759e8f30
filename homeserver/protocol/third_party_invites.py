"""Third-party invites: the keys that an offer names, and which of them signed its acceptance.

https://spec.matrix.org/v1.19/client-server-api/#third-party-invites
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homeserver.protocol.signing import SignatureError, signing_key_ids, verify_json, verify_key_from_base64

OFFER = "m.room.third_party_invite"


@dataclass(frozen=True, slots=True)
class OfferedKey:
    """A public key as it stands in an `m.room.third_party_invite`; `validity_url`: where to ask whether it is good
    still, None for one that is good for ever."""

    public_key: str
    validity_url: str | None


def offered_keys(content: Mapping[str, Any]) -> list[OfferedKey]:
    """The keys of an offer's content: `public_key`, and those in `public_keys`."""
    more = content.get("public_keys")
    entries = [content, *(more if isinstance(more, list) else [])]
    return [key for entry in entries if (key := _read_key(entry)) is not None]


def keys_that_signed(signed: Mapping[str, Any], keys: Sequence[OfferedKey]) -> Iterator[OfferedKey]:
    """Those of the keys with which any server that is named in `signed` has signed it."""
    signatures = signed.get("signatures")
    servers = [name for name in signatures if isinstance(name, str)] if isinstance(signatures, dict) else []
    pairs = [(server, key_id) for server in servers for key_id in signing_key_ids(signed, server)]
    for key in keys:
        if any(_is_signed_with(signed, server, key_id, key.public_key) for server, key_id in pairs):
            yield key


def _read_key(entry: Any) -> OfferedKey | None:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("public_key"), str):
        return None
    url = entry.get("key_validity_url")
    return OfferedKey(entry["public_key"], url if isinstance(url, str) else None)


def _is_signed_with(signed: Mapping[str, Any], server: str, key_id: str, text: str) -> bool:
    try:
        verify_json(signed, server, verify_key_from_base64(key_id, text))
    except (SignatureError, ValueError):
        return False
    return True
