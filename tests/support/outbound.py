"""Servers on loopback, and an outbound client that trusts and may connect to them."""

from __future__ import annotations

import ssl
import unittest
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet import reactor

from homeserver.http.egress import Egress
from homeserver.http.egress_errors import ConnectFailed
from homeserver.http.egress_settings import EgressSettings, TlsSettings
from tests.support.own_reactor import run
from tests.support.peer_server import Exchange, PeerServer
from tests.support.tls_authority import TlsAuthority


class Names:
    """Name look-ups with the answers a test gives."""

    def __init__(self, **addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def addresses(self, host: str) -> Sequence[str]:
        """See `AddressResolver`."""
        if host not in self._addresses:
            raise ConnectFailed(f"{host} has no address")
        return self._addresses[host]


class Loopback:
    """Every name is 127.0.0.1."""

    async def addresses(self, host: str) -> Sequence[str]:
        """See `AddressResolver`."""
        return ["127.0.0.1"]


class OutboundCase(unittest.TestCase):
    """Servers and a client that may connect to loopback."""

    authority: TlsAuthority

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.authority = TlsAuthority()
        cls.addClassCleanup(cls.authority.close)

    def serve(
        self, answer: Callable[[Exchange], None], tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
    ) -> PeerServer:
        """A server that is closed after the test."""
        server = PeerServer(answer, tls, address)
        self.addCleanup(server.close)
        return server

    def client(self, names: Any = None, **settings: Any) -> Egress:
        """An outbound client; without `names`, names are looked up for real."""
        settings.setdefault("denied_ranges", ())
        settings.setdefault("tls", TlsSettings(ca_files=(self.authority.ca_file,)))
        egress = Egress(EgressSettings(**settings), reactor, names)

        async def close() -> None:
            egress.close()

        self.addCleanup(lambda: run(close()))
        return egress
