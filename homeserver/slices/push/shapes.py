"""What clients say of a pusher, read and checked.

https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3pushersset
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from homeserver.protocol.errors import bad_json, invalid_param, missing_param
from homeserver.slices.push.records import EMAIL, EMAIL_APP, HTTP, PusherKey, PusherShape

_NEEDED = ("app_display_name", "device_display_name", "lang")
_MOST_PUSHKEY_BYTES = 512
_MOST_APP_ID = 64
_MOST_TEXT = 255
_MOST_URL = 2048
_MOST_DATA_BYTES = 16 * 1024
_PATH = "/_matrix/push/v1/notify"
_ENABLED = ("enabled", "org.matrix.msc3881.enabled")


def read_key(body: Mapping[str, Any]) -> PusherKey:
    """Which pusher it is about. Raises `MatrixError` 400 `M_MISSING_PARAM`, `M_INVALID_PARAM`, `M_BAD_JSON`."""
    missing = [name for name in ("kind", "app_id", "pushkey") if name not in body]
    if missing:
        raise missing_param(f"Missing parameters: {', '.join(missing)}")
    app_id, pushkey = _text(body, "app_id", _MOST_APP_ID), _text(body, "pushkey", _MOST_PUSHKEY_BYTES)
    if len(pushkey.encode("utf-8", "replace")) > _MOST_PUSHKEY_BYTES:
        raise invalid_param(f"pushkey: must have at most {_MOST_PUSHKEY_BYTES} bytes.")
    if not app_id or not pushkey:
        raise invalid_param("app_id, pushkey: must not be empty.")
    return PusherKey(app_id, pushkey)


def read_shape(body: Mapping[str, Any], key: PusherKey) -> PusherShape:
    """The pusher that is to be there from now on. Raises as `read_key`."""
    missing = [name for name in (*_NEEDED, "data") if body.get(name) is None]
    if missing:
        raise missing_param(f"Missing parameters: {', '.join(missing)}")
    names = {name: _text(body, name, _MOST_TEXT) for name in _NEEDED}
    if body.get("profile_tag") is not None:
        names["profile_tag"] = _text(body, "profile_tag", _MOST_TEXT)
    data, kind = body["data"], body["kind"]
    if not isinstance(data, dict):
        raise bad_json("data: must be an object.")
    encoded = msgspec.json.encode(data)
    if len(encoded) > _MOST_DATA_BYTES or b"\\u0000" in encoded:
        raise invalid_param(f"data: must take at most {_MOST_DATA_BYTES} bytes, without null characters.")
    if kind == HTTP:
        _check_url(data.get("url"))
    elif kind == EMAIL:
        if key.app_id != EMAIL_APP:
            raise invalid_param(f"app_id: must be {EMAIL_APP!r} where the kind is 'email'.")
    else:
        raise invalid_param("kind: must be 'http', 'email', or null to remove the pusher.")
    return PusherShape(key, kind, names, data, _enabled(body))


def _check_url(url: Any) -> None:
    if url is None:
        raise missing_param("data.url: is needed where the kind is 'http'.")
    if not isinstance(url, str):
        raise bad_json("data.url: must be a string.")
    try:
        parts = urlsplit(url)
        is_good = parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or not url.isascii() or not url.isprintable() or " " in url or len(url) > _MOST_URL:
        raise invalid_param("data.url: must be an https URL.")
    if parts.path != _PATH or parts.fragment:
        raise invalid_param(f"data.url: its path must be {_PATH}.")


def _enabled(body: Mapping[str, Any]) -> bool | None:
    enabled = next((body[name] for name in _ENABLED if body.get(name) is not None), None)
    if enabled is not None and not isinstance(enabled, bool):
        raise bad_json("enabled: must be true or false.")
    return enabled


def _text(body: Mapping[str, Any], name: str, most: int) -> str:
    value = body[name]
    if not isinstance(value, str):
        raise bad_json(f"{name}: must be a string.")
    if len(value) > most or "\0" in value:
        raise invalid_param(f"{name}: must have at most {most} characters, none of them null.")
    return value
