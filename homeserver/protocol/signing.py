"""Signatures over JSON objects and over events, and the text form of the keys that make them.

https://spec.matrix.org/v1.19/appendices/#signing-json
https://spec.matrix.org/v1.19/server-server-api/#signing-events
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import nacl.signing
from nacl.exceptions import CryptoError

from homeserver.protocol.base64 import decode_base64, encode_base64
from homeserver.protocol.canonical_json import encode_lax
from homeserver.protocol.events import Event
from homeserver.protocol.hashing import signed_bytes
from homeserver.protocol.ids import is_valid_user_id, server_name_of
from homeserver.protocol.room_versions import RoomVersion

ALGORITHM = "ed25519"
_KEY_VERSION = re.compile(r"[A-Za-z0-9_]+")
_NOT_SIGNED = ("signatures", "unsigned")


class SignatureError(Exception):
    """A signature is missing, is malformed or is not by the key."""


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key and its id, such as `ed25519:a_1`."""

    key_id: str
    key: nacl.signing.VerifyKey

    @property
    def encoded(self) -> str:
        """The key in unpadded base64, as `/_matrix/key/v2/server` has it."""
        return encode_base64(self.key.encode())


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A secret key and its id, such as `ed25519:a_1`. Its representation does not show the secret."""

    key_id: str
    key: nacl.signing.SigningKey = field(repr=False)

    @property
    def verify_key(self) -> VerifyKey:
        """The public half, of the same id."""
        return VerifyKey(self.key_id, self.key.verify_key)


def signing_key_from_seed(key_version: str, seed: bytes) -> SigningKey:
    """The key of 32 random bytes; ValueError for another length or a version that is not letters, digits and `_`."""
    if not _KEY_VERSION.fullmatch(key_version) or len(seed) != 32:
        raise ValueError("a signing key has a version of letters, digits and _, and 32 bytes")
    return SigningKey(f"{ALGORITHM}:{key_version}", nacl.signing.SigningKey(seed))


def verify_key_from_base64(key_id: str, text: str) -> VerifyKey:
    """A public key as another server publishes it; ValueError for another algorithm or what is not a key."""
    if not key_id.startswith(f"{ALGORITHM}:"):
        raise ValueError("the algorithm is not known")
    data = decode_base64(text)
    if len(data) != 32:
        raise ValueError("a public key has 32 bytes")
    return VerifyKey(key_id, nacl.signing.VerifyKey(data))


def read_signing_keys(text: str) -> list[SigningKey]:
    """The keys of a signing key file: lines of algorithm, version and unpadded base64 of the seed.

    Raises ValueError, without the line's text, for a line that is something else.
    """
    keys = []
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) != 3 or parts[0] != ALGORITHM:
            raise ValueError(f"line {number} is not: ed25519 version key")
        try:
            keys.append(signing_key_from_seed(parts[1], decode_base64(parts[2])))
        except ValueError:
            # Not chained: the cause could carry the secret into a log.
            raise ValueError(f"line {number} has no valid version and key") from None
    return keys


def write_signing_keys(keys: Iterable[SigningKey]) -> str:
    """The text of a signing key file. It is secret."""
    return "".join(f"{ALGORITHM} {key.key_id.partition(':')[2]} {encode_base64(key.key.encode())}\n" for key in keys)


def sign_json(value: Mapping[str, Any], server_name: str, key: SigningKey) -> dict[str, Any]:
    """The object with this signature added to those it has; `unsigned` is kept and not covered. A new dict."""
    return _with_signature(value, server_name, key, _covered(value))


def verify_json(value: Mapping[str, Any], server_name: str, verify_key: VerifyKey) -> None:
    """Raise `SignatureError` unless the server signed the object with this key."""
    _check(value, server_name, verify_key, lambda: _covered(value))


def sign_event(pdu: Mapping[str, Any], version: RoomVersion, server_name: str, key: SigningKey) -> dict[str, Any]:
    """The PDU, which has its `hashes`, with this server's signature added. A new dict.

    https://spec.matrix.org/v1.19/server-server-api/#adding-hashes-and-signatures-to-outgoing-events
    """
    return _with_signature(pdu, server_name, key, signed_bytes(pdu, version))


def verify_event_signature(
    pdu: Mapping[str, Any], version: RoomVersion, server_name: str, verify_key: VerifyKey
) -> None:
    """Raise `SignatureError` unless the server signed the event with this key.

    https://spec.matrix.org/v1.19/server-server-api/#validating-hashes-and-signatures-on-received-events
    """
    _check(pdu, server_name, verify_key, lambda: signed_bytes(pdu, version))


def signing_key_ids(value: Mapping[str, Any], server_name: str) -> list[str]:
    """The ids of the keys a server says it signed an object with, of the algorithm that is known."""
    signatures = value.get("signatures")
    by_key = signatures.get(server_name) if isinstance(signatures, dict) else None
    if not isinstance(by_key, dict):
        return []
    return [key_id for key_id in by_key if isinstance(key_id, str) and key_id.startswith(f"{ALGORITHM}:")]


def required_signers(event: Event) -> frozenset[str]:
    """The servers that must have signed an event; empty for a third-party invite, whose token speaks for it.

    Those are the sender's server; in room versions 1 and 2 also that of the event id; with restricted joins also that
    of `join_authorised_via_users_server`. Raises `SignatureError` where that is not a user id, so nobody can sign.
    """
    signers = set()
    if not is_third_party_invite(event):
        signers.add(server_name_of(event.sender))
    if event.version.references_are_pairs:
        signers.add(server_name_of(event.event_id))
    is_restricted = event.version.restricted_joins and event.type == "m.room.member"
    if is_restricted and "join_authorised_via_users_server" in event.content:
        authoriser = event.content["join_authorised_via_users_server"]
        if not isinstance(authoriser, str) or not is_valid_user_id(authoriser):
            raise SignatureError("join_authorised_via_users_server is not a user ID")
        signers.add(server_name_of(authoriser))
    return frozenset(signers)


def is_third_party_invite(event: Event) -> bool:
    """Whether it is an invite that follows from an `m.room.third_party_invite`."""
    return event.membership == "invite" and isinstance(event.content.get("third_party_invite"), dict)


def _covered(value: Mapping[str, Any]) -> bytes:
    # Lax: requests and answers carry events of room versions that allow any numbers. The bytes are the same otherwise.
    return encode_lax({key: part for key, part in value.items() if key not in _NOT_SIGNED})


def _with_signature(value: Mapping[str, Any], server_name: str, key: SigningKey, covered: bytes) -> dict[str, Any]:
    signature = encode_base64(key.key.sign(covered).signature)
    signatures = dict(value.get("signatures") or {})
    signatures[server_name] = {**signatures.get(server_name, {}), key.key_id: signature}
    return {**value, "signatures": signatures}


def _check(value: Mapping[str, Any], server_name: str, verify_key: VerifyKey, covered: Callable[[], bytes]) -> None:
    if verify_key.key_id not in signing_key_ids(value, server_name):
        raise SignatureError(f"not signed by {server_name} with {verify_key.key_id}")
    try:
        signature = decode_base64(value["signatures"][server_name][verify_key.key_id])
        verify_key.key.verify(covered(), signature)
    except (CryptoError, ValueError, TypeError) as error:
        raise SignatureError(f"the signature of {server_name} with {verify_key.key_id} is wrong") from error
