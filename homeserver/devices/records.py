"""A device, and the grammar of its id."""

from __future__ import annotations

import secrets
import string
import time
from dataclasses import dataclass

from homeserver.protocol.errors import invalid_param

GREATEST_ID_BYTES = 255
GREATEST_NAME_LENGTH = 256
_ID_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Device:
    """A device of a local user. `last_seen_ts` in milliseconds since 1970."""

    user_id: str
    device_id: str
    display_name: str | None = None
    last_seen_ts: int | None = None
    last_seen_ip: str | None = None
    user_agent: str | None = None

    def client_format(self) -> dict[str, str | int | None]:
        """As `GET /devices` shows it. Clients want every key, null where nothing is known.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3devices
        """
        return {
            "device_id": self.device_id,
            "display_name": self.display_name,
            "last_seen_ip": self.last_seen_ip,
            "last_seen_ts": self.last_seen_ts,
        }


def wall_clock_ms() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


def new_device_id() -> str:
    """Ten random capital letters."""
    return "".join(secrets.choice(string.ascii_uppercase) for _ in range(_ID_LENGTH))


def check_device_id(device_id: str) -> None:
    """Raise `MatrixError` 400 `M_INVALID_PARAM` for an id that could not be stored or told to other servers."""
    if not 0 < len(device_id.encode()) <= GREATEST_ID_BYTES or not device_id.isprintable():
        raise invalid_param(f"device_id: must have 1 to {GREATEST_ID_BYTES} printable bytes.")


def check_display_name(name: str) -> None:
    """Raise `MatrixError` 400 `M_INVALID_PARAM` for a name that is too long."""
    if len(name) > GREATEST_NAME_LENGTH or "\0" in name:
        raise invalid_param(f"display_name: must have at most {GREATEST_NAME_LENGTH} characters.")
