"""Telling identity servers which address is whose, and that it is so no more.

https://spec.matrix.org/v1.19/identity-service-api/#establishing-associations
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from homeserver.database import Database
from homeserver.protocol.canonical_json import encode
from homeserver.protocol.errors import MatrixError
from homeserver.slices.threepids import queries
from homeserver.slices.threepids.identity_calls import IdentityCalls, bad_answer, check_id_server

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

    def __init__(self, database: Database, calls: IdentityCalls, authorize: Authorize) -> None:
        self._database = database
        self._calls = calls
        self._authorize = authorize

    async def bind(self, user_id: str, credentials: Credentials) -> None:
        """Let an identity server tell others whose the address of a session is. Raises `MatrixError`: what the
        identity server answers, 400 `M_INVALID_PARAM` for a name that is none, 502 where it cannot be reached."""
        body = {"sid": credentials.sid, "client_secret": credentials.client_secret, "mxid": user_id}
        told = await self._calls.ask(credentials.id_server, _BIND, credentials.access_token, body)
        medium, address = told.get("medium"), told.get("address")
        if not isinstance(medium, str) or not isinstance(address, str) or "\0" in medium + address:
            raise bad_answer("what it has bound")
        await self._database.transact(queries.insert_binding, user_id, medium, address, credentials.id_server)

    async def unbind(self, user_id: str, medium: str, address: str, id_server: str | None = None) -> bool:
        """Have an identifier forgotten by this identity server, or all that are known to have it. Whether all did;
        False where none is known. Raises `MatrixError` 400 `M_INVALID_PARAM` for a name that is none."""
        if id_server is not None:
            check_id_server(id_server)
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
        try:
            answer = await self._calls.post(id_server, _UNBIND, [("Authorization", signed)], content)
        except MatrixError:
            return False
        if answer.status != 200:
            return False
        await self._database.transact(queries.delete_binding, user_id, medium, address, id_server)
        return True
