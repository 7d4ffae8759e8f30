"""Whether a name and a password belong together.

https://spec.matrix.org/v1.19/client-server-api/#identifier-types
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from homeserver.accounts import queries_users as queries
from homeserver.accounts.passwords import Passwords
from homeserver.accounts.records import Limits
from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, bad_json, forbidden, limit_exceeded, missing_param
from homeserver.protocol.ids import server_name_of
from homeserver.protocol.requester import Requester

FindByThreepid = Callable[[str, str], Awaitable[str | None]]
"""(medium, address) to the user id of the account it belongs to."""


async def no_threepids(medium: str, address: str) -> str | None:
    """Where third-party identifiers are not known."""
    return None


class Credentials:
    """Checks passwords, and how often somebody tries. `find_by_threepid` may be replaced by who knows them."""

    def __init__(self, database: Database, passwords: Passwords, limits: Limits, server_name: str) -> None:
        self._database = database
        self._passwords = passwords
        self._limits = limits
        self._server_name = server_name
        self.find_by_threepid: FindByThreepid = no_threepids

    async def check_login(self, body: dict[str, Any], password: str, requester: Requester | None = None) -> str:
        """The user id. `body` has `identifier`, or the older `user`, or `medium` and `address`; without any of these
        it is the requester.

        Raises `MatrixError` 403 `M_FORBIDDEN`, 429 `M_LIMIT_EXCEEDED` after too many failures, 400.
        """
        named = await self._named(body, requester)
        found = await self._database.glance(self._find, named)
        user_id, password_hash = found or (named, None)
        wait_ms = self._limits.wait_ms("rc_login.failed_attempts", user_id)
        if wait_ms:
            raise limit_exceeded(wait_ms)
        if not await self._passwords.is_password(password, password_hash):
            self._limits.take("rc_login.failed_attempts", user_id)
            raise forbidden("The user name or the password is wrong.")
        return user_id

    async def identify(self, body: dict[str, Any]) -> str:
        """The user id that a login names, whether there is such a user or not; raises `MatrixError` 400, 403."""
        return await self._named(body, None)

    async def _named(self, body: dict[str, Any], requester: Requester | None) -> str:
        identifier = body.get("identifier")
        if identifier is None:
            identifier = _older_identifier(body)
        if identifier is None and requester is not None:
            return requester.user_id
        if identifier is None:
            raise missing_param("Missing field identifier.")
        if not isinstance(identifier, dict):
            raise bad_json("identifier: must be an object.")
        kind = identifier.get("type")
        if kind == "m.id.user":
            return self._full_user_id(_text(identifier, "user"))
        if kind == "m.id.thirdparty" or (kind is None and "address" in identifier):
            return await self._by_threepid(_text(identifier, "medium"), _text(identifier, "address"))
        if kind == "m.id.phone":
            number = identifier.get("phone", identifier.get("number"))
            if not isinstance(number, str):
                raise missing_param("Missing field identifier.phone.")
            return await self._by_threepid("msisdn", "".join(char for char in number if char.isdigit()))
        raise MatrixError(400, "M_UNKNOWN", "identifier: this type is not known.")

    async def _by_threepid(self, medium: str, address: str) -> str:
        if medium == "email":
            address = address.casefold()
        # For an address of nobody's a name that no user has: the password is then checked as long as any other, and
        # how long the answer takes does not tell whether the address is somebody's.
        return await self.find_by_threepid(medium, address) or f"{medium} {address}".replace("\0", "")

    def _full_user_id(self, user: str) -> str:
        user_id = user if user.startswith("@") else f"@{user}:{self._server_name}"
        if "\0" in user_id or ":" not in user_id or server_name_of(user_id) != self._server_name:
            raise forbidden("The user name or the password is wrong.")
        return user_id

    def _find(self, tx: Transaction, user_id: str) -> tuple[str, str | None] | None:
        """As it is spelt, or else in lower case, as all new user ids are."""
        return queries.find_password_hash(tx, user_id) or queries.find_password_hash(tx, user_id.lower())


def _older_identifier(body: dict[str, Any]) -> dict[str, Any] | None:
    if "user" in body:
        return {"type": "m.id.user", "user": body["user"]}
    if "address" in body:
        return {"type": "m.id.thirdparty", "medium": body.get("medium", "email"), "address": body["address"]}
    return None


def _text(identifier: dict[str, Any], name: str) -> str:
    value = identifier.get(name)
    if value is None:
        raise missing_param(f"Missing field identifier.{name}.")
    if not isinstance(value, str):
        raise bad_json(f"identifier.{name}: must be a string.")
    return value
