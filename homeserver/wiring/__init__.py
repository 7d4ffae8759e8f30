"""Makes every object once, from the configuration, and hands each what it needs. Nothing else is done here.

`ground` is what all stand on (database, threads, identity, ways out), then rooms with federation, accounts, the slices,
and last the server that listens.
"""

from __future__ import annotations

from typing import Any

from homeserver.config import Config
from homeserver.wiring.accounts import wire_accounts
from homeserver.wiring.federation import wire_federation
from homeserver.wiring.ground import lay_ground
from homeserver.wiring.listening import wire_router
from homeserver.wiring.server import Server
from homeserver.wiring.slices import wire_slices


def build(config: Config, reactor: Any = None) -> Server:
    """The server, ready to start. Raises OSError and ValueError for keys and certificates that cannot be read."""
    if reactor is None:
        from twisted.internet import reactor as installed

        reactor = installed
    ground = lay_ground(config, reactor)
    federation = wire_federation(ground)
    accounts = wire_accounts(ground)
    slices = wire_slices(ground, federation, accounts)
    router = wire_router(ground, federation, accounts, slices)
    return Server(ground, federation, accounts, slices, router)
