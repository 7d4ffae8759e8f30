"""Rooms with many members on this server."""

from __future__ import annotations

from bench.connection import V3, quoted
from bench.meter import Meter
from bench.world import World


async def members_1000(world: World, meter: Meter) -> None:
    """Joining a room of 500; reading the state and the members of a room of 1,000."""
    users = await world.users(world.count(1000, 8))
    half, joining = len(users) // 2, world.count(50)
    room_id = await world.room_of(users[:half])
    connection = await world.address.connect()
    async with meter.measure("join") as window:
        requests = [world.join_request(user, room_id) for user in users[half : half + joining]]
        await window.run(connection, requests)
    await world.each(users[half + joining :], lambda one, user: world.join(one, user, room_id))
    for name in ("state", "joined_members"):
        request = world.address.request("GET", f"{V3}/rooms/{quoted(room_id)}/{name}", users[0].token)
        await connection.call(request)
        async with meter.measure(name) as window:
            await window.run(connection, [request] * world.count(15))


async def members_5000(world: World, meter: Meter) -> None:
    """A message in a room of 5,000; its members; joining it."""
    users = await world.users(world.count(5000, 10))
    joining = world.count(50)
    room_id = await world.room_of(users[:-joining])
    connection = await world.address.connect()
    async with meter.measure("send_5000") as window:
        await window.run(connection, [world.message(users[0], room_id) for _ in range(world.count(200))])
    async with meter.measure("join_5000") as window:
        await window.run(connection, [world.join_request(user, room_id) for user in users[-joining:]])
    path = f"{V3}/rooms/{quoted(room_id)}/joined_members"
    async with meter.measure("joined_members_5000") as window:
        request = world.address.request("GET", path, users[0].token)
        await window.run(connection, [request] * world.count(15))
