"""Requests to identity servers, and what is told of their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from homeserver.http.egress import Egress, EgressResponse
from homeserver.http.egress_errors import EgressError
from homeserver.http.egress_settings import EgressOptions
from homeserver.protocol.errors import MatrixError, invalid_param
from homeserver.protocol.ids import is_valid_server_name

_MOST_BYTES = 64 * 1024
_JSON = ("Content-Type", "application/json")


class IdentityCalls:
    """Sends requests. `total_ms`: how long an answer may take."""

    def __init__(self, egress: Egress, total_ms: int = 20_000) -> None:
        self._egress = egress
        self._options = EgressOptions(total_ms=total_ms, max_body_bytes=_MOST_BYTES, https_only=True)

    async def ask(
        self, id_server: str, path: str, access_token: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer to a user's request: POST of a body, GET without. Raises `MatrixError`: what the identity server
        answers, 400 `M_INVALID_PARAM` for a name or token that is none, 502 where it cannot be reached."""
        check_id_server(id_server)
        if not (access_token.isascii() and access_token.isprintable()):
            raise invalid_param("id_access_token: is no access token.")
        headers = [("Authorization", f"Bearer {access_token}")]
        if body is None:
            answer = await self._request("GET", f"https://{id_server}{path}", headers, b"")
        else:
            answer = await self.post(id_server, path, headers, msgspec.json.encode(body))
        told = _json(answer)
        if answer.status != 200:
            raise _passed_on(answer.status, told)
        return told

    async def post(
        self, id_server: str, path: str, headers: Sequence[tuple[str, str]], content: bytes
    ) -> EgressResponse:
        """Any answer; 502 where there is none."""
        return await self._request("POST", f"https://{id_server}{path}", [*headers, _JSON], content)

    async def is_key_valid(self, validity_url: str, public_key: str) -> bool:
        """Whether what answers there says so; False where nothing does.

        https://spec.matrix.org/v1.19/identity-service-api/#get_matrixidentityv2pubkeyisvalid
        """
        separator = "&" if "?" in validity_url else "?"
        url = f"{validity_url.partition('#')[0]}{separator}public_key={quote(public_key, safe='')}"
        try:
            answer = await self._request("GET", url, [], b"")
        except MatrixError:
            return False
        return answer.status == 200 and _json(answer).get("valid") is True

    async def _request(
        self, method: str, url: str, headers: Sequence[tuple[str, str]], content: bytes
    ) -> EgressResponse:
        try:
            return await self._egress.request(method, url, headers, content, self._options)
        except EgressError as error:
            raise MatrixError(502, "M_UNKNOWN", "The identity server could not be reached.") from error


def check_id_server(id_server: str) -> None:
    """400 `M_INVALID_PARAM` for what is no server's name."""
    if not is_valid_server_name(id_server):
        raise invalid_param("id_server: must be a host name, perhaps with a port.")


def bad_answer(what: str) -> MatrixError:
    """502 for an identity server that does not say what it should."""
    return MatrixError(502, "M_UNKNOWN", f"The identity server does not say {what}.")


def _json(answer: EgressResponse) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _passed_on(status: int, told: dict[str, Any]) -> MatrixError:
    """What the identity server answers, to the client; as 502 what would say something of this server."""
    errcode, message = told.get("errcode"), told.get("error")
    if status >= 500 or status < 400 or not isinstance(errcode, str):
        return MatrixError(502, "M_UNKNOWN", "The identity server has failed.")
    text = message if isinstance(message, str) else "The identity server has refused."
    # 401 would make the client think that its own access token is not good any more.
    return MatrixError(403 if status == 401 else status, errcode, text)
