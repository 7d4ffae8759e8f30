"""What other servers say of their users' devices.

https://spec.matrix.org/v1.19/server-server-api/#device-management
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

from homeserver.protocol.ids import is_short_enough, is_valid_user_id, server_name_of
from homeserver.slices.keys.shapes import Json, completed_device_keys, is_small

MOST_DEVICES = 500
_GREATEST_NAME_LENGTH = 256
_MOST_PREVIOUS = 100
_GREATEST_STREAM_ID = 2**53 - 1
_GREATEST_KEY_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Update:
    """An `m.device_list_update`. `keys` None: the device has none. `previous`: the changes it comes after."""

    user_id: str
    device_id: str
    stream_id: int
    previous: tuple[int, ...]
    is_deleted: bool
    keys: Json | None
    display_name: str | None


def read_update(origin: str, content: Json) -> Update | None:
    """An `m.device_list_update` EDU; None for one that is misshapen or not its origin's to send."""
    user_id, device_id, stream_id = content.get("user_id"), content.get("device_id"), content.get("stream_id")
    if not is_user_of(user_id, origin) or not isinstance(device_id, str) or not _is_device_id(device_id):
        return None
    if not is_stream_id(stream_id):
        return None
    previous = content.get("prev_id") or []
    if not isinstance(previous, list) or not all(is_stream_id(one) for one in previous):
        return None
    keys = content.get("keys") or None
    if keys is not None:
        keys = completed_device_keys(keys, user_id, device_id)
        if keys is None:
            return None
    return Update(
        user_id=user_id,
        device_id=device_id,
        stream_id=stream_id,
        previous=tuple(previous[:_MOST_PREVIOUS]),
        is_deleted=content.get("deleted") is True,
        keys=keys,
        display_name=_name(content.get("device_display_name")),
    )


def read_devices(user_id: str, devices: list[Any]) -> Iterator[tuple[str, Json | None, str | None]]:
    """(device id, keys, display name) of the well-shaped ones of a `/user/devices` answer's devices."""
    for device in devices[:MOST_DEVICES]:
        device_id = device.get("device_id")
        if isinstance(device_id, str) and _is_device_id(device_id):
            keys = completed_device_keys(device.get("keys"), user_id, device_id)
            if keys is not None:
                yield device_id, keys, _name(device.get("device_display_name"))


def read_signing_key(key: Any, user_id: str, usage: str) -> Json | None:
    """A cross-signing key of that user and usage; None for anything else."""
    is_one = (
        isinstance(key, dict)
        and key.get("user_id") == user_id
        and isinstance(key.get("usage"), list)
        and usage in key["usage"]
        and isinstance(key.get("keys"), dict)
        and len(key["keys"]) == 1
        and all(isinstance(one, str) for one in key["keys"].values())
        and is_small(key, _GREATEST_KEY_BYTES)
    )
    return key if is_one else None


def is_user_of(user_id: Any, origin: str) -> TypeGuard[str]:
    """Whether it is the id of a user of that server."""
    return isinstance(user_id, str) and is_valid_user_id(user_id) and server_name_of(user_id) == origin


def _is_device_id(device_id: str) -> bool:
    return bool(device_id) and is_short_enough(device_id) and "\0" not in device_id


def is_stream_id(value: Any) -> TypeGuard[int]:
    """Whether it is a number as those of changes."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _GREATEST_STREAM_ID


def _name(value: Any) -> str | None:
    if not isinstance(value, str) or "\0" in value or not is_small(value, 10 * _GREATEST_NAME_LENGTH):
        return None
    return value[:_GREATEST_NAME_LENGTH]
