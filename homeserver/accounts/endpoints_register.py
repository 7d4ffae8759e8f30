"""`/register`: users, guests, users of application services, and registration by shared secret."""

from __future__ import annotations

from typing import Any

from homeserver.accounts.bodies import optional_boolean, optional_text
from homeserver.accounts.passwords import Passwords
from homeserver.accounts.records import DeviceRequest, Limits, NewUser, Session
from homeserver.accounts.registration import Registration
from homeserver.accounts.shared_secret import USER_TYPES, SecretRequest, SharedSecret
from homeserver.accounts.sign_up import AppServiceSignUp, SignUp
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import bad_json, invalid_param, limit_exceeded, missing_param

_V3 = "/_matrix/client/v3"
_LIMIT = "rc_registration"


class RegisterEndpoints:
    """`/register` and `/register/available`."""

    def __init__(self, sign_up: SignUp, app_services: AppServiceSignUp, limits: Limits) -> None:
        self._sign_up = sign_up
        self._app_services = app_services
        self._limits = limits

    @route("POST", f"{_V3}/register", access=Access.NONE)
    async def register(self, request: Request) -> Json:
        """Register a user or a guest.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3register
        """
        kind = request.query.choice("kind", ("user", "guest"), "user")
        body = request.json_object(optional=kind == "guest")
        if kind == "user" and body.get("type") == AppServiceSignUp.type:
            return _answer(await self._app_services.register(request.find_token(), body))
        # Only registrations that succeed are counted: one takes several requests.
        wait_ms = self._limits.wait_ms(_LIMIT, request.client_ip)
        if wait_ms:
            raise limit_exceeded(wait_ms)
        if kind == "guest":
            registered = await self._sign_up.register_guest(body)
        else:
            registered = await self._sign_up.register_user(request, body)
        self._limits.take(_LIMIT, request.client_ip)
        return _answer(registered)

    @route("GET", f"{_V3}/register/available", access=Access.NONE, limit=_LIMIT)
    async def available(self, request: Request) -> Json:
        """Whether a user name is free.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3registeravailable
        """
        await self._sign_up.check_available(request.query.required("username"))
        return {"available": True}


class SharedSecretEndpoints:
    """`/_synapse/admin/v1/register`, which `register_new_matrix_user` uses."""

    def __init__(self, shared_secret: SharedSecret, registration: Registration, passwords: Passwords) -> None:
        self._shared_secret = shared_secret
        self._registration = registration
        self._passwords = passwords

    @route("GET", "/_synapse/admin/v1/register", access=Access.NONE)
    async def nonce(self, request: Request) -> Json:
        """A nonce, good for one registration within a minute."""
        return {"nonce": await self._shared_secret.new_nonce()}

    @route("POST", "/_synapse/admin/v1/register", access=Access.NONE)
    async def register(self, request: Request) -> Json:
        """Register a user, whether registration is open or not. 403 `M_FORBIDDEN` for a wrong MAC."""
        body = request.json_object()
        wanted = _secret_request(body)
        displayname = optional_text(body, "displayname")
        await self._shared_secret.check(wanted)
        new = NewUser(
            localpart=wanted.username,
            password_hash=await self._passwords.hash(wanted.password),
            displayname=displayname,
            is_admin=wanted.is_admin,
            user_type=wanted.user_type,
        )
        device = None if optional_boolean(body, "inhibit_login") else DeviceRequest()
        return _answer(await self._registration.register_and_log_in(new, device))


def _answer(registered: Session | str) -> Json:
    if isinstance(registered, Session):
        return registered.body()
    return {"user_id": registered, "home_server": registered.partition(":")[2]}


def _secret_request(body: dict[str, Any]) -> SecretRequest:
    texts = {name: _required_text(body, name) for name in ("nonce", "username", "password", "mac")}
    user_type = optional_text(body, "user_type")
    if user_type is not None and user_type not in USER_TYPES:
        raise invalid_param(f"user_type: must be one of {', '.join(USER_TYPES)}.")
    return SecretRequest(**texts, is_admin=optional_boolean(body, "admin"), user_type=user_type)


def _required_text(body: dict[str, Any], name: str) -> str:
    value = optional_text(body, name)
    if value is None:
        raise missing_param(f"Missing field {name}.")
    if "\0" in value:
        raise bad_json(f"{name}: has a null character.")
    return value
