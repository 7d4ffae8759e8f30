"""The stage `m.login.registration_token`.

https://spec.matrix.org/v1.19/client-server-api/#token-authenticated-registration
"""

from __future__ import annotations

from typing import Any

from homeserver.accounts.stages import Attempt, StageFailed
from homeserver.slices.registration_tokens.service import RegistrationTokens


class RegistrationTokenStage:
    """Whoever registers shows a token. The result is what `RegistrationTokens.complete` takes."""

    type = "m.login.registration_token"

    def __init__(self, tokens: RegistrationTokens) -> None:
        self._tokens = tokens

    def params(self, session_id: str) -> dict[str, Any] | None:
        """Nothing."""
        return None

    async def check(self, attempt: Attempt) -> Any:
        """Count the token as used by a registration under way."""
        token = attempt.auth.get("token")
        if not isinstance(token, str):
            raise StageFailed("M_MISSING_PARAM", "token: must be given.")
        use_id = await self._tokens.reserve(token)
        if use_id is None:
            raise StageFailed("M_UNAUTHORIZED", "The registration token is not valid.")
        return {"token": token, "use_id": use_id}
