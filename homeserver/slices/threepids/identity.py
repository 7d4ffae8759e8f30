"""Telling identity servers which address is whose, and that it is so no more.

https://spec.matrix.org/v1.19/identity-service-api/#establishing-associations
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from homeserver.database import Database
from homeserver.http.egress import Egress, EgressResponse
from homeserver.http.egress_errors import EgressError
from homeserver.http.egress_settings import EgressOptions
from homeserver.protocol.canonical_json import encode
from homeserver.protocol.errors import MatrixError, invalid_param
from homeserver.protocol.ids import is_valid_server_name
from homeserver.slices.threepids import queries

_OPTIONS = EgressOptions(total_ms=20_000, max_body_bytes=64 * 1024, https_only=True)
_BIND = "/_matrix/identity/v2/3pid/bind"
_UNBIND = "/_matrix/identity/v2/3pid/unbind"

Authorize = Callable[[str, str, str, bytes], str]
"""(destination, method, uri, canonical JSON): the `Authorization` value of a request of this server."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A session at an identity server, and the right to use it."""

    id_server: str
    access_token: str = field(repr=False)
    sid: str
    client_secret: str = field(repr=False)


class IdentityServers:
    """Binds and unbinds."""

    def __init__(self, database: Database, egress: Egress, authorize: Authorize) -> None:
        self._database = database
        self._egress = egress
        self._authorize = authorize

    async def bind(self, user_id: str, credentials: Credentials) -> None:
        """Let an identity server tell others whose the address of a session is. Raises `MatrixError`: what the
        identity server answers, 400 `M_INVALID_PARAM` for a name that is none, 502 where it cannot be reached."""
        _check_id_server(credentials.id_server)
        if not (credentials.access_token.isascii() and credentials.access_token.isprintable()):
            raise invalid_param("id_access_token: is no access token.")
        body = {"sid": credentials.sid, "client_secret": credentials.client_secret, "mxid": user_id}
        headers = [("Authorization", f"Bearer {credentials.access_token}"), ("Content-Type", "application/json")]
        answer = await self._post(credentials.id_server, _BIND, headers, msgspec.json.encode(body))
        told = _json(answer)
        if answer.status != 200:
            raise _passed_on(answer.status, told)
        medium, address = told.get("medium"), told.get("address")
        if not isinstance(medium, str) or not isinstance(address, str) or "\0" in medium + address:
            raise MatrixError(502, "M_UNKNOWN", "The identity server does not say what it has bound.")
        await self._database.transact(queries.insert_binding, user_id, medium, address, credentials.id_server)

    async def unbind(self, user_id: str, medium: str, address: str, id_server: str | None = None) -> bool:
        """Have an identifier forgotten by this identity server, or all that are known to have it. Whether all did;
        False where none is known. Raises `MatrixError` 400 `M_INVALID_PARAM` for a name that is none."""
        if id_server is not None:
            _check_id_server(id_server)
            servers = [id_server]
        else:
            bindings = await self._database.glance(queries.bindings_of, user_id)
            servers = [server for *threepid, server in bindings if threepid == [medium, address]]
        answers = [await self._unbind(user_id, medium, address, server) for server in servers]
        return bool(answers) and all(answers)

    async def unbind_all(self, user_id: str, id_server: str | None = None) -> bool:
        """The same for all that a user has bound; True where that is nothing."""
        bindings = await self._database.glance(queries.bindings_of, user_id)
        answers = [
            await self._unbind(user_id, medium, address, id_server or known) for medium, address, known in bindings
        ]
        return all(answers)

    async def _unbind(self, user_id: str, medium: str, address: str, id_server: str) -> bool:
        body = {"mxid": user_id, "threepid": {"medium": medium, "address": address}}
        content = encode(body)
        signed = self._authorize(id_server, "POST", _UNBIND, content)
        headers = [("Authorization", signed), ("Content-Type", "application/json")]
        try:
            answer = await self._post(id_server, _UNBIND, headers, content)
        except MatrixError:
            return False
        if answer.status != 200:
            return False
        await self._database.transact(queries.delete_binding, user_id, medium, address, id_server)
        return True

    async def _post(self, id_server: str, path: str, headers: list[tuple[str, str]], content: bytes) -> EgressResponse:
        try:
            return await self._egress.request("POST", f"https://{id_server}{path}", headers, content, _OPTIONS)
        except EgressError as error:
            raise MatrixError(502, "M_UNKNOWN", "The identity server could not be reached.") from error


def _check_id_server(id_server: str) -> None:
    if not is_valid_server_name(id_server):
        raise invalid_param("id_server: must be a host name, perhaps with a port.")


def _json(answer: EgressResponse) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
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
