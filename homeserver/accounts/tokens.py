"""Token strings. Only their hashes are stored: whoever reads the database cannot use what is in it."""

from __future__ import annotations

import hashlib
import secrets

_RANDOM_BYTES = 32


def new_access_token() -> str:
    """256 random bits. The prefix lets scanners find a token that leaked."""
    return f"hat_{secrets.token_urlsafe(_RANDOM_BYTES)}"


def new_refresh_token() -> str:
    """256 random bits."""
    return f"hrt_{secrets.token_urlsafe(_RANDOM_BYTES)}"


def token_hash(token: str) -> bytes:
    """SHA-256. A token has enough entropy not to need a slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
