"""What accounts are made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from homeserver.database import Transaction
from homeserver.protocol.errors import MatrixError


@dataclass(frozen=True, slots=True)
class User:
    """An account of this server. `created_ts` in milliseconds since 1970."""

    user_id: str
    created_ts: int
    is_guest: bool = False
    is_admin: bool = False
    is_deactivated: bool = False
    is_locked: bool = False
    is_suspended: bool = False
    is_erased: bool = False
    user_type: str | None = None
    app_service: str | None = None
    has_password: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """An account to be registered. `localpart` None: the server picks one. `password_hash` None: no password login."""

    localpart: str | None = None
    password_hash: str | None = field(default=None, repr=False)
    displayname: str | None = None
    is_guest: bool = False
    is_admin: bool = False
    user_type: str | None = None
    app_service: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """What a client that logs in says of its device, and whether it knows how to refresh tokens."""

    device_id: str | None = None
    display_name: str | None = None
    may_refresh: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A login: tokens for a device. They exist in this record and at the client, and nowhere else."""

    user_id: str
    device_id: str
    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_in_ms: int | None = None

    def body(self) -> dict[str, Any]:
        """What `/login` and `/register` answer."""
        answer: dict[str, Any] = {
            "user_id": self.user_id,
            "access_token": self.access_token,
            "device_id": self.device_id,
            "home_server": self.user_id.partition(":")[2],
        }
        if self.refresh_token is not None:
            answer["refresh_token"] = self.refresh_token
        if self.expires_in_ms is not None:
            answer["expires_in_ms"] = self.expires_in_ms
        return answer


def user_locked() -> MatrixError:
    """401 `M_USER_LOCKED`; the client keeps its device and keys.

    https://spec.matrix.org/v1.19/client-server-api/#account-locking
    """
    return MatrixError(401, "M_USER_LOCKED", "This account has been locked.", soft_logout=True)


class Limits(Protocol):
    """Rate limits; an unknown name never limits."""

    def check(self, name: str, key: str) -> None:
        """Count one; raises `MatrixError` 429 `M_LIMIT_EXCEEDED` where it is one too many."""

    def wait_ms(self, name: str, key: str) -> int:
        """Milliseconds until one more is allowed; counts nothing."""

    def take(self, name: str, key: str) -> None:
        """Count one that has happened."""


class AppServices(Protocol):
    """What accounts ask about application services."""

    def find_by_token(self, token: str) -> str | None:
        """The id of the application service with this `as_token`."""

    def may_use(self, app_service: str, user_id: str) -> bool:
        """Whether the user is in its namespace, or is its own user."""

    def is_reserved(self, user_id: str, app_service: str | None) -> bool:
        """Whether the user id is in the exclusive namespace of an application service other than this one."""


class NoAppServices:
    """Where there are none."""

    def find_by_token(self, token: str) -> str | None:
        """None."""
        return None

    def may_use(self, app_service: str, user_id: str) -> bool:
        """False."""
        return False

    def is_reserved(self, user_id: str, app_service: str | None) -> bool:
        """False."""
        return False


@dataclass(slots=True)
class AccountHooks:
    """What others do when an account begins or ends. The first three run within the transaction. Before it,
    `before_deactivated(user_id, id_server)` has identity servers (or this one) forget the user's identifiers, and says
    whether they did.

    `on_registered(tx, user, displayname)`, `on_deactivated(tx, user_id, erase)`, and where people registered
    themselves `on_signed_up(tx, user_id, results)` with the results of the stages they passed, and
    `on_threepid_removed(tx, user_id, medium, address)`. After the commit:
    `after_registered(user_id)` (joining rooms), and `after_deactivated(user_id, erase)` (leaving rooms), which runs
    again after a crash until all of them have succeeded.
    """

    on_registered: list[Callable[[Transaction, User, str | None], None]] = field(default_factory=list)
    on_deactivated: list[Callable[[Transaction, str, bool], None]] = field(default_factory=list)
    on_threepid_removed: list[Callable[[Transaction, str, str, str], None]] = field(default_factory=list)
    on_signed_up: list[Callable[[Transaction, str, Mapping[str, Any]], None]] = field(default_factory=list)
    before_deactivated: list[Callable[[str, str | None], Awaitable[bool]]] = field(default_factory=list)
    after_registered: list[Callable[[str], Awaitable[None]]] = field(default_factory=list)
    after_deactivated: list[Callable[[str, bool], Awaitable[None]]] = field(default_factory=list)
