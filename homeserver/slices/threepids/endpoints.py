"""`/account/3pid`: what a user has added to their account, and bound at identity servers."""

from __future__ import annotations

from typing import Any

from homeserver.accounts.ui_auth import UiAuth
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.errors import MatrixError, bad_json, forbidden, invalid_param, missing_param
from homeserver.protocol.requester import Requester
from homeserver.slices.threepids.identity import Credentials, IdentityServers
from homeserver.slices.threepids.records import EMAIL, MEDIA, Purpose, check_client_secret
from homeserver.slices.threepids.service import Threepids
from homeserver.slices.threepids.sessions import ValidationSessions

_3PID = "/_matrix/client/v3/account/3pid"
_UNSTABLE = "/_matrix/client/unstable/account/3pid"
#: The older way to add an address asks nobody who they are, so it is for who has logged in this short a while ago.
_JUST_NOW_MS = 10 * 60_000


class ThreepidEndpoints:
    """Listing and deleting identifiers, and binding them. `may_change`: whether users may."""

    def __init__(self, threepids: Threepids, identity_servers: IdentityServers, *, may_change: bool) -> None:
        self._threepids = threepids
        self._identity_servers = identity_servers
        self._may_change = may_change

    @route("GET", _3PID)
    async def get_threepids(self, request: Request, requester: Requester) -> Json:
        """What the user has added.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3account3pid
        """
        return {"threepids": [one.body() for one in await self._threepids.threepids_of(requester.user_id)]}

    @route("POST", f"{_3PID}/delete", refuses_suspended=True)
    async def delete(self, request: Request, requester: Requester) -> Json:
        """Remove an identifier, and have identity servers forget it.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3piddelete
        """
        if not self._may_change:
            raise forbidden("Addresses cannot be changed on this server.")
        medium, address, id_server = _named(request.json_object())
        await self._threepids.delete(requester.user_id, medium, address)
        return await self._unbound(requester.user_id, medium, address, id_server)

    @route("POST", [f"{_3PID}/unbind", f"{_UNSTABLE}/unbind"], refuses_suspended=True)
    async def unbind(self, request: Request, requester: Requester) -> Json:
        """Have identity servers forget an identifier, which stays the user's here.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidunbind
        """
        return await self._unbound(requester.user_id, *_named(request.json_object()))

    @route("POST", [f"{_3PID}/bind", f"{_UNSTABLE}/bind"], refuses_suspended=True)
    async def bind(self, request: Request, requester: Requester) -> Json:
        """Have an identity server tell others whose an address is.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidbind
        """
        await self._identity_servers.bind(requester.user_id, _credentials(request.json_object()))
        return {}

    async def _unbound(self, user_id: str, medium: str, address: str, id_server: str | None) -> Json:
        is_unbound = await self._identity_servers.unbind(user_id, medium, address, id_server)
        return {"id_server_unbind_result": "success" if is_unbound else "no-support"}


class AddThreepidEndpoints:
    """Adding identifiers, where this server can validate them and users may."""

    def __init__(
        self, threepids: Threepids, sessions: ValidationSessions, ui_auth: UiAuth, *, may_change: bool
    ) -> None:
        self._threepids = threepids
        self._sessions = sessions
        self._ui_auth = ui_auth
        self._may_change = may_change

    @route("POST", f"{_3PID}/add", refuses_suspended=True)
    async def add(self, request: Request, requester: Requester) -> Json:
        """Add an address that was validated.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidadd
        """
        if not self._may_change:
            raise forbidden("Addresses cannot be changed on this server.")
        body = request.json_object()
        if not body.get("auth"):
            # What cannot succeed is said before the user is asked who they are.
            await self._sessions.get_validated(*_session(body), Purpose.ADD)
        body = await self._ui_auth.confirm(requester, request, body)
        await self._threepids.add(requester.user_id, self._sessions, *_session(body))
        return {}

    async def has_session(self, sid: str, client_secret: str) -> bool:
        """Whether this server has validated an address for such a session."""
        try:
            await self._sessions.get_validated(sid, client_secret, Purpose.ADD)
        except MatrixError:
            return False
        return True

    async def add_older(
        self, request: Request, requester: Requester, body: dict[str, Any], credentials: dict[str, Any]
    ) -> None:
        """Add the address of a session, for who has just logged in; others show who they are."""
        if not self._may_change:
            raise forbidden("Addresses cannot be changed on this server.")
        await self._ui_auth.confirm(requester, request, body, fresh_ms=_JUST_NOW_MS)
        await self._threepids.add(requester.user_id, self._sessions, *_session(credentials))


class OlderThreepidEndpoints:
    """`POST /account/3pid`, which is deprecated: of an address that this server has validated it is `/add`, of others
    `/bind`. `add`: None where this server validates none."""

    def __init__(self, identity_servers: IdentityServers, add: AddThreepidEndpoints | None = None) -> None:
        self._identity_servers = identity_servers
        self._add = add

    @route("POST", _3PID, refuses_suspended=True)
    async def add_or_bind(self, request: Request, requester: Requester) -> Json:
        """Add or bind the address of the session in `three_pid_creds`.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pid
        """
        body = request.json_object()
        credentials = body.get("three_pid_creds", body.get("threePidCreds"))
        if credentials is None:
            raise missing_param("Missing field three_pid_creds.")
        if not isinstance(credentials, dict):
            raise bad_json("three_pid_creds: must be an object.")
        if self._add is not None and await self._add.has_session(*_session(credentials)):
            await self._add.add_older(request, requester, body, credentials)
        else:
            await self._identity_servers.bind(requester.user_id, _credentials(credentials))
        return {}


def _credentials(body: dict[str, Any]) -> Credentials:
    return Credentials(*(_text(body, name) for name in ("id_server", "id_access_token", "sid", "client_secret")))


def _session(body: dict[str, Any]) -> tuple[str, str]:
    """(session id, client secret)."""
    sid, client_secret = _text(body, "sid"), _text(body, "client_secret")
    check_client_secret(client_secret)
    return sid, client_secret


def _named(body: dict[str, Any]) -> tuple[str, str, str | None]:
    """(medium, address, identity server)."""
    medium, address = _text(body, "medium"), _text(body, "address")
    if medium not in MEDIA:
        raise invalid_param(f"medium: must be one of {', '.join(MEDIA)}.")
    id_server = None if body.get("id_server") is None else _text(body, "id_server")
    return medium, address.lower() if medium == EMAIL else address, id_server


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        raise missing_param(f"Missing field {name}.")
    if not isinstance(value, str) or "\0" in value:
        raise bad_json(f"{name}: must be a string without null characters.")
    return value
