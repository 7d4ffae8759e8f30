"""The ways to log in.

https://spec.matrix.org/v1.19/client-server-api/#legacy-login
"""

from __future__ import annotations

from typing import Any, Protocol

from homeserver.accounts import queries_users as queries
from homeserver.accounts.credentials import Credentials
from homeserver.accounts.records import AppServices, Limits, user_locked
from homeserver.database import Database
from homeserver.protocol.errors import MatrixError, bad_json, forbidden, missing_param, missing_token


class LoginType(Protocol):
    """One way to log in. Others than those here are added with `LoginTypes.add`."""

    type: str

    def flow(self) -> dict[str, Any] | None:
        """The entry in `GET /login`, with `type`; None where it is not announced."""

    async def authenticate(self, body: dict[str, Any], token: str | None) -> str:
        """The user id. `token`: the request's access token. Raises `MatrixError` 403 `M_FORBIDDEN`."""


class PasswordLogin:
    """`m.login.password`."""

    type = "m.login.password"

    def __init__(self, credentials: Credentials, limits: Limits) -> None:
        self._credentials = credentials
        self._limits = limits

    def flow(self) -> dict[str, Any] | None:
        """As it is."""
        return {"type": self.type}

    async def authenticate(self, body: dict[str, Any], token: str | None) -> str:
        """Whose password it is."""
        password = body.get("password")
        if password is None:
            raise missing_param("Missing field password.")
        if not isinstance(password, str):
            raise bad_json("password: must be a string.")
        self._limits.check("rc_login.account", (await self._credentials.identify(body)).lower())
        return await self._credentials.check_login(body, password)


class AppServiceLogin:
    """`m.login.application_service`: with the `as_token`, as a user of the application service's namespace."""

    type = "m.login.application_service"

    def __init__(self, credentials: Credentials, app_services: AppServices, database: Database) -> None:
        self._credentials = credentials
        self._app_services = app_services
        self._database = database

    def flow(self) -> dict[str, Any] | None:
        """As it is."""
        return {"type": self.type}

    async def authenticate(self, body: dict[str, Any], token: str | None) -> str:
        """The user the application service names."""
        if token is None:
            raise missing_token()
        app_service = self._app_services.find_by_token(token)
        if app_service is None:
            raise forbidden("The access token is not that of an application service.")
        user_id = await self._credentials.identify(body)
        if not self._app_services.may_use(app_service, user_id):
            raise MatrixError(403, "M_EXCLUSIVE", "The user is not in the application service's namespace.")
        user = await self._database.glance(queries.find_user, user_id)
        if user is None or user.is_deactivated:
            raise forbidden("There is no such user.")
        return user_id


class LoginTypes:
    """All ways there are."""

    def __init__(self, database: Database, *types: LoginType) -> None:
        self._database = database
        self._types: dict[str, LoginType] = {}
        for login_type in types:
            self.add(login_type)

    def add(self, login_type: LoginType) -> None:
        """Offer another way; ValueError where there is one of this type."""
        if login_type.type in self._types:
            raise ValueError(f"there are two ways to log in by {login_type.type}")
        self._types[login_type.type] = login_type

    def flows(self) -> list[dict[str, Any]]:
        """What `GET /login` lists."""
        return [flow for one in self._types.values() if (flow := one.flow()) is not None]

    async def authenticate(self, body: dict[str, Any], token: str | None) -> str:
        """The user id. Raises `MatrixError` 400 `M_UNKNOWN` for an unknown type, 403 `M_FORBIDDEN`,
        `M_USER_DEACTIVATED`, 401 `M_USER_LOCKED`."""
        name = body.get("type")
        if name is None:
            raise missing_param("Missing field type.")
        login_type = self._types.get(name) if isinstance(name, str) else None
        if login_type is None:
            raise MatrixError(400, "M_UNKNOWN", "This way to log in is not known.")
        user_id = await login_type.authenticate(body, token)
        user = await self._database.glance(queries.find_user, user_id)
        if user is None:
            raise forbidden("There is no such user.")
        if user.is_deactivated:
            raise MatrixError(403, "M_USER_DEACTIVATED", "This account has been deactivated.")
        if user.is_locked:
            raise user_locked()
        return user_id
