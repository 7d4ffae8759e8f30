"""Grammar of the identifiers: users, rooms, events, aliases and servers.

https://spec.matrix.org/v1.19/appendices/#identifier-grammar
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from homeserver.protocol.errors import invalid_param

GREATEST_ID_BYTES = 255
"""Of a user id, room id, event id or alias, sigil and domain included."""

_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,255})(?::([0-9]{1,5}))?")
_LOOKS_LIKE_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_STRICT_LOCALPART = re.compile(r"[a-z0-9._=/+-]+")
_URL_SAFE_HASH = re.compile(r"[A-Za-z0-9_-]{43}")
_NAMESPACED = re.compile(r"[a-z][a-z0-9._-]{0,254}")
_OPAQUE = re.compile(r"[A-Za-z0-9._~-]{1,255}")


def server_name_of(identifier: str) -> str:
    """The domain of a user id, alias, or room or event id that has one: all after the first colon.

    ValueError when there is no colon.
    """
    _, colon, domain = identifier.partition(":")
    if not colon:
        raise ValueError("the identifier names no server")
    return domain


def localpart_of(identifier: str) -> str:
    """What is between the sigil and the first colon."""
    return identifier[1:].partition(":")[0]


@lru_cache(maxsize=4096)
def is_valid_server_name(name: str) -> bool:
    """A host name, IPv4 address or IPv6 address in brackets, and perhaps a port."""
    match = _HOST_AND_PORT.fullmatch(name)
    if match is None:
        return False
    host, port = match[1], match[2]
    if port is not None and int(port) > 65535:
        return False
    try:
        if host.startswith("["):
            IPv6Address(host[1:-1])
        elif _LOOKS_LIKE_IPV4.fullmatch(host):
            # Leading zeros are read as octal by some and as decimal by others; Python refuses them.
            IPv4Address(host)
    except AddressValueError:
        return False
    return True


def is_valid_user_id(user_id: str) -> bool:
    """A user id as it may stand in an event, those of the historical character set included.

    https://spec.matrix.org/v1.19/appendices/#historical-user-ids
    """
    return _has_domain(user_id, "@")


def is_compliant_user_id(user_id: str) -> bool:
    """A user id whose localpart is not empty and has only characters from U+0021 to U+007E: what may be shown to
    clients outside events."""
    localpart = localpart_of(user_id)
    return is_valid_user_id(user_id) and bool(localpart) and all("!" <= char <= "~" for char in localpart)


def is_valid_localpart(localpart: str) -> bool:
    """A localpart that a new user may have: `a-z 0-9 . _ = - / +`, at least one of them."""
    return _STRICT_LOCALPART.fullmatch(localpart) is not None


def is_valid_alias(alias: str) -> bool:
    """`#localpart:domain`."""
    return _has_domain(alias, "#")


def is_valid_room_id(room_id: str) -> bool:
    """`!localpart:domain`, or `!hash` of room version 12 and later."""
    return _has_domain(room_id, "!") or is_hash_room_id(room_id)


def is_hash_room_id(room_id: str) -> bool:
    """`!` and the reference hash of the create event."""
    return room_id[:1] == "!" and _URL_SAFE_HASH.fullmatch(room_id, 1) is not None


def is_domain_room_id(room_id: str) -> bool:
    """`!localpart:domain`, as before room version 12."""
    return _has_domain(room_id, "!")


def is_domain_event_id(event_id: str) -> bool:
    """`$opaque:domain`, as in room versions 1 and 2."""
    return _has_domain(event_id, "$")


def is_valid_event_id(event_id: str) -> bool:
    """`$` and anything, in at most 255 bytes: the rest is up to the room version."""
    return event_id[:1] == "$" and len(event_id) > 1 and "\0" not in event_id and is_short_enough(event_id)


def is_valid_opaque_id(text: str) -> bool:
    """The opaque identifier grammar: unreserved characters of URLs, 1 to 255 of them.

    https://spec.matrix.org/v1.19/appendices/#opaque-identifiers
    """
    return _OPAQUE.fullmatch(text) is not None


def is_namespaced_id(text: str) -> bool:
    """The common namespaced identifier grammar."""
    return _NAMESPACED.fullmatch(text) is not None


def is_short_enough(identifier: str) -> bool:
    """Whether it is at most 255 bytes of UTF-8, without lone surrogates."""
    if identifier.isascii():
        return len(identifier) <= GREATEST_ID_BYTES
    try:
        return len(identifier.encode()) <= GREATEST_ID_BYTES
    except UnicodeEncodeError:
        return False


def check_user_id(user_id: str) -> None:
    """Raise `MatrixError` 400 `M_INVALID_PARAM` unless it is a user id."""
    if not is_valid_user_id(user_id):
        raise invalid_param("Not a valid user ID.")


def check_room_id(room_id: str) -> None:
    """Raise `MatrixError` 400 `M_INVALID_PARAM` unless it is a room id."""
    if not is_valid_room_id(room_id):
        raise invalid_param("Not a valid room ID.")


def check_event_id(event_id: str) -> None:
    """Raise `MatrixError` 400 `M_INVALID_PARAM` unless it is an event id."""
    if not is_valid_event_id(event_id):
        raise invalid_param("Not a valid event ID.")


def check_alias(alias: str) -> None:
    """Raise `MatrixError` 400 `M_INVALID_PARAM` unless it is a room alias."""
    if not is_valid_alias(alias):
        raise invalid_param("Not a valid room alias.")


def check_server_name(name: str) -> None:
    """Raise `MatrixError` 400 `M_INVALID_PARAM` unless it is a server name."""
    if not is_valid_server_name(name):
        raise invalid_param("Not a valid server name.")


def _has_domain(identifier: str, sigil: str) -> bool:
    if identifier[:1] != sigil or "\0" in identifier:
        return False
    _, colon, domain = identifier.partition(":")
    return bool(colon) and is_short_enough(identifier) and is_valid_server_name(domain)
