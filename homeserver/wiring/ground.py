"""What everything else stands on: database, caches, threads, the server's identity, rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from psycopg.conninfo import make_conninfo
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from homeserver import __version__
from homeserver.config import Config
from homeserver.config.signing_keys import load_signing_keys
from homeserver.database import CacheBudget, Database, ReaderLimits, open_database
from homeserver.federation.identity import Identity
from homeserver.http.egress import Egress
from homeserver.http.egress_settings import EgressSettings, TlsSettings
from homeserver.http.rate_limits import RateLimits
from homeserver.rooms.facts import RoomFacts
from homeserver.rooms.kernel import RoomParts, make_parts
from homeserver.rooms.numbers import RoomNumbers
from homeserver.rooms.occupancy import Occupancy
from homeserver.rooms.partial import PartialRooms
from homeserver.rooms.service import Rooms
from homeserver.wiring.background import Background

#: Threads for what is long and not the database's: signatures in batches, large answers.
_THREADS = 4


@dataclass(frozen=True, slots=True)
class Ground:
    """See the module."""

    config: Config
    reactor: Any
    database: Database
    budget: CacheBudget
    threads: ThreadPool
    background: Background
    identity: Identity
    limits: RateLimits
    parts: RoomParts
    rooms: Rooms
    facts: RoomFacts
    numbers: RoomNumbers
    services: Egress

    @property
    def server_name(self) -> str:
        """The name behind the colon of user ids."""
        return self.identity.server_name

    @property
    def offload(self) -> Callable[..., Deferred[Any]]:
        """`offload(function, *arguments)` runs a plain function in a thread."""
        return partial(deferToThreadPool, self.reactor, self.threads)


def lay_ground(config: Config, reactor: Any, database: Database | None = None) -> Ground:
    """Make it all; nothing is started. `database`: one that is there already, in place of the configuration's."""
    keys = load_signing_keys(config.keys.signing_key_path)
    identity = Identity(config.server.server_name, keys[0])
    database = database or open_database(*database_place(config), reactor, _reader_limits(config))
    budget = CacheBudget(config.server.cache_bytes)
    parts = make_parts(identity.server_name, identity.sign_event, budget, database.feed)
    rooms = Rooms(database, parts, Occupancy(database, budget, database.feed), PartialRooms(database, parts, reactor))
    return Ground(
        config=config,
        reactor=reactor,
        database=database,
        budget=budget,
        threads=ThreadPool(0, _THREADS, name="workers"),
        background=Background(),
        identity=identity,
        limits=RateLimits(config.rate_limits.by_name),
        parts=parts,
        rooms=rooms,
        facts=RoomFacts(database, rooms, parts),
        numbers=RoomNumbers(rooms),
        services=Egress(_service_settings(config), reactor),
    )


def _service_settings(config: Config) -> EgressSettings:
    """The way out to all but homeservers: identity servers, captchas, push gateways, application services."""
    return EgressSettings(
        denied_ranges=config.outbound.denied_ranges,
        allowed_ranges=config.outbound.allowed_ranges,
        tls=TlsSettings(verify=not config.outbound.is_insecure),
        user_agent=f"Hearth/{__version__}{config.outbound.user_agent_suffix}",
    )


def _reader_limits(config: Config) -> ReaderLimits | None:
    """Of PostgreSQL's connections one writes and one listens; those that are left read."""
    settings = config.database
    if settings.engine == "sqlite":
        return None
    return ReaderLimits(max(0, settings.min_connections - 2), settings.max_connections - 2)


def database_place(config: Config) -> tuple[str, str]:
    """(name, location) of the configuration's database, for `open_database`."""
    settings = config.database
    if settings.engine == "sqlite":
        return "sqlite", str(settings.path or ":memory:")
    parameters: dict[str, Any] = dict(settings.parameters)
    return "postgresql", make_conninfo(**parameters)
