"""`/sync`: the first of a device, later ones with nothing new, and many at once."""

from __future__ import annotations

import asyncio
import json

from bench.connection import V3, quoted
from bench.meter import Meter
from bench.scenarios.accounts import login_request
from bench.world import User, World

_LAZY = '{"room":{"timeline":{"limit":%d},"state":{"lazy_load_members":true}}}'


async def sync(world: World, meter: Meter) -> None:
    """Idle syncs of somebody in one room and in 200 rooms of 3 members with 20 messages; first syncs of the latter."""
    pair = await world.take(2)
    await world.room_of(pair)
    await _idle(world, meter, "sync_idle_1", pair[1], world.count(300))
    members = await world.take(3)
    for _ in range(world.count(200, 2)):
        room_id = await world.room_of(members)
        await world.send_many([(member, room_id) for member in members], 20)
    await _idle(world, meter, "sync_idle_200", members[2], world.count(200))
    connection = await world.address.connect()
    login = login_request(world, members[2])
    tokens = [(await connection.call(login))["access_token"] for _ in range(world.count(6))]
    async with meter.measure("sync_initial") as window:
        requests = [world.address.request("GET", f"{V3}/sync?timeout=0", token) for token in tokens]
        await window.run(connection, requests)


async def long_polls(world: World, meter: Meter) -> None:
    """1,000 devices that wait at once, in rooms of 10; one room is told a message each, so that all wake once."""
    users = await world.take(world.count(1000, 10))
    groups = [users[start : start + 10] for start in range(0, len(users), 10)]
    rooms = [await world.room_of(group) for group in groups]
    connections = await world.address.connections(len(users))
    first = [world.address.request("GET", f"{V3}/sync?timeout=0", user.token) for user in users]
    answers = [await connection.call(request) for connection, request in zip(connections, first, strict=True)]
    sender = await world.address.connect()
    async with meter.measure("long_polls_1000") as window:
        polls = []
        for connection, user, answer in zip(connections, users, answers, strict=True):
            path = f"{V3}/sync?timeout=60000&since={quoted(answer['next_batch'])}"
            request = world.address.request("GET", path, user.token)
            polls.append(asyncio.create_task(window.one(connection, request)))
        await asyncio.sleep(1)
        for group, room_id in zip(groups, rooms, strict=True):
            await sender.call(world.message(group[0], room_id))
        await asyncio.gather(*polls)


async def published(world: World, meter: Meter) -> None:
    """200 of 300 users, all of them in 300 rooms: the first sync of each, with 1 and with 20 events a room.

    After a study presented at SBRC 2026, in which Synapse with 18 workers took 117.5 s a user on average.
    """
    users = await world.take(world.count(300, 3))
    for number in range(world.count(300, 3)):
        creator = users[number % len(users)]
        room_id = await world.room_of([creator, *(user for user in users if user is not creator)])
        await world.send_many([(user, room_id) for user in users[:5]], 20)
    connection = await world.address.connect()
    readers = users[: world.count(200)]
    for limit in (1, 20):
        path = f"{V3}/sync?timeout=0&filter={quoted(_LAZY % limit)}"
        async with meter.measure(f"published_{limit}") as window:
            await window.run(connection, [world.address.request("GET", path, user.token) for user in readers])


async def _idle(world: World, meter: Meter, name: str, user: User, count: int) -> None:
    connection = await world.address.connect()
    answer = await connection.call(world.address.request("GET", f"{V3}/sync?timeout=0", user.token))

    def following() -> bytes:
        path = f"{V3}/sync?timeout=0&since={quoted(answer['next_batch'])}"
        return world.address.request("GET", path, user.token)

    for _ in range(3):  # Presence and the like are over.
        await asyncio.sleep(0.3)
        answer = await connection.call(following())
    async with meter.measure(name) as window:
        for _ in range(count):
            answer = json.loads(await window.one(connection, following()))
