"""`python -m bench.soak`: traffic for an hour with ever more users and rooms; is memory flat afterwards?

Writes the memory of the server's processes every ten seconds as CSV, and a plot of it as SVG. While it lasts, users
register, make rooms, join each other's, write, read back, sync from the start and upload files; then everything rests.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.connection import V3, Address, Connection, quoted
from bench.plot import line_plot
from bench.running import Running
from bench.servers import Place, write_hearth
from bench.world import User, World

_SAMPLE_S = 10.0
_WORKERS = 8


class _Traffic:
    """What everybody does until the end, `rate` operations a second in all."""

    def __init__(self, world: World, rate: float) -> None:
        self._world = world
        self._pause_s = _WORKERS / rate
        self._users: list[User] = []
        self._rooms: list[tuple[str, list[User]]] = []
        self._random = random.Random(1)
        self.operations = 0

    async def work(self, connection: Connection, end_s: float) -> None:
        """One worker."""
        actions = [self._grow] + [self._write] * 20 + [self._read_back] * 3 + [self._sync] * 6 + [self._first_sync]
        await self._grow(connection)
        while time.monotonic() < end_s:
            begun = time.monotonic()
            await self._random.choice(actions)(connection)
            self.operations += 1
            await asyncio.sleep(max(0.0, begun + self._pause_s - time.monotonic()))

    async def _grow(self, connection: Connection) -> None:
        user = await self._world.register(connection, self._world.new_name())
        room_id = await self._world.create_room(connection, user)
        for other, members in self._random.sample(self._rooms, min(3, len(self._rooms))):
            await self._world.join(connection, user, other)
            members.append(user)
        self._users.append(user)
        self._rooms.append((room_id, [user]))

    async def _write(self, connection: Connection) -> None:
        room_id, members = self._random.choice(self._rooms)
        await connection.call(self._world.message(self._random.choice(members), room_id))

    async def _read_back(self, connection: Connection) -> None:
        room_id, members = self._random.choice(self._rooms)
        path = f"{V3}/rooms/{quoted(room_id)}/messages?dir=b&limit=50"
        await connection.call(self._world.address.request("GET", path, members[0].token))

    async def _sync(self, connection: Connection) -> None:
        user = self._random.choice(self._users)
        answer = await connection.call(self._world.address.request("GET", f"{V3}/sync?timeout=0", user.token))
        path = f"{V3}/sync?timeout=0&since={quoted(answer['next_batch'])}"
        await connection.call(self._world.address.request("GET", path, user.token))

    async def _first_sync(self, connection: Connection) -> None:
        user = self._random.choice(self._users)
        path = f"{V3}/sync?timeout=0&full_state=true"
        await connection.call(self._world.address.request("GET", path, user.token))

    @property
    def size(self) -> tuple[int, int]:
        """Users and rooms."""
        return len(self._users), len(self._rooms)


async def _soak(running: Running, arguments: argparse.Namespace) -> list[tuple[float, float]]:
    await running.first_answer()
    traffic = _Traffic(World(running.address, 1.0, 0), arguments.rate)
    samples: list[tuple[float, float]] = []
    begun = time.monotonic()
    async with _sampling(running, begun, samples):
        connections = await running.address.connections(_WORKERS)
        end = begun + arguments.minutes * 60
        await asyncio.gather(*(traffic.work(connection, end) for connection in connections))
        users, rooms = traffic.size
        sys.stderr.write(f"{traffic.operations} operations, {users} users, {rooms} rooms\n")
        await asyncio.sleep(arguments.rest_minutes * 60)
    return samples


@asynccontextmanager
async def _sampling(running: Running, begun: float, samples: list[tuple[float, float]]) -> AsyncIterator[None]:
    async def sample() -> None:
        while True:
            samples.append((time.monotonic() - begun, running.resident_mib()))
            await asyncio.sleep(_SAMPLE_S)

    task = asyncio.create_task(sample())
    try:
        yield
    finally:
        task.cancel()


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__, allow_abbrev=False)
    parser.add_argument("--minutes", type=float, default=60.0, help="of traffic")
    parser.add_argument("--rest-minutes", type=float, default=5.0, help="of rest after it")
    parser.add_argument("--rate", type=float, default=100.0, help="operations a second")
    parser.add_argument("--folder", type=Path, required=True, help="for the database and the results")
    parser.add_argument("--port", type=int, default=18110)
    parser.add_argument("--core", type=int, default=0, help="of the server")
    arguments = parser.parse_args()
    place = Place(arguments.folder.absolute() / "server", arguments.port)
    shutil.rmtree(place.folder, ignore_errors=True)
    running = Running(Address(place.url), write_hearth(place), arguments.core, None)
    try:
        samples = asyncio.run(_soak(running, arguments))
    finally:
        running.stop()
    rows = "\n".join(f"{at:.0f},{mib}" for at, mib in samples)
    (arguments.folder / "soak.csv").write_text(f"seconds,mib\n{rows}\n", encoding="ascii")
    points = [(at / 60, mib) for at, mib in samples]
    plot = line_plot(points, "minutes", "MiB resident")
    (arguments.folder / "soak.svg").write_text(plot, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
