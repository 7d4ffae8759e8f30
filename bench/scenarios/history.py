"""Reading back, and whether what is asked of a server costs more as its history grows."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bench.connection import V3, quoted
from bench.meter import Meter
from bench.scenarios.accounts import login_request
from bench.world import User, World

_STEPS = (10_000, 100_000, 1_000_000)
_ROOMS = 100


async def messages(world: World, meter: Meter) -> None:
    """`GET /messages` with 50 events, from the end of a room of 1,000 to its start, six times."""
    members = await world.take(2)
    room_id = await world.room_of(members)
    await world.send_many([(member, room_id) for member in members], world.count(1000))
    connection = await world.address.connect()
    path = f"{V3}/rooms/{quoted(room_id)}/messages?dir=b&limit=50"
    async with meter.measure("messages") as window:
        for _ in range(world.count(6)):
            request = world.address.request("GET", path, members[0].token)
            while True:
                answer = json.loads(await window.one(connection, request))
                if not answer.get("end") or not answer["chunk"]:
                    break
                request = world.address.request("GET", f"{path}&from={quoted(answer['end'])}", members[0].token)


async def growth(world: World, meter: Meter) -> None:
    """The same operations in a database of 10,000, of 100,000 and of 1,000,000 events, in 100 rooms of 5 members.

    `--growth-events` leaves out the larger ones.
    """
    members = await world.take(5)
    rooms = [await world.room_of(members) for _ in range(_ROOMS)]
    senders = [(members[number % 5], room_id) for number, room_id in enumerate(rooms)]
    stored = 0
    for step in _STEPS:
        if step > world.most_events:
            return
        for _ in range(100):
            await world.send_many(senders, (world.count(step) - stored) // 100)
        stored = world.count(step)
        await _measure_step(world, meter, step, senders)


async def _measure_step(world: World, meter: Meter, step: int, senders: Sequence[tuple[User, str]]) -> None:
    reader, room_id = senders[0]
    connection = await world.address.connect()
    async with meter.measure(f"send_after_{step}") as window:
        await window.run(connection, [world.message(reader, room_id) for _ in range(world.count(200))])
    path = f"{V3}/rooms/{quoted(room_id)}/messages?dir=b&limit=50"
    async with meter.measure(f"messages_after_{step}") as window:
        await window.run(connection, [world.address.request("GET", path, reader.token)] * world.count(50))
    login = login_request(world, reader)
    tokens = [(await connection.call(login))["access_token"] for _ in range(world.count(5))]
    async with meter.measure(f"sync_initial_after_{step}") as window:
        requests = [world.address.request("GET", f"{V3}/sync?timeout=0", token) for token in tokens]
        await window.run(connection, requests)
    (joiner,) = await world.take(1)
    async with meter.measure(f"join_after_{step}") as window:
        await window.run(connection, [world.join_request(joiner, room_id) for _, room_id in senders])
