"""A whole homeserver in this process: real database, real HTTP, on free loopback ports.

    class AliasesTest(HomeserverCase):
        def test_an_alias_leads_to_its_room(self) -> None:
            alice = self.new_user("alice")
            ...

    AliasesTestOnPostgres = on_postgres(AliasesTest)

The server is started once for a class; users that `new_user` makes are nobody else's. With `federating_servers` several
servers talk to each other over TLS.
"""

from __future__ import annotations

import json
import socket
import tempfile
import unittest
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from homeserver.commands.certificates import Authority, write_authority, write_issued
from homeserver.config import Config, config_from
from homeserver.config.rate_limits import DEFAULTS
from homeserver.config.signing_keys import create_signing_key
from homeserver.wiring import build
from homeserver.wiring.server import Server
from tests.support.api_client import Client, User
from tests.support.databases import fresh_database
from tests.support.own_reactor import run

PASSWORD = "correct horse battery staple"
SHARED_SECRET = "shared between the tests and the server"
_NO_LIMIT = {"per_second": 1_000_000, "burst_count": 1_000_000}


class Homeserver:
    """A server that can be started, stopped and started again over the same files. Its requests carry no token.

    `name` is its server name, `ca_file` what the authority of its federation listener is known by. Without
    `authority` it listens for clients alone.
    """

    _numbers = count(1)

    def __init__(self, folder: Path, database: Mapping[str, Any], authority: Authority | None, **settings: Any) -> None:
        self.client_port = free_port()
        self.url = f"http://127.0.0.1:{self.client_port}"
        client = Client(self.url)
        self.request, self.refusal = client.request, client.refusal
        self.get, self.put, self.post, self.delete = client.get, client.put, client.post, client.delete
        self.federation_port = free_port()
        self.name = f"localhost:{self.federation_port}"
        self.media_folder = folder / "media"
        self._folder = folder
        self._values = {**self._settings(database, authority is not None), **settings}
        self._server: Server | None = None
        create_signing_key(folder / "signing.key")
        if authority is not None:
            write_issued(authority, ["localhost"], folder / "tls.crt", folder / "tls.key")

    def write_configuration(self) -> Path:
        """A configuration file, for a process of its own."""
        path = self._folder / "homeserver.yaml"
        # JSON is YAML.
        path.write_text(json.dumps(self._values, indent=2), encoding="utf-8")
        return path

    @property
    def config(self) -> Config:
        """What it is configured to be."""
        return config_from(self._values, self._folder)

    def start(self) -> None:
        """Start, and wait until requests are answered."""
        config = self.config

        async def start() -> Server:
            server = build(config)
            await server.start()
            return server

        self._server = run(start())

    def stop(self) -> None:
        """Stop in order; harmless where it is stopped already."""
        if self._server is not None:
            server, self._server = self._server, None
            run(server.stop())

    def configure(self, **settings: Any) -> None:
        """Change top-level keys of the configuration; they count from the next start."""
        self._values.update(settings)

    def start_if_stopped(self) -> None:
        """Start, where it does not run."""
        if self._server is None:
            self.start()

    def set(self, **settings: Any) -> None:
        """Start again with other settings."""
        self.stop()
        self._values |= settings
        self.start()

    def reap(self) -> None:
        """Delete what is past its time, as the server does by itself now and then."""
        if self._server is not None:
            run(self._server.reap())

    def register(self, localpart: str, password: str = PASSWORD, **body: Any) -> User:
        """Register a user by this very name, and log in."""
        answer = self.post(
            "/register",
            {"username": localpart, "password": password, "auth": {"type": "m.login.dummy"}, **body},
        )
        return User(self.url, answer, password)

    def new_user(self, localpart: str = "user") -> User:
        """Register a user whose name begins so, and is new."""
        return self.register(f"{localpart}-{next(self._numbers)}")

    def _settings(self, database: Mapping[str, Any], has_federation: bool) -> dict[str, Any]:
        folder = self._folder
        resources = [{"names": ["client", "federation"]}]
        listeners: list[dict[str, Any]] = [
            {"port": self.client_port, "bind_addresses": ["127.0.0.1"], "resources": resources}
        ]
        values: dict[str, Any] = {
            "server_name": self.name,
            "public_baseurl": f"{self.url}/",
            "signing_key_path": str(folder / "signing.key"),
            "database": database,
            "media_store_path": str(self.media_folder),
            "trusted_key_servers": [],
            "bcrypt_rounds": 4,
            "enable_registration": True,
            "enable_registration_without_verification": True,
            "registration_shared_secret": SHARED_SECRET,
            "allow_public_rooms_over_federation": True,
            "ip_range_whitelist": ["127.0.0.0/8", "::1/128"],
            "listeners": listeners,
            **no_rate_limits(),
        }
        if has_federation:
            listeners.append(
                {"port": self.federation_port, "bind_addresses": ["127.0.0.1"], "tls": True, "resources": resources}
            )
            values |= {
                "tls_certificate_path": str(folder / "tls.crt"),
                "tls_private_key_path": str(folder / "tls.key"),
                "federation_custom_ca_list": [str(folder.parent / "ca.crt")],
            }
        return values


@contextmanager
def running_homeserver(engine: str = "sqlite", **settings: Any) -> Iterator[Homeserver]:
    """A server for clients alone. `settings`: top-level keys of the configuration."""
    with ExitStack() as stack:
        yield _started(stack, engine, _folder(stack), None, **settings)


@contextmanager
def federating_servers(number: int, engine: str = "sqlite", **settings: Any) -> Iterator[list[Homeserver]]:
    """Several servers with certificates of one authority that they all trust; named `localhost:PORT`."""
    with ExitStack() as stack:
        folder = _folder(stack)
        authority = write_authority("Test authority", folder / "ca.crt")
        servers = []
        for position in range(number):
            own = folder / str(position)
            own.mkdir()
            servers.append(_started(stack, engine, own, authority, **settings))
        yield servers


class HomeserverCase(unittest.TestCase):
    """Tests of one server. `settings`: what its configuration has beside what all tests' servers have."""

    engine = "sqlite"
    settings: ClassVar[Mapping[str, Any]] = {}
    server: Homeserver

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = cls.enterClassContext(running_homeserver(cls.engine, **cls.settings))

    def new_user(self, localpart: str = "user") -> User:
        """See `Homeserver.new_user`."""
        return self.server.new_user(localpart)


class FederationCase(unittest.TestCase):
    """Tests of servers that federate: `servers`, of which the first two are `here` and `there`."""

    engine = "sqlite"
    number = 2
    settings: ClassVar[Mapping[str, Any]] = {}
    servers: list[Homeserver]
    here: Homeserver
    there: Homeserver

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.servers = cls.enterClassContext(federating_servers(cls.number, cls.engine, **cls.settings))
        cls.here, cls.there = cls.servers[:2]


def _started(stack: ExitStack, engine: str, folder: Path, authority: Authority | None, **settings: Any) -> Homeserver:
    place = stack.enter_context(fresh_database(engine))
    server = Homeserver(folder, place.config, authority, **settings)
    server.start()
    stack.callback(server.stop)
    return server


def _folder(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hearth-test-")))


def no_rate_limits() -> dict[str, Any]:
    """Settings with which nobody is ever told to wait."""
    limits: dict[str, Any] = {
        "rc_federation": {"sleep_limit": 1_000_000, "reject_limit": 1_000_000, "concurrent": 1000}
    }
    for name in DEFAULTS:
        group, _, part = name.partition(".")
        limits[group] = {**limits.get(group, {}), part: _NO_LIMIT} if part else _NO_LIMIT
    return limits


def free_port() -> int:
    """A port of loopback at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
