"""Making rooms, sending into them, and the way of a message to all who wait for it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.connection import V3, Connection, RequestFailed, quoted
from bench.meter import Meter, Window
from bench.world import User, World

_ARRIVAL_S = 30.0


async def create_room(world: World, meter: Meter) -> None:
    """A public room with a name and a topic."""
    (user,) = await world.take(1)
    connection = await world.address.connect()
    request = world.create_room_request(user)
    await connection.call(request)
    async with meter.measure("create_room") as window:
        await window.run(connection, [request] * world.count(30))


async def send(world: World, meter: Meter) -> None:
    """One sender in a room of two who waits for each answer; then 16 senders in 16 such rooms."""
    users = await world.take(34)
    pairs = list(zip(users[::2], users[1::2], strict=True))
    rooms = [await world.room_of(pair) for pair in pairs]
    connections = await world.address.connections(16)
    first = (pairs[0][0], rooms[0])
    await connections[0].call(world.message(*first))
    async with meter.measure("send_seq") as window:
        await window.run(connections[0], [world.message(*first) for _ in range(world.count(400))])
    senders = [(pair[0], room_id) for pair, room_id in zip(pairs[1:], rooms[1:], strict=True)]
    lists = [[world.message(*sender) for _ in range(world.count(30))] for sender in senders]
    async with meter.measure("send_16") as window:
        await asyncio.gather(*(window.run(*one) for one in zip(connections, lists, strict=True)))


async def send_big(world: World, meter: Meter) -> None:
    """A room of 100 local members, none of whom syncs."""
    users = await world.take(world.count(100, 2))
    room_id = await world.room_of(users)
    connection = await world.address.connect()
    await connection.call(world.message(users[0], room_id))
    async with meter.measure("send_big") as window:
        requests = [world.message(users[0], room_id) for _ in range(world.count(150))]
        await window.run(connection, requests)


async def fanout(world: World, meter: Meter) -> None:
    """50 members with a long poll each; one sends 1, then 5 messages a second. An operation is a message at one."""
    sender, *receivers = await world.take(world.count(50, 2) + 1)
    room_id = await world.room_of([sender, *receivers])
    connection = await world.address.connect()
    connections = await world.address.connections(len(receivers))
    with _receiving(world, room_id, list(zip(connections, receivers, strict=True))) as arrivals:
        await asyncio.sleep(3)  # First syncs and presence are over.
        for name, rate, count in (("fanout_slow", 1.0, world.count(10)), ("fanout", 5.0, world.count(50))):
            async with meter.measure(name) as window:
                arrivals.window = window
                await _send_at_rate(world, connection, (sender, room_id), rate, count)
                await arrivals.wait_for(count * len(receivers))


async def _send_at_rate(
    world: World, connection: Connection, sender: tuple[User, str], rate: float, count: int
) -> None:
    begun = time.perf_counter()
    for number in range(count):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        await connection.call(world.message(*sender))


@dataclass(slots=True)
class _Arrivals:
    """Messages that members got; times are those of the polls that brought them."""

    window: Window
    failure: Exception | None = None

    async def wait_for(self, count: int) -> None:
        end = time.perf_counter() + _ARRIVAL_S
        while len(self.window.took_s) < count:
            if self.failure is not None:
                raise self.failure
            if time.perf_counter() > end:
                raise RequestFailed(f"{count - len(self.window.took_s)} of {count} messages did not arrive")
            await asyncio.sleep(0.05)

    async def receive(self, world: World, room_id: str, connection: Connection, user: User) -> None:
        try:
            answer = await connection.call(world.address.request("GET", f"{V3}/sync?timeout=0", user.token))
            while True:
                begun = time.perf_counter()
                path = f"{V3}/sync?timeout=30000&since={quoted(answer['next_batch'])}"
                answer = await connection.call(world.address.request("GET", path, user.token))
                joined = answer.get("rooms", {}).get("join", {}).get(room_id, {})
                for event in joined.get("timeline", {}).get("events", ()):
                    if event["type"] == "m.room.message":
                        self.window.note(begun)
        except (RequestFailed, json.JSONDecodeError) as error:
            self.failure = error


@contextmanager
def _receiving(world: World, room_id: str, members: list[tuple[Connection, User]]) -> Iterator[_Arrivals]:
    arrivals = _Arrivals(Window())
    tasks = [asyncio.create_task(arrivals.receive(world, room_id, *member)) for member in members]
    try:
        yield arrivals
    finally:
        for task in tasks:
            task.cancel()
        for connection, _ in members:
            connection.close()
