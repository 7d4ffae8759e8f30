"""The stage `m.login.recaptcha`.

https://spec.matrix.org/v1.19/client-server-api/#google-recaptcha
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode

import msgspec

from homeserver.accounts.stages import Attempt, StageFailed
from homeserver.config.accounts import CaptchaConfig
from homeserver.http.egress import Egress
from homeserver.http.egress_errors import EgressError
from homeserver.http.egress_settings import EgressOptions
from homeserver.protocol.errors import MatrixError

logger = logging.getLogger(__name__)

_OPTIONS = EgressOptions(total_ms=15_000, max_body_bytes=64 * 1024)
_MOST_RESPONSE = 16 * 1024


class CaptchaStage:
    """Has the captcha's server say whether it was solved."""

    type = "m.login.recaptcha"

    def __init__(self, config: CaptchaConfig, egress: Egress) -> None:
        self._config = config
        self._egress = egress

    def params(self, session_id: str) -> dict[str, Any] | None:
        """The public key, with which clients show the captcha."""
        return {"public_key": self._config.public_key}

    async def check(self, attempt: Attempt) -> Any:
        """True. Raises `StageFailed` `M_CAPTCHA_NEEDED`, `M_CAPTCHA_INVALID`; `MatrixError` 502 where the captcha's
        server does not answer."""
        response = attempt.auth.get("response")
        if not isinstance(response, str) or not 0 < len(response) <= _MOST_RESPONSE:
            raise StageFailed("M_CAPTCHA_NEEDED", "response: must be what the captcha gave.")
        if not await self._is_solved(response, attempt.client_ip):
            raise StageFailed("M_CAPTCHA_INVALID", "The captcha was not solved. Try again.")
        return True

    async def _is_solved(self, response: str, client_ip: str) -> bool:
        fields = {"secret": self._config.private_key or "", "response": response, "remoteip": client_ip}
        headers = [("Content-Type", "application/x-www-form-urlencoded")]
        body = urlencode(fields, errors="replace").encode()
        try:
            answer = await self._egress.request("POST", self._config.siteverify_api, headers, body, _OPTIONS)
            told = msgspec.json.decode(answer.body)
        except (EgressError, msgspec.DecodeError) as error:
            logger.warning("the captcha's server has failed: %s", type(error).__name__)
            raise MatrixError(502, "M_UNKNOWN", "The captcha could not be checked. Try again later.") from error
        return isinstance(told, dict) and told.get("success") is True
