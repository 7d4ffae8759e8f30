"""The stage `m.login.email.identity`.

https://spec.matrix.org/v1.19/client-server-api/#email-based-identity--homeserver
"""

from __future__ import annotations

from typing import Any

from homeserver.accounts.stages import Attempt, StageFailed
from homeserver.database import Database
from homeserver.protocol.errors import MatrixError
from homeserver.slices.threepids.records import EMAIL, Purpose
from homeserver.slices.threepids.service import Threepids, validated_ts
from homeserver.slices.threepids.sessions import ValidationSessions

_V3 = "/_matrix/client/v3"
#: For which request an address may have been validated.
_PURPOSES = {
    f"POST {_V3}/register": Purpose.REGISTER,
    f"POST {_V3}/account/password": Purpose.RESET_PASSWORD,
}


class EmailStage:
    """An e-mail address, validated. The result for a registration is the address, for others whose it is."""

    type = "m.login.email.identity"

    def __init__(self, database: Database, threepids: Threepids, sessions: ValidationSessions) -> None:
        self._database = database
        self._threepids = threepids
        self._sessions = sessions

    def params(self, session_id: str) -> dict[str, Any] | None:
        """Nothing."""
        return None

    async def check(self, attempt: Attempt) -> Any:
        """The address; the validation is then used up."""
        credentials = attempt.auth.get("threepid_creds", attempt.auth.get("threepidCreds"))
        if not isinstance(credentials, dict):
            raise StageFailed("M_MISSING_PARAM", "threepid_creds: must be an object.")
        sid, client_secret = credentials.get("sid"), credentials.get("client_secret")
        if not isinstance(sid, str) or not isinstance(client_secret, str):
            raise StageFailed("M_MISSING_PARAM", "threepid_creds: must have sid and client_secret.")
        purpose = _PURPOSES.get(attempt.operation)
        if purpose is None:
            raise StageFailed("M_UNRECOGNIZED", "An e-mail address does not authenticate this request.")
        try:
            return await self._result(sid, client_secret, purpose)
        except MatrixError as error:
            raise StageFailed(error.errcode, error.message) from None

    async def _result(self, sid: str, client_secret: str, purpose: Purpose) -> dict[str, Any]:
        session = await self._sessions.get_validated(sid, client_secret, purpose)
        user_id = await self._threepids.find_user(EMAIL, session.address)
        if purpose is Purpose.REGISTER:
            if user_id is not None:
                raise StageFailed("M_THREEPID_IN_USE", "The e-mail address belongs to an account.")
            result: dict[str, Any] = {"address": session.address, "validated_ts": validated_ts(session)}
        else:
            if user_id is None:
                raise StageFailed("M_THREEPID_NOT_FOUND", "The e-mail address belongs to no account any more.")
            result = {"user_id": user_id}
        await self._database.transact(self._sessions.take, sid, client_secret, purpose)
        return result
