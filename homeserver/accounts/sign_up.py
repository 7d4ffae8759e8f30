"""Registration by the users themselves, and by application services.

https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3register
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from homeserver.accounts.bodies import device_request, optional_boolean, optional_text
from homeserver.accounts.passwords import Passwords
from homeserver.accounts.records import AccountHooks, AppServices, DeviceRequest, NewUser, Session
from homeserver.accounts.registration import RecordResult, Registration
from homeserver.accounts.sessions import Sessions
from homeserver.accounts.ui_auth import AskedOperation, Authorised, Flows, Operation, UiAuth
from homeserver.accounts.usernames import Usernames
from homeserver.config.accounts import RegistrationConfig
from homeserver.database import Transaction
from homeserver.protocol.errors import forbidden, missing_param, missing_token, unknown_token
from homeserver.protocol.ids import localpart_of
from homeserver.protocol.requester import Requester

Body = dict[str, Any]

Authenticate = Callable[[str], Awaitable[Requester]]
"""Whose an access token is."""


@dataclass(frozen=True, slots=True)
class SignUpSettings:
    """What the configuration says, and the flows that follow from it."""

    config: RegistrationConfig
    flows: Flows


@dataclass(frozen=True, slots=True)
class SignUpParts:
    """What works together when somebody registers."""

    registration: Registration
    usernames: Usernames
    passwords: Passwords
    sessions: Sessions
    hooks: AccountHooks
    authenticate: Authenticate


class SignUp:
    """Registers people and guests."""

    def __init__(self, parts: SignUpParts, ui_auth: UiAuth, settings: SignUpSettings) -> None:
        self._parts = parts
        self._ui_auth = ui_auth
        self._settings = settings

    async def check_available(self, username: str) -> None:
        """Raise `MatrixError` 400 `M_USER_IN_USE`, `M_INVALID_USERNAME`, `M_EXCLUSIVE`; 403 where registration is
        closed."""
        config = self._settings.config
        if not config.is_enabled:
            raise forbidden("Registration is disabled.")
        if config.inhibit_user_in_use_error:
            self._parts.usernames.new_user_id(username)
        else:
            await self._parts.usernames.check_available(username)

    async def register_user(self, request: AskedOperation, body: Body) -> Session | str:
        """Add a user, after user-interactive authentication; the user id alone where the client wants no login.

        A repetition with the session of a registration that succeeded logs the same user in again.
        """
        if not self._settings.config.is_enabled:
            raise forbidden("Registration is disabled.")
        await self._check_early(body)
        authorised = await self._ui_auth.authenticate(
            Operation(request=request, body=body, flows=self._settings.flows, keeps_session=True)
        )
        body = authorised.body
        device = _wanted_device(body)
        if authorised.result is not None:
            return authorised.result if device is None else await self._parts.sessions.open(authorised.result, device)
        password = optional_text(body, "password")
        if password is None:
            raise missing_param("Missing field password.")
        registration, record = self._parts.registration, self._recorder(authorised)
        password_hash = await self._parts.passwords.hash(password)
        guest_id = await self._find_guest(body)
        if guest_id is not None:
            return await registration.upgrade_guest(guest_id, password_hash, device, record)
        new = NewUser(localpart=optional_text(body, "username"), password_hash=password_hash)
        return await registration.register_and_log_in(new, device, record)

    async def register_guest(self, body: Body) -> Session | str:
        """Add a guest; of the body only the device's name counts."""
        if not self._settings.config.allow_guests:
            raise forbidden("This server has no guests.")
        device = device_request({"initial_device_display_name": body.get("initial_device_display_name")})
        return await self._parts.registration.register_and_log_in(NewUser(is_guest=True), device)

    def _recorder(self, authorised: Authorised) -> RecordResult:
        record_in_session = self._ui_auth.result_recorder(authorised.session_id)

        def record(tx: Transaction, user_id: str) -> None:
            record_in_session(tx, user_id)
            for hook in self._parts.hooks.on_signed_up:
                hook(tx, user_id, authorised.results)

        return record

    async def _check_early(self, body: Body) -> None:
        """What the client is to hear of before it begins to authenticate."""
        _wanted_device(body)
        username, password = optional_text(body, "username"), optional_text(body, "password")
        if password is not None:
            self._parts.passwords.check_strength(password)
        if await self._has_registered(body.get("auth")):
            return
        if await self._find_guest(body) is None and username is not None:
            await self.check_available(username)

    async def _find_guest(self, body: Body) -> str | None:
        """The guest who registers as a user, keeping their name; 403 `M_FORBIDDEN` for somebody else's name."""
        token = optional_text(body, "guest_access_token")
        if token is None:
            return None
        requester = await self._parts.authenticate(token)
        if not requester.is_guest:
            raise forbidden("guest_access_token: is not that of a guest.")
        if optional_text(body, "username") != localpart_of(requester.user_id):
            raise forbidden("username: must be the guest's name.")
        return requester.user_id

    async def _has_registered(self, auth: Any) -> bool:
        session_id = auth.get("session") if isinstance(auth, dict) else None
        session = await self._ui_auth.sessions.find(session_id) if isinstance(session_id, str) else None
        return session is not None and session.result is not None


class AppServiceSignUp:
    """Registers users of application services, by the `as_token`.

    https://spec.matrix.org/v1.19/application-service-api/#server-admin-style-permissions
    """

    type = "m.login.application_service"

    def __init__(self, registration: Registration, app_services: AppServices) -> None:
        self._registration = registration
        self._app_services = app_services

    async def register(self, token: str | None, body: Body) -> Session | str:
        """Add a user; raises `MatrixError` 401 for a token that is no `as_token`, 400 as other registrations."""
        if token is None:
            raise missing_token()
        app_service = self._app_services.find_by_token(token)
        if app_service is None:
            raise unknown_token()
        username = optional_text(body, "username")
        if username is None:
            raise missing_param("Missing field username.")
        new = NewUser(localpart=username, app_service=app_service)
        return await self._registration.register_and_log_in(new, _wanted_device(body))


def _wanted_device(body: Body) -> DeviceRequest | None:
    """The device to log in; None where the client wants no login."""
    device = device_request(body)
    return None if optional_boolean(body, "inhibit_login") else device
