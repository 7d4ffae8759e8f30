"""Another homeserver, as far as requests of this one see it: TLS, a signing key, and the answers a test gives."""

from __future__ import annotations

import json
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.internet import reactor

from homeserver.database import Database, open_database
from homeserver.federation.discovery import Discovery
from homeserver.federation.identity import Identity
from homeserver.federation.key_fetch import KeyFetcher
from homeserver.federation.key_ring import KeyRing, OwnKeys
from homeserver.federation.peers import Peers
from homeserver.federation.settings import FederationSettings, OldVerifyKey
from homeserver.federation.srv import SrvAnswer, SrvLookup
from homeserver.federation.tables import TABLES
from homeserver.federation.well_known import WellKnown
from homeserver.protocol.signing import SigningKey, sign_json, signing_key_from_seed
from tests.support.outbound import Loopback, OutboundCase
from tests.support.peer_server import Exchange, PeerServer

HOUR_MS = 3_600_000


class MovingClock:
    """The time of day, moved on by a test."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms


def new_key(version: str = "1") -> SigningKey:
    """A fresh signing key `ed25519:<version>`."""
    return signing_key_from_seed(version, secrets.token_bytes(32))


class NoSrv:
    """A DNS without SRV records."""

    async def services(self, name: str) -> SrvAnswer:
        """See `SrvResolver`."""
        return SrvAnswer((), HOUR_MS)


class PeerHomeserver:
    """A homeserver called `<host>:<port>`. `answers`: method and path (without query) to what answers it."""

    def __init__(self, server: PeerServer, host: str, clock: MovingClock) -> None:
        self.server = server
        self.name = f"{host}:{server.port}"
        self.keys = [new_key("current")]
        self.old: dict[str, dict[str, Any]] = {}
        self.valid_for_ms = 24 * HOUR_MS
        self.answers: dict[tuple[str, str], Callable[[Exchange], None]] = {}
        self._clock = clock
        self.answers["GET", "/_matrix/key/v2/server"] = lambda exchange: self.reply(exchange, self.key_object())
        server.answer = self._answer

    @property
    def identity(self) -> Identity:
        """Its name and first key."""
        return Identity(self.name, self.keys[0])

    def key_object(self) -> dict[str, Any]:
        """What it publishes."""
        value: dict[str, Any] = {
            "server_name": self.name,
            "verify_keys": {key.key_id: {"key": key.verify_key.encoded} for key in self.keys},
            "old_verify_keys": self.old,
            "valid_until_ts": self._clock() + self.valid_for_ms,
        }
        for key in self.keys:
            value = sign_json(value, self.name, key)
        return value

    def retire(self) -> None:
        """Replace the current key by another; the old one ended now."""
        retired = self.keys[0]
        self.old[retired.key_id] = {"key": retired.verify_key.encoded, "expired_ts": self._clock()}
        self.keys = [new_key(f"after_{retired.key_id.partition(':')[2]}")]

    def on(self, method: str, path: str, value: Any, status: int = 200) -> None:
        """Answer a request with a JSON value."""
        self.answers[method, path] = lambda exchange: self.reply(exchange, value, status)

    def requests_of(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(one.path.partition("?")[0] == path for one in self.server.received)

    @staticmethod
    def reply(exchange: Exchange, value: Any, status: int = 200) -> None:
        """Answer with JSON."""
        exchange.reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _answer(self, exchange: Exchange) -> None:
        answer = self.answers.get((exchange.command, exchange.path.partition("?")[0]))
        if answer is None:
            self.reply(exchange, {"errcode": "M_UNRECOGNIZED", "error": "no such thing"}, 404)
        else:
            answer(exchange)


class FederationCase(OutboundCase):
    """A homeserver `our.example`'s way to others, over real TLS and a real database."""

    settings = FederationSettings()

    def setUp(self) -> None:
        self.clock = MovingClock()
        self.identity = Identity("our.example", new_key("ours"))
        self.egress = self.client(Loopback())
        discovery = Discovery(WellKnown(self.egress, self.clock, port=1), SrvLookup(NoSrv(), self.clock))
        self.peers = Peers(discovery, self.egress, reactor)
        self.database = self._open_database()

    def peer(self, host: str = "peer.example") -> PeerHomeserver:
        """Another homeserver that is up."""
        server = self.serve(lambda exchange: None, self.authority.server_context(host))
        return PeerHomeserver(server, host, self.clock)

    def key_ring(
        self, settings: FederationSettings | None = None, old: Mapping[str, OldVerifyKey] | None = None
    ) -> KeyRing:
        """A key ring with an empty memory over the database."""
        settings = settings or self.settings
        fetcher = KeyFetcher(self.peers, settings.trusted_key_servers, self.clock)
        own = OwnKeys.of(self.identity, old or {})
        return KeyRing(own, settings.rules, self.database, fetcher, reactor, self.clock)

    def _open_database(self) -> Database:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        database = open_database("sqlite", str(Path(directory.name) / "test.db"), reactor)
        database.start(TABLES)
        self.addCleanup(database.close)
        return database
