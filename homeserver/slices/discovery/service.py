"""What this server says of itself.

https://spec.matrix.org/v1.19/client-server-api/#server-discovery
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from homeserver.accounts.records import User
from homeserver.config.accounts import AccountsConfig
from homeserver.protocol.errors import not_found
from homeserver.protocol.ids import is_valid_user_id
from homeserver.protocol.room_versions import ROOM_VERSIONS

Json = dict[str, Any]

#: Every released version of the specification this server speaks.
VERSIONS = tuple(f"v1.{minor}" for minor in range(1, 20))
#: Features that are not in the specification, or under the names they had before, by which clients still ask for them.
UNSTABLE_FEATURES: Mapping[str, bool] = MappingProxyType(
    {
        "org.matrix.msc2285.stable": True,
        "org.matrix.msc3026.busy_presence": True,
        "uk.tcpip.msc4133.stable": True,
        "org.matrix.msc3814": True,
        "org.matrix.msc4140": True,
        "org.matrix.msc4155": True,
        "org.matrix.simplified_msc3575": True,
        "org.matrix.msc4262": True,
        "org.matrix.msc3881": True,
    }
)
#: Capabilities that clients take for granted, or for missing, unless told.
_OPTIONAL = ("m.3pid_changes", "m.get_login_token", "m.forget_forced_upon_leave")

FindUser = Callable[[str], Awaitable[User | None]]
"""The account of a local user."""


@dataclass(frozen=True, slots=True)
class DiscoverySettings:
    """`extra_well_known`: further content of `/.well-known/matrix/client`. `admin_contact`: an e-mail address (with or
    without `mailto:`), a user id or the address of a page. `unstable_features`: of what is really there."""

    public_baseurl: str
    admin_contact: str | None = None
    extra_well_known: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    unstable_features: Mapping[str, bool] = field(default_factory=lambda: UNSTABLE_FEATURES)


class Discovery:
    """Answers what needs no user."""

    def __init__(self, settings: DiscoverySettings) -> None:
        self._settings = settings

    def versions(self) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientversions"""
        return {"versions": VERSIONS, "unstable_features": dict(self._settings.unstable_features)}

    def client_well_known(self) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#getwell-knownmatrixclient"""
        address = self._settings.public_baseurl.removesuffix("/")
        return {**self._settings.extra_well_known, "m.homeserver": {"base_url": address}}

    def support(self) -> Json:
        """Whom to turn to; 404 `M_NOT_FOUND` where the configuration does not say.

        https://spec.matrix.org/v1.19/client-server-api/#getwell-knownmatrixsupport
        """
        contact = (self._settings.admin_contact or "").removeprefix("mailto:")
        if contact.startswith(("https://", "http://")):
            return {"support_page": contact}
        if is_valid_user_id(contact):
            return {"contacts": [{"role": "m.role.admin", "matrix_id": contact}]}
        if "@" in contact:
            return {"contacts": [{"role": "m.role.admin", "email_address": contact}]}
        raise not_found("This server names no contact.")


class Capabilities:
    """Answers what a user may do. `offered`: the optional capabilities that are there, such as `m.get_login_token`.
    `further`: capabilities that are more than there or not."""

    def __init__(
        self,
        config: AccountsConfig,
        default_room_version: str,
        find_user: FindUser,
        offered: frozenset[str] = frozenset(),
        further: Mapping[str, Json] = MappingProxyType({}),
    ) -> None:
        self._config = config
        self._default_room_version = default_room_version
        self._find_user = find_user
        self._offered = offered
        self._further = further

    async def of_user(self, user_id: str) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#capabilities-negotiation"""
        user = await self._find_user(user_id)
        has_password = user is not None and user.has_password
        flags = {
            "m.change_password": self._config.passwords.is_enabled and has_password,
            "m.set_displayname": self._config.registration.enable_set_displayname,
            "m.set_avatar_url": self._config.registration.enable_set_avatar_url,
            **{name: name in self._offered for name in _OPTIONAL},
        }
        return {
            "m.room_versions": {
                "default": self._default_room_version,
                "available": dict.fromkeys(ROOM_VERSIONS, "stable"),
            },
            "m.profile_fields": self._profile_fields(),
            **self._further,
            **({"m.account_moderation": {"suspend": True, "lock": True}} if user is not None and user.is_admin else {}),
            **{name: {"enabled": is_enabled} for name, is_enabled in flags.items()},
        }

    def _profile_fields(self) -> Json:
        is_open = {
            "displayname": self._config.registration.enable_set_displayname,
            "avatar_url": self._config.registration.enable_set_avatar_url,
        }
        disallowed = [key for key, may in is_open.items() if not may]
        return {"enabled": True, "disallowed": disallowed} if disallowed else {"enabled": True}
