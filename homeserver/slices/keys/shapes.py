"""The shapes of keys, and of requests about them.

https://spec.matrix.org/v1.19/client-server-api/#key-management-api
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from homeserver.protocol.errors import MatrixError, bad_json, invalid_param, missing_param
from homeserver.protocol.ids import is_short_enough, is_valid_user_id

Json = dict[str, Any]

MOST_ALGORITHMS = 20
#: Of one algorithm and device, not claimed.
MOST_ONE_TIME_KEYS = 500
DEFAULT_TIMEOUT_MS = 10_000
_MOST_TIMEOUT_MS = 30_000
_GREATEST_DEVICE_KEYS_BYTES = 65_536
_GREATEST_ONE_TIME_KEY_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Upload:
    """What a device publishes; keys by their ids, with the algorithm in front."""

    device_keys: Json | None = None
    one_time_keys: Mapping[str, Any] = field(default_factory=dict)
    fallback_keys: Mapping[str, Any] = field(default_factory=dict)


def read_upload(body: Json, user_id: str, device_id: str) -> Upload:
    """The body of `/keys/upload`; 400 `M_BAD_JSON` or `M_INVALID_PARAM` naming what is wrong.

    https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysupload
    """
    device_keys = None
    if "device_keys" in body:
        device_keys = _device_keys(body["device_keys"], user_id, device_id)
    return Upload(device_keys, _one_time_keys(body, "one_time_keys"), _one_time_keys(body, "fallback_keys"))


def read_query(body: Json) -> dict[str, list[str]]:
    """User id to device ids, none for all, of a `/keys/query`; 400 for anything else."""
    asked = _object(body, "device_keys")
    for user_id, device_ids in asked.items():
        _check_user_id("device_keys", user_id)
        if not isinstance(device_ids, list) or not all(isinstance(one, str) for one in device_ids):
            raise bad_json(f"device_keys.{user_id}: must be a list of device IDs.")
    return asked


def read_claim(body: Json) -> dict[str, dict[str, str]]:
    """User id to device id to algorithm of a `/keys/claim`; 400 for anything else."""
    asked = _object(body, "one_time_keys")
    for user_id, devices in asked.items():
        _check_user_id("one_time_keys", user_id)
        if not isinstance(devices, dict) or not all(isinstance(one, str) for one in devices.values()):
            raise bad_json(f"one_time_keys.{user_id}: must be an object of device IDs, each with an algorithm.")
    return asked


def read_timeout_ms(body: Json) -> int:
    """How long to wait for other servers."""
    timeout_ms = body.get("timeout", DEFAULT_TIMEOUT_MS)
    if not isinstance(timeout_ms, int) or isinstance(timeout_ms, bool) or timeout_ms < 0:
        raise bad_json("timeout: must be a number of milliseconds.")
    return min(timeout_ms, _MOST_TIMEOUT_MS)


def is_device_keys(keys: Any, user_id: str, device_id: str) -> bool:
    """Whether these are keys of that device, in the shape that clients understand, and not too large."""
    return _fault_of_device_keys(keys, user_id, device_id) is None


def completed_device_keys(keys: Any, user_id: str, device_id: str) -> Json | None:
    """Keys of a device as another server tells them, in the shape that clients understand: what is missing is empty.
    None for those of another device, those of another shape, and those that are too large."""
    if not isinstance(keys, dict):
        return None
    about = {"user_id": user_id, "device_id": device_id, "algorithms": [], "keys": {}, "signatures": {}}
    completed = {**about, **keys}
    return completed if is_device_keys(completed, user_id, device_id) else None


def identity_of(device_keys: Json) -> Json:
    """What makes a device the same: all but what was signed by whom, and what servers have added."""
    return {name: value for name, value in device_keys.items() if name not in ("signatures", "unsigned")}


def is_small(value: Any, most_bytes: int) -> bool:
    """Whether a JSON value, which may come from anybody, has at most so many bytes."""
    try:
        return len(msgspec.json.encode(value)) <= most_bytes
    except (UnicodeEncodeError, RecursionError, msgspec.MsgspecError):
        return False


def _device_keys(keys: Any, user_id: str, device_id: str) -> Json:
    fault = _fault_of_device_keys(keys, user_id, device_id)
    if fault is not None:
        raise fault
    kept: Json = {name: value for name, value in keys.items() if name != "unsigned"}
    return kept


def _fault_of_device_keys(keys: Any, user_id: str, device_id: str) -> MatrixError | None:
    if not isinstance(keys, dict):
        return bad_json("device_keys: must be an object.")
    if keys.get("user_id") != user_id or keys.get("device_id") != device_id:
        return invalid_param("device_keys: user_id and device_id must be those of this login.")
    algorithms, public, signatures = keys.get("algorithms"), keys.get("keys"), keys.get("signatures")
    if not isinstance(algorithms, list) or not all(isinstance(one, str) for one in algorithms):
        return bad_json("device_keys.algorithms: must be a list of strings.")
    if not isinstance(public, dict) or not all(isinstance(one, str) for one in public.values()):
        return bad_json("device_keys.keys: must be an object of strings.")
    if not is_signatures(signatures):
        return bad_json("device_keys.signatures: must be an object of user IDs, each with an object of strings.")
    if not is_small(keys, _GREATEST_DEVICE_KEYS_BYTES):
        return MatrixError(413, "M_TOO_LARGE", f"Keys of a device have at most {_GREATEST_DEVICE_KEYS_BYTES} bytes.")
    return None


def is_signatures(value: Any) -> bool:
    """Whether it maps user ids to key ids to signatures."""
    return isinstance(value, dict) and all(
        isinstance(by_key, dict) and all(isinstance(one, str) for one in by_key.values()) for by_key in value.values()
    )


def _one_time_keys(body: Json, name: str) -> Json:
    if name not in body:
        return {}
    keys = body[name]
    if not isinstance(keys, dict):
        raise bad_json(f"{name}: must be an object.")
    for key_id, key in keys.items():
        algorithm, colon, rest = key_id.partition(":")
        if not algorithm or not colon or not rest or not is_short_enough(key_id) or not key_id.isprintable():
            raise invalid_param(f"{name}: each name must be an algorithm, a colon and a key ID, 255 bytes at most.")
        if not isinstance(key, str) and not (isinstance(key, dict) and isinstance(key.get("key"), str)):
            raise bad_json(f"{name}.{key_id}: must be a string, or an object with the string `key`.")
        if not is_small(key, _GREATEST_ONE_TIME_KEY_BYTES):
            raise MatrixError(413, "M_TOO_LARGE", f"{name}: a key has at most {_GREATEST_ONE_TIME_KEY_BYTES} bytes.")
    return keys


def _object(body: Json, name: str) -> Json:
    if name not in body:
        raise missing_param(f"{name}: which devices?")
    value = body[name]
    if not isinstance(value, dict):
        raise bad_json(f"{name}: must be an object of user IDs.")
    return value


def _check_user_id(name: str, user_id: str) -> None:
    if not is_valid_user_id(user_id):
        raise invalid_param(f"{name}: {user_id[:255]!r} is not a user ID.")
