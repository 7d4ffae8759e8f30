"""Secrets are replaced before anything is shown, and texts of others can do nothing to a terminal."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

MASK = "****"
_SECRET_KEYS = frozenset(
    {"access_token", "refresh_token", "login_token", "password", "new_password", "token", "mac", "client_secret"}
)
_SECRET_QUERY = re.compile(r"([?&](?:access_token|loginToken|token|client_secret)=)[^&]*")


def masked(value: Any) -> Any:
    """JSON with the values of tokens and passwords replaced, at every depth."""
    if isinstance(value, dict):
        return {
            key: MASK if key in _SECRET_KEYS and isinstance(item, str) else masked(item) for key, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def masked_target(target: str) -> str:
    """A path with its query, tokens in the query replaced."""
    return _SECRET_QUERY.sub(rf"\g<1>{MASK}", target)


def plain(text: str) -> str:
    """Text of others that can do nothing to a terminal: control and direction characters shown as U+FFFD."""
    return "".join(char if _is_harmless(char) else "\ufffd" for char in text)


def one_line(value: Any) -> str:
    """The same of anything, in one line."""
    return " ".join(plain(value if isinstance(value, str) else json.dumps(value)).split())


def pretty_json(value: Any) -> str:
    """Indented JSON, secrets masked; non-ASCII characters readable, dangerous ones not."""
    return plain(json.dumps(masked(value), indent=2, ensure_ascii=False))


def _is_harmless(char: str) -> bool:
    if char in "\n\t":
        return True
    # Characters that turn the direction of the text around them can make a line show something else than it says.
    return (
        unicodedata.category(char) not in ("Cc", "Cs")
        and char not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
