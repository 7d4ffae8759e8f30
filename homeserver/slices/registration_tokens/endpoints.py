"""Whether a registration token is valid, and the admin API for tokens."""

from __future__ import annotations

from typing import Any

from homeserver.accounts.service import Accounts
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import forbidden, invalid_param
from homeserver.protocol.requester import Requester
from homeserver.slices.registration_tokens.records import GREATEST_LENGTH, RegistrationToken, is_token
from homeserver.slices.registration_tokens.service import RegistrationTokens

_ADMIN = "/_synapse/admin/v1/registration_tokens"
_USUAL_LENGTH = 16


class ValidityEndpoints:
    """What people who want to register ask. `is_open`: whether anybody may register at all."""

    def __init__(self, tokens: RegistrationTokens, *, is_open: bool) -> None:
        self._tokens = tokens
        self._is_open = is_open

    @route(
        "GET",
        "/_matrix/client/v1/register/m.login.registration_token/validity",
        access=Access.NONE,
        limit="rc_registration_token_validity",
    )
    async def validity(self, request: Request) -> Json:
        """Whether a token is valid.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1registermloginregistration_tokenvalidity
        """
        if not self._is_open:
            raise forbidden("Registration is disabled.")
        return {"valid": await self._tokens.is_valid(request.query.required("token"))}


class RegistrationTokenAdminEndpoints:
    """For administrators: list, make, show, change and delete tokens. The paths and bodies are Synapse's."""

    def __init__(self, tokens: RegistrationTokens, accounts: Accounts) -> None:
        self._tokens = tokens
        self._accounts = accounts

    @route("GET", _ADMIN)
    async def get_tokens(self, request: Request, requester: Requester) -> Json:
        """All tokens; with `valid=true` or `valid=false` those alone."""
        self._accounts.check_admin(requester)
        is_valid = request.query.boolean("valid") if "valid" in request.query else None
        return {"registration_tokens": [token.body() for token in await self._tokens.get_tokens(is_valid)]}

    @route("POST", f"{_ADMIN}/new")
    async def create(self, request: Request, requester: Requester) -> Json:
        """Make a token: `token` (or `length` of a random one), `uses_allowed`, `expiry_time` in ms, all optional.
        400 `M_INVALID_PARAM`."""
        self._accounts.check_admin(requester)
        body = request.json_object(optional=True)
        uses_allowed, expires_ts = _count(body, "uses_allowed"), _count(body, "expiry_time")
        text = body.get("token")
        if text is None:
            length = _count(body, "length")
            if length is not None and not 1 <= length <= GREATEST_LENGTH:
                raise invalid_param(f"length: must be 1 to {GREATEST_LENGTH}.")
            created = await self._tokens.create_random(length or _USUAL_LENGTH, uses_allowed, expires_ts)
        else:
            if not isinstance(text, str) or not is_token(text):
                raise invalid_param("token: must have 1 to 64 of the characters A-Z, a-z, 0-9, and . _ ~ -")
            created = await self._tokens.create(RegistrationToken(text, uses_allowed, expires_ts=expires_ts))
        return created.body()

    @route("GET", f"{_ADMIN}/{{token}}")
    async def get_token(self, request: Request, requester: Requester) -> Json:
        """One token; 404 `M_NOT_FOUND`."""
        self._accounts.check_admin(requester)
        return (await self._tokens.get_token(request.parameters["token"])).body()

    @route("PUT", f"{_ADMIN}/{{token}}")
    async def update(self, request: Request, requester: Requester) -> Json:
        """Change `uses_allowed` or `expiry_time`; what is left out stays, and null takes the limit away. 404."""
        self._accounts.check_admin(requester)
        body = request.json_object()
        changes: dict[str, int | None] = {}
        for field, column in (("uses_allowed", "uses_allowed"), ("expiry_time", "expires_ts")):
            if field in body:
                changes[column] = _count(body, field)
        return (await self._tokens.update(request.parameters["token"], changes)).body()

    @route("DELETE", f"{_ADMIN}/{{token}}")
    async def delete(self, request: Request, requester: Requester) -> Json:
        """Delete a token; 404 `M_NOT_FOUND`."""
        self._accounts.check_admin(requester)
        await self._tokens.delete(request.parameters["token"])
        return {}


def _count(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise invalid_param(f"{name}: must be a whole number that is not negative, or null.")
    return value
