"""The keys a server publishes, as values.

https://spec.matrix.org/v1.19/server-server-api/#publishing-keys
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeserver.protocol.canonical_json import GREATEST_INTEGER, decode_strict, encode_lax
from homeserver.protocol.signing import (
    SignatureError,
    VerifyKey,
    signing_key_ids,
    verify_json,
    verify_key_from_base64,
)

#: A key is believed for at most this long after it was fetched, whatever the server says.
MAX_VALIDITY_MS = 7 * 24 * 3600 * 1000
#: Larger answers, and answers with more keys, are refused.
MAX_RESPONSE_BYTES = 64 * 1024
MAX_KEYS = 64
_KEY_ID = re.compile(r"ed25519:[A-Za-z0-9_]{1,200}\Z")


class BadServerKeys(Exception):
    """The answer is not a server's keys signed by that server."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key and the last moment (ms) it was valid at; an old key signs no requests any more."""

    verify_key: VerifyKey
    valid_until_ms: int
    is_old: bool = False


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """A whole answer of a server: its keys by key id, and the object itself for those who ask this server.

    `valid_until_ms`: of the answer, capped; `fetched_ms`: when it came.
    """

    server_name: str
    keys: Mapping[str, KnownKey]
    valid_until_ms: int
    fetched_ms: int
    response: Mapping[str, Any]

    @property
    def encoded(self) -> bytes:
        """The object as JSON."""
        return encode_lax(self.response)


def decode_keys_answer(body: bytes) -> Any:
    """The JSON value of an answer; raises `BadServerKeys`."""
    try:
        return decode_strict(body)
    except ValueError:
        raise BadServerKeys("not JSON") from None


def read_server_keys(response: Any, now_ms: int) -> ServerKeys:
    """Check the form and the server's own signatures. Whether it is the server that was asked is the caller's check.

    At least one current key must have signed, and no signature by a current key may be wrong. Raises
    `BadServerKeys`.
    """
    if not isinstance(response, dict):
        raise BadServerKeys("not an object")
    server_name = response.get("server_name")
    valid_until = response.get("valid_until_ts")
    if not isinstance(server_name, str) or type(valid_until) is not int or not 0 <= valid_until <= GREATEST_INTEGER:
        raise BadServerKeys("server_name or valid_until_ts is missing")
    valid_until = min(valid_until, now_ms + MAX_VALIDITY_MS)
    current = _current_keys(response.get("verify_keys"))
    _check_signatures(response, server_name, current)
    keys = {key_id: KnownKey(key, valid_until) for key_id, key in current.items()}
    for key_id, known in _old_keys(response.get("old_verify_keys", {})).items():
        keys.setdefault(key_id, known)
    if len(keys) > MAX_KEYS or len(encode_lax(response)) > MAX_RESPONSE_BYTES:
        raise BadServerKeys("too large")
    return ServerKeys(server_name, keys, valid_until, now_ms, response)


def _current_keys(value: Any) -> dict[str, VerifyKey]:
    if not isinstance(value, dict) or len(value) > MAX_KEYS:
        raise BadServerKeys("verify_keys is not an object of keys")
    keys = {key_id: key for key_id, each in value.items() if (key := _find_key(key_id, each)) is not None}
    if not keys:
        raise BadServerKeys("no key that can be used")
    return keys


def _old_keys(value: Any) -> dict[str, KnownKey]:
    if not isinstance(value, dict) or len(value) > MAX_KEYS:
        raise BadServerKeys("old_verify_keys is not an object of keys")
    keys = {}
    for key_id, each in value.items():
        key = _find_key(key_id, each)
        expired = each.get("expired_ts") if isinstance(each, dict) else None
        if key is not None and type(expired) is int and 0 <= expired <= GREATEST_INTEGER:
            keys[key_id] = KnownKey(key, expired, is_old=True)
    return keys


def _find_key(key_id: str, value: Any) -> VerifyKey | None:
    """Keys of other algorithms are passed over, as are keys that are none."""
    text = value.get("key") if isinstance(value, dict) else None
    if not isinstance(text, str) or _KEY_ID.match(key_id) is None:
        return None
    try:
        return verify_key_from_base64(key_id, text)
    except ValueError:
        return None


def _check_signatures(response: Mapping[str, Any], server_name: str, keys: Mapping[str, VerifyKey]) -> None:
    signed_with = [key_id for key_id in signing_key_ids(response, server_name) if key_id in keys]
    if not signed_with:
        raise BadServerKeys("not signed by the server's own keys")
    try:
        for key_id in signed_with:
            verify_json(response, server_name, keys[key_id])
    except SignatureError:
        raise BadServerKeys("a signature is wrong") from None
