"""Administrators of a test's server, and users of servers that are closed: made with the shared secret."""

from __future__ import annotations

import hashlib
import hmac
from itertools import count
from typing import Any

from tests.support.api_client import User
from tests.support.homeserver import PASSWORD, SHARED_SECRET, Homeserver

_PATH = "/_synapse/admin/v1/register"
_numbers = count(1)


def new_administrator(server: Homeserver, localpart: str = "admin") -> User:
    """An administrator whose name begins so, and is new."""
    return register_by_secret(server, f"{localpart}-{next(_numbers)}", is_admin=True)


def register_by_secret(server: Homeserver, localpart: str, *, is_admin: bool = False, **body: Any) -> User:
    """Register a user by this very name, whether registration is open or not, and log in."""
    nonce = server.get(_PATH)["nonce"]
    signed = "\0".join([nonce, localpart, PASSWORD, "admin" if is_admin else "notadmin"])
    mac = hmac.new(SHARED_SECRET.encode(), signed.encode(), hashlib.sha1).hexdigest()
    wanted = {"nonce": nonce, "username": localpart, "password": PASSWORD, "admin": is_admin, "mac": mac, **body}
    return User(server.url, server.post(_PATH, wanted), PASSWORD)
