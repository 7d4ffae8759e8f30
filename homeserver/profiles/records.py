"""What a profile is made of, and which fields it may have.

https://spec.matrix.org/v1.19/client-server-api/#profiles
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from homeserver.protocol.errors import MatrixError, bad_json, invalid_param
from homeserver.protocol.ids import is_namespaced_id

#: The fields that member events carry.
MEMBER_FIELDS = ("displayname", "avatar_url")
GREATEST_PROFILE_BYTES = 64 * 1024
GREATEST_KEY_BYTES = 255
#: Both go into the member event of every room of the user, which has room for 64 KiB.
GREATEST_DISPLAYNAME_LENGTH = 256
_GREATEST_LENGTHS = {"displayname": GREATEST_DISPLAYNAME_LENGTH, "avatar_url": 1000}


@dataclass(frozen=True, slots=True)
class Profile:
    """A local user's profile. `fields`: all others, by key."""

    displayname: str | None = None
    avatar_url: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    def content(self) -> dict[str, Any]:
        """The profile as `GET /profile` shows it."""
        return {**self.member_content(), **self.fields}

    def member_content(self) -> dict[str, str]:
        """What of it goes into member events."""
        pairs = (("displayname", self.displayname), ("avatar_url", self.avatar_url))
        return {key: value for key, value in pairs if value is not None}

    def with_field(self, key: str, value: Any) -> Profile:
        """With a field set; an empty display name or avatar is none."""
        if key == "displayname":
            return replace(self, displayname=value or None)
        if key == "avatar_url":
            return replace(self, avatar_url=value or None)
        return replace(self, fields={**self.fields, key: value})

    def without(self, key: str) -> Profile:
        """With a field removed."""
        if key in MEMBER_FIELDS:
            return self.with_field(key, None)
        return replace(self, fields={name: value for name, value in self.fields.items() if name != key})


def check_key(key: str) -> None:
    """Raise `MatrixError` 400: `M_KEY_TOO_LARGE`, or `M_INVALID_PARAM` for what is no key of a profile field."""
    if len(key.encode()) > GREATEST_KEY_BYTES:
        raise MatrixError(400, "M_KEY_TOO_LARGE", f"A profile key has at most {GREATEST_KEY_BYTES} bytes.")
    if not is_namespaced_id(key):
        raise invalid_param("A profile key begins with a-z and has only a-z, 0-9, '.', '_' and '-'.")


def check_value(key: str, value: Any) -> None:
    """Raise `MatrixError` 400 `M_BAD_JSON` or `M_INVALID_PARAM` for a value that a defined field may not have.

    `avatar_url` is to be an MXC URI; other addresses are let through, since clients load none but those.
    """
    if key not in (*MEMBER_FIELDS, "m.tz"):
        return
    if not isinstance(value, str):
        raise bad_json(f"{key}: must be a string.")
    most = _GREATEST_LENGTHS.get(key, GREATEST_KEY_BYTES)
    if len(value) > most or "\0" in value:
        raise invalid_param(f"{key}: must have at most {most} characters, and no null.")


def check_size(profile: Profile) -> None:
    """Raise `MatrixError` 400 `M_PROFILE_TOO_LARGE`."""
    if len(msgspec.json.encode(profile.content())) > GREATEST_PROFILE_BYTES:
        message = f"A profile has at most {GREATEST_PROFILE_BYTES} bytes, all fields together."
        raise MatrixError(400, "M_PROFILE_TOO_LARGE", message)
