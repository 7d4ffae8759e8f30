"""What any server may ask without a signature: keys, the software's version, and where this server is."""

from __future__ import annotations

from typing import Any

from homeserver.federation.key_server import Criteria, KeyServer
from homeserver.federation.settings import FederationSettings
from homeserver.federation.timed_cache import Clock, now_ms
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import bad_json, missing_param, not_found

KEYS = "/_matrix/key/v2"
_MAX_QUERY_BYTES = 256 * 1024


class KeyEndpoints:
    """`/_matrix/key/v2`, `/_matrix/federation/v1/version` and `/.well-known/matrix/server`."""

    def __init__(self, key_server: KeyServer, settings: FederationSettings, clock: Clock = now_ms) -> None:
        self._key_server = key_server
        self._settings = settings
        self._clock = clock

    @route("GET", [f"{KEYS}/server", f"{KEYS}/server/", f"{KEYS}/server/{{keyId}}"], access=Access.NONE)
    async def own_keys(self, request: Request) -> Json:
        """This server's keys. The form with a key id is of earlier versions of the specification.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixkeyv2server
        """
        return self._key_server.own_keys()

    @route("GET", [f"{KEYS}/query/{{serverName}}", f"{KEYS}/query/{{serverName}}/{{keyId}}"], access=Access.NONE)
    async def query_one(self, request: Request) -> Json:
        """Another server's keys.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixkeyv2queryservername
        """
        at_ms = request.query.find_integer("minimum_valid_until_ts", 0)
        key_id = request.parameters.get("keyId")
        until_ms = self._clock() if at_ms is None else at_ms
        criteria = Criteria({} if key_id is None else {key_id: until_ms}, until_ms)
        return {"server_keys": await self._key_server.query({request.parameters["serverName"]: criteria})}

    @route("POST", f"{KEYS}/query", access=Access.NONE, max_body_bytes=_MAX_QUERY_BYTES)
    async def query_many(self, request: Request) -> Json:
        """Several servers' keys.

        https://spec.matrix.org/v1.19/server-server-api/#post_matrixkeyv2query
        """
        return {"server_keys": await self._key_server.query(self._wanted(request.json_object()))}

    @route("GET", "/_matrix/federation/v1/version", access=Access.NONE)
    async def version(self, request: Request) -> Json:
        """Name and version of the software.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1version
        """
        return {"server": {"name": self._settings.software, "version": self._settings.version}}

    @route("GET", "/.well-known/matrix/server", access=Access.NONE)
    async def well_known(self, request: Request) -> Json:
        """The server this host name delegates to; 404 where the configuration names none.

        https://spec.matrix.org/v1.19/server-server-api/#getwell-knownmatrixserver
        """
        if self._settings.well_known_server is None:
            raise not_found("This host delegates to no other.")
        return {"m.server": self._settings.well_known_server}

    def _wanted(self, body: dict[str, Any]) -> dict[str, Criteria]:
        servers = body.get("server_keys")
        if servers is None:
            raise missing_param("Missing field server_keys.")
        if not isinstance(servers, dict):
            raise bad_json("server_keys: must be an object.")
        return {server_name: self._criteria(keys) for server_name, keys in servers.items()}

    def _criteria(self, keys: Any) -> Criteria:
        if not isinstance(keys, dict):
            raise bad_json("server_keys: must hold an object for each server.")
        now = self._clock()
        wanted = {}
        for key_id, each in keys.items():
            at_ms = each.get("minimum_valid_until_ts", now) if isinstance(each, dict) else None
            if type(at_ms) is not int:
                raise bad_json("minimum_valid_until_ts: must be an integer.")
            wanted[key_id] = at_ms
        return Criteria(wanted, now)
