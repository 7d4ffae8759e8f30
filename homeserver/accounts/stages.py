"""The stages of user-interactive authentication that are always there.

https://spec.matrix.org/v1.19/client-server-api/#authentication-types
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from homeserver.accounts.credentials import Credentials
from homeserver.protocol.errors import MatrixError, forbidden
from homeserver.protocol.requester import Requester

DUMMY = "m.login.dummy"
PASSWORD = "m.login.password"  # noqa: S105


class StageFailed(Exception):
    """An attempt did not succeed, and the client may try again: 401 with the flows and this error."""

    def __init__(self, errcode: str, message: str) -> None:
        super().__init__(f"{errcode}: {message}")
        self.errcode = errcode
        self.message = message


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a stage. `auth`: what the client gave. `requester`: None where there is no access token.
    `operation`: method and path of what is to be authorised."""

    auth: dict[str, Any]
    session_id: str
    client_ip: str
    requester: Requester | None = None
    operation: str = ""


class Stage(Protocol):
    """One way to show something. Others than those here are registered with `UiAuth.add_stage`."""

    type: str

    def params(self, session_id: str) -> dict[str, Any] | None:
        """What the client has to know, for the 401 body."""

    async def check(self, attempt: Attempt) -> Any:
        """The result, JSON that the operation may read (`{"user_id": ...}` where the stage shows who somebody is).

        Raises `StageFailed`, or `MatrixError` where trying again makes no sense.
        """


class DummyStage:
    """Always succeeds."""

    type = DUMMY

    def params(self, session_id: str) -> dict[str, Any] | None:
        """Nothing."""
        return None

    async def check(self, attempt: Attempt) -> Any:
        """True."""
        return True


class PasswordStage:
    """The user gives their password."""

    type = PASSWORD

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def params(self, session_id: str) -> dict[str, Any] | None:
        """Nothing."""
        return None

    async def check(self, attempt: Attempt) -> Any:
        """Whose password it is. 403 where it is not the requester's: their token may be stolen."""
        auth = attempt.auth
        password = auth.get("password")
        if not isinstance(password, str):
            raise StageFailed("M_MISSING_PARAM", "password: must be given.")
        try:
            user_id = await self._credentials.check_login(auth, password, attempt.requester)
        except MatrixError as error:
            if error.status == 403:
                raise StageFailed(error.errcode, error.message) from None
            raise
        if attempt.requester is not None and user_id != attempt.requester.user_id:
            raise forbidden("These are the credentials of another user.")
        return {"user_id": user_id}
