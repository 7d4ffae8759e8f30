"""A registration token, and the grammar of its text."""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass
from typing import Any

GREATEST_LENGTH = 64
_ALPHABET = string.ascii_letters + string.digits + "._~-"
_GRAMMAR = re.compile(r"[A-Za-z0-9._~-]{1,64}")


@dataclass(frozen=True, slots=True)
class RegistrationToken:
    """A token. `uses_allowed` None: any number; `expires_ts` None: never. `completed` and `pending`: registrations
    that succeeded with it, and those under way."""

    token: str
    uses_allowed: int | None = None
    completed: int = 0
    expires_ts: int | None = None
    pending: int = 0

    def is_valid(self, now_ms: int) -> bool:
        """Whether one more registration may begin with it."""
        has_expired = self.expires_ts is not None and self.expires_ts <= now_ms
        is_used_up = self.uses_allowed is not None and self.pending + self.completed >= self.uses_allowed
        return not has_expired and not is_used_up

    def body(self) -> dict[str, Any]:
        """As the admin API shows it."""
        return {
            "token": self.token,
            "uses_allowed": self.uses_allowed,
            "pending": self.pending,
            "completed": self.completed,
            "expiry_time": self.expires_ts,
        }


def is_token(text: str) -> bool:
    """Whether a text may be a token: an opaque identifier of at most 64 characters.

    https://spec.matrix.org/v1.19/client-server-api/#token-authenticated-registration
    """
    return _GRAMMAR.fullmatch(text) is not None


def new_token(length: int) -> str:
    """A random text of this length."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
