"""Fields of request bodies that several endpoints read."""

from __future__ import annotations

from typing import Any

from homeserver.accounts.records import DeviceRequest
from homeserver.devices.records import check_device_id, check_display_name
from homeserver.protocol.errors import bad_json

Body = dict[str, Any]


def optional_text(body: Body, name: str) -> str | None:
    """A string, or None where it is absent or null; 400 `M_BAD_JSON` for anything else."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_json(f"{name}: must be a string.")
    return value


def optional_boolean(body: Body, name: str, default: bool = False) -> bool:
    """A boolean, or the default; 400 `M_BAD_JSON` for anything else."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise bad_json(f"{name}: must be true or false.")
    return value


def device_request(body: Body) -> DeviceRequest:
    """What a client that logs in says of its device; 400."""
    device_id = optional_text(body, "device_id") or None
    if device_id is not None:
        check_device_id(device_id)
    display_name = optional_text(body, "initial_device_display_name")
    check_display_name(display_name or "")
    return DeviceRequest(device_id, display_name, optional_boolean(body, "refresh_token"))
