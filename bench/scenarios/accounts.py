"""The floor of the HTTP stack, authentication, registering and logging in."""

from __future__ import annotations

import asyncio
import time

from bench.connection import V3
from bench.meter import Meter
from bench.world import PASSWORD, User, World


async def versions(world: World, meter: Meter) -> None:
    """`GET /versions` on one connection, and on 16."""
    request = world.address.request("GET", "/_matrix/client/versions")
    connections = await world.address.connections(16)
    await connections[0].call(request)
    async with meter.measure("versions") as window:
        await window.run(connections[0], [request] * world.count(2000))
    async with meter.measure("versions_16") as window:
        await asyncio.gather(*(window.run(one, [request] * world.count(150)) for one in connections))


async def whoami(world: World, meter: Meter) -> None:
    """`GET /account/whoami`: authentication and nothing else."""
    (user,) = await world.take(1)
    connection = await world.address.connect()
    request = world.address.request("GET", f"{V3}/account/whoami", user.token)
    await connection.call(request)
    async with meter.measure("whoami") as window:
        await window.run(connection, [request] * world.count(1500))


async def register_and_login(world: World, meter: Meter) -> None:
    """With a password hashed at 4 rounds."""
    connection = await world.address.connect()
    (user,) = await world.take(1)
    async with meter.measure("register") as window:
        for name in [world.new_name() for _ in range(world.count(40))]:
            begun = time.perf_counter()
            await world.register(connection, name)
            window.note(begun)
    request = login_request(world, user)
    await connection.call(request)
    async with meter.measure("login") as window:
        await window.run(connection, [request] * world.count(40))


def login_request(world: World, user: User) -> bytes:
    """On a new device."""
    identifier = {"type": "m.id.user", "user": user.name}
    body = {"type": "m.login.password", "password": PASSWORD, "identifier": identifier}
    return world.address.request("POST", f"{V3}/login", None, body)
