"""Which user ids may be registered.

https://spec.matrix.org/v1.19/appendices/#user-identifiers
"""

from __future__ import annotations

import secrets
import string

from homeserver.accounts import queries_users as queries
from homeserver.accounts.records import AppServices
from homeserver.database import Database
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.ids import GREATEST_ID_BYTES, is_valid_localpart

_RANDOM_LENGTH = 14


def user_in_use() -> MatrixError:
    """400 `M_USER_IN_USE`."""
    return MatrixError(400, "M_USER_IN_USE", "This user name is taken.")


class Usernames:
    """Makes user ids of user names, and says whether they are free."""

    def __init__(self, database: Database, server_name: str, app_services: AppServices) -> None:
        self._database = database
        self._server_name = server_name
        self._app_services = app_services

    def new_user_id(self, username: str | None, app_service: str | None = None) -> str:
        """The user id for a user name, which is made lower case; for None one that nobody guesses.

        Raises `MatrixError` 400 `M_INVALID_USERNAME`, `M_EXCLUSIVE`.
        """
        localpart = _random_localpart() if username is None else username.lower()
        user_id = f"@{localpart}:{self._server_name}"
        if not is_valid_localpart(localpart):
            raise _invalid("A user name has only the characters a-z, 0-9, and . _ = - / +")
        if len(user_id) > GREATEST_ID_BYTES:
            raise _invalid(f"A user ID has at most {GREATEST_ID_BYTES} bytes.")
        if self._app_services.is_reserved(user_id, app_service):
            raise MatrixError(400, "M_EXCLUSIVE", "This user name is reserved by an application service.")
        if app_service is not None and not self._app_services.may_use(app_service, user_id):
            raise MatrixError(400, "M_EXCLUSIVE", "This user name is not in the application service's namespace.")
        return user_id

    async def check_available(self, username: str) -> None:
        """Raise `MatrixError` 400 `M_USER_IN_USE` as well, where somebody has it."""
        user_id = self.new_user_id(username)
        if await self._database.glance(queries.find_user, user_id) is not None:
            raise user_in_use()


def _random_localpart() -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(_RANDOM_LENGTH))


def _invalid(message: str) -> MatrixError:
    return MatrixError(400, "M_INVALID_USERNAME", message)
