"""Which method of which endpoints object serves a request.

class Rooms:
    @route("PUT", "/_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}", limit="rc_message")
    async def send(self, request: Request, requester: Requester) -> Json: ...
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, TypeVar

from homeserver.http.rate_limits import RateLimits
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.route_table import RouteTable
from homeserver.http.server_limits import ServerLimits
from homeserver.protocol.errors import MatrixError, missing_token, suspended
from homeserver.protocol.requester import Requester

F = TypeVar("F", bound=Callable[..., Any])

#: A request body's limit where a route names none: of clients, and of servers (a transaction of 50 PDUs).
CLIENT_MAX_BODY_BYTES = 4 * 1024 * 1024
SERVER_MAX_BODY_BYTES = 16 * 1024 * 1024


class Access(Enum):
    """Who may call a route, and with what the endpoint method is called.

    NONE: anybody; `(self, request)`. OPTIONAL: a token if one is given (a wrong one is refused);
    `(self, request, requester | None)`. USER: a token, not a guest's; GUEST: any token; `(self, request, requester)`.
    SERVER: a request signed by a server; `(self, request, origin)`.
    """

    NONE = "none"
    OPTIONAL = "optional"
    USER = "user"
    GUEST = "guest"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteOptions:
    """What `@route` says about a method besides its paths; see there."""

    access: Access = Access.USER
    limit: str | None = None
    max_body_bytes: int | None = None
    stream_body: bool = False
    cancellable: bool | None = None
    resources: frozenset[str] = frozenset()
    refuses_suspended: bool = False


def route(
    method: str | Sequence[str],
    path: str | Sequence[str],
    *,
    access: Access = Access.USER,
    limit: str | None = None,
    max_body_bytes: int | None = None,
    stream_body: bool = False,
    cancellable: bool | None = None,
    resource: str | Sequence[str] = (),
    refuses_suspended: bool = False,
) -> Callable[[F], F]:
    """Mark a method of an endpoints class as serving requests. May be given several times on one method.

    `path` has variables as `{name}`, each one whole segment and never empty; a trailing slash is a path of its own.
    Paths below `/_matrix/client/v3/` and `/_matrix/media/v3/` also answer below `r0`. HEAD is answered by GET's route.
    `limit`: a name in the rate limit configuration, counted by requester, server or address. `max_body_bytes`: larger
    bodies are 413 `M_TOO_LARGE`. `stream_body`: call at once and let the method read `request.body_chunks()`.
    `cancellable`: cancel the method when the client goes away; by default GET only, since another request should not
    stop half done. `resource`: the listener resources that serve it (`client`, `federation`, `keys`, `media`,
    `openid`, `metrics`, ...; `*` for every listener), by default told by the path. `refuses_suspended`: users whose
    account is suspended are answered 403 `M_USER_SUSPENDED`.
    """
    options = RouteOptions(
        access=access,
        limit=limit,
        max_body_bytes=max_body_bytes,
        stream_body=stream_body,
        cancellable=cancellable,
        resources=frozenset((resource,) if isinstance(resource, str) else resource),
        refuses_suspended=refuses_suspended,
    )
    methods = (method,) if isinstance(method, str) else tuple(method)
    paths = (path,) if isinstance(path, str) else tuple(path)

    def mark(function: F) -> F:
        marks: list[tuple[tuple[str, ...], tuple[str, ...], RouteOptions]] = getattr(function, "_routes", [])
        function._routes = [*marks, (methods, paths, options)]  # type: ignore[attr-defined]
        return function

    return mark


class ClientAuthenticator(Protocol):
    """Says whose an access token is."""

    def find_cached(self, token: str, request: Request) -> Requester | None:
        """The requester, where it is known without waiting; None means: ask `requester`."""

    async def requester(self, token: str, request: Request) -> Requester:
        """The requester; raises `MatrixError` 401 `M_UNKNOWN_TOKEN` (and 403 for a wrong `user_id` argument)."""


class ServerAuthenticator(Protocol):
    """Checks the X-Matrix signature of a request."""

    async def origin(self, request: Request) -> str:
        """The server that signed method, `request.uri` and body; raises `MatrixError` 401 `M_UNAUTHORIZED`.

        https://spec.matrix.org/v1.19/server-server-api/#request-authentication
        """


@dataclass(slots=True, eq=False)
class Endpoint:
    """One method at one path. `call`: the bound coroutine function. `name`: for metrics and logs, `GET /path/{x}`.

    `status_counts` and `seconds` are what metrics show: answers by status, and time spent.
    """

    method: str
    path: str
    name: str
    call: Callable[..., Coroutine[Any, Any, Json]]
    access: Access = Access.NONE
    limit: str | None = None
    max_body_bytes: int = CLIENT_MAX_BODY_BYTES
    stream_body: bool = False
    is_cancellable: bool = False
    has_cors: bool = True
    resources: frozenset[str] = frozenset()
    refuses_suspended: bool = False
    status_counts: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0


class Router:
    """All endpoints, and who may call them.

    `endpoints`: objects with methods marked by `@route`. Without `server_authenticator`, SERVER routes answer 404.
    Raises ValueError where two methods serve the same method and path.
    """

    def __init__(
        self,
        endpoints: Iterable[object],
        authenticator: ClientAuthenticator,
        server_authenticator: ServerAuthenticator | None = None,
        rate_limits: RateLimits | None = None,
        server_limits: ServerLimits | None = None,
    ) -> None:
        self._authenticator = authenticator
        self._server_authenticator = server_authenticator
        self._rate_limits = rate_limits
        self._server_limits = server_limits
        self.endpoints: list[Endpoint] = []
        for owner in endpoints:
            self.add(owner)

    def add(self, owner: object) -> None:
        """Add one more endpoints object; listeners opened before do not serve it."""
        for name in dir(type(owner)):
            for methods, paths, options in getattr(getattr(type(owner), name), "_routes", ()):
                for method in methods:
                    for path in paths:
                        self.endpoints.append(_endpoint(method, path, getattr(owner, name), options))

    def table(self, resources: Iterable[str]) -> RouteTable[Endpoint]:
        """The routes that a listener with these resources serves."""
        served = frozenset(resources) | {"*"}
        table: RouteTable[Endpoint] = RouteTable()
        declared = {(endpoint.method, endpoint.path) for endpoint in self.endpoints}
        for endpoint in self.endpoints:
            if endpoint.resources & served:
                table.add(endpoint.method, endpoint.path, endpoint)
                alias = _r0_alias(endpoint.path)
                if alias is not None and (endpoint.method, alias) not in declared:
                    table.add(endpoint.method, alias, endpoint)
        return table

    def begin(self, endpoint: Endpoint, request: Request) -> Coroutine[Any, Any, Json]:
        """Check access and limits, and call the endpoint; raises `MatrixError`, or its coroutine does."""
        access = endpoint.access
        if access is Access.NONE:
            if endpoint.limit is not None:
                self._check_limit(endpoint.limit, request.client_ip)
            return endpoint.call(request)
        if access is Access.SERVER:
            return self._begin_signed(endpoint, request)
        token = request.find_token()
        if token is None:
            if access is not Access.OPTIONAL:
                raise missing_token()
            if endpoint.limit is not None:
                self._check_limit(endpoint.limit, request.client_ip)
            return endpoint.call(request, None)
        requester = self._authenticator.find_cached(token, request)
        if requester is None:
            return self._begin_unknown(endpoint, request, token)
        return self._begin_known(endpoint, request, requester)

    def _begin_known(self, endpoint: Endpoint, request: Request, requester: Requester) -> Coroutine[Any, Any, Json]:
        request.requester = requester
        if requester.is_guest and endpoint.access is Access.USER:
            raise MatrixError(403, "M_GUEST_ACCESS_FORBIDDEN", "Guests may not do this.")
        if requester.is_suspended and endpoint.refuses_suspended:
            raise suspended()
        if endpoint.limit is not None:
            self._check_limit(endpoint.limit, requester.user_id)
        return endpoint.call(request, requester)

    async def _begin_unknown(self, endpoint: Endpoint, request: Request, token: str) -> Json:
        requester = await self._authenticator.requester(token, request)
        return await self._begin_known(endpoint, request, requester)

    async def _begin_signed(self, endpoint: Endpoint, request: Request) -> Json:
        if self._server_authenticator is None:
            raise MatrixError(404, "M_UNRECOGNIZED", "This server does not federate.")
        origin = await self._server_authenticator.origin(request)
        request.origin = origin
        if endpoint.limit is not None:
            self._check_limit(endpoint.limit, origin)
        if self._server_limits is None:
            return await endpoint.call(request, origin)
        return await self._server_limits.run(origin, endpoint.call(request, origin))

    def _check_limit(self, name: str, key: str) -> None:
        if self._rate_limits is not None:
            self._rate_limits.check(name, key)


def _endpoint(method: str, path: str, call: Callable[..., Any], options: RouteOptions) -> Endpoint:
    limit = options.max_body_bytes
    if limit is None:
        limit = SERVER_MAX_BODY_BYTES if options.access is Access.SERVER else CLIENT_MAX_BODY_BYTES
    return Endpoint(
        method=method,
        path=path,
        name=f"{method} {path}",
        call=call,
        access=options.access,
        limit=options.limit,
        max_body_bytes=limit,
        stream_body=options.stream_body,
        is_cancellable=method == "GET" if options.cancellable is None else options.cancellable,
        resources=options.resources or _resources_of(path),
        refuses_suspended=options.refuses_suspended,
    )


_RESOURCES = (
    ("/_matrix/client/v1/media/", ("client", "media")),
    ("/_matrix/client/", ("client",)),
    ("/_matrix/federation/v1/media/", ("federation", "media")),
    ("/_matrix/federation/v1/openid/", ("federation", "openid")),
    ("/_matrix/federation/", ("federation",)),
    ("/_matrix/key/", ("keys", "federation")),
    ("/_matrix/media/", ("media", "client")),
    ("/.well-known/matrix/server", ("federation", "client")),
    ("/_synapse/metrics", ("metrics",)),
    ("/metrics", ("metrics",)),
    ("/health", ("*",)),
)


def _resources_of(path: str) -> frozenset[str]:
    """The listener resources that serve a path: the first matching prefix says; all else is for clients."""
    return frozenset(next((names for prefix, names in _RESOURCES if path.startswith(prefix)), ("client",)))


def _r0_alias(path: str) -> str | None:
    for prefix in ("/_matrix/client/v3/", "/_matrix/media/v3/"):
        if path.startswith(prefix):
            return prefix.replace("/v3/", "/r0/") + path.removeprefix(prefix)
    return None
