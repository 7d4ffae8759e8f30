"""Third-party identifiers and their validation.

https://spec.matrix.org/v1.19/client-server-api/#adding-account-administrative-contact-information
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from homeserver.protocol.errors import MatrixError, invalid_param
from homeserver.protocol.ids import is_valid_opaque_id

EMAIL = "email"
MSISDN = "msisdn"
MEDIA = (EMAIL, MSISDN)
_MOST_ADDRESS = 254
_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*")
_CLIENT_SECRET = re.compile(r"[0-9a-zA-Z.=_-]{1,255}")


class Purpose(Enum):
    """What an address is validated for: a link in a mail does only what the mail says."""

    REGISTER = "register"
    ADD = "add"
    RESET_PASSWORD = "reset_password"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Threepid:
    """An identifier of a user. Times in milliseconds since 1970."""

    medium: str
    address: str
    validated_ts: int
    added_ts: int

    def body(self) -> dict[str, Any]:
        """As `GET /account/3pid` shows it."""
        return {
            "medium": self.medium,
            "address": self.address,
            "validated_at": self.validated_ts,
            "added_at": self.added_ts,
        }


@dataclass(frozen=True, slots=True)
class ValidationRequest:
    """A wish for a mail with a link."""

    address: str
    client_secret: str = field(repr=False)
    send_attempt: int
    purpose: Purpose
    next_link: str | None = None


@dataclass(frozen=True, slots=True)
class ValidationSession:
    """A validation under way, or done where `validated_ts` is set."""

    sid: str
    client_secret: str = field(repr=False)
    address: str
    purpose: Purpose
    send_attempt: int
    token_hash: bytes = field(repr=False)
    next_link: str | None
    validated_ts: int | None


def check_address(address: str) -> str:
    """An e-mail address as it is kept: in lower case. 400 `M_INVALID_PARAM` for what is none."""
    kept = address.strip().lower()
    if len(kept) > _MOST_ADDRESS or _ADDRESS.fullmatch(kept) is None:
        raise invalid_param("email: is no e-mail address (of letters without accents).")
    return kept


def check_client_secret(client_secret: str) -> None:
    """400 `M_INVALID_PARAM` unless it follows the specification's grammar."""
    if _CLIENT_SECRET.fullmatch(client_secret) is None:
        raise invalid_param("client_secret: must have 1 to 255 of the characters 0-9, a-z, A-Z, and . = _ -")


def is_sid(text: str) -> bool:
    """Whether this may be a session's id."""
    return is_valid_opaque_id(text)


def in_use() -> MatrixError:
    """400 `M_THREEPID_IN_USE`."""
    return MatrixError(400, "M_THREEPID_IN_USE", "This address belongs to another account.")
