"""Users and rooms that scenarios make before they measure."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bench.connection import V3, Address, Connection, quoted

Job = TypeVar("Job")
Result = TypeVar("Result")
PASSWORD = "correct-horse-9-battery"
_FILLERS = 8
_TEXT = "The quick brown fox jumps over the lazy dog, " * 2


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who is logged in."""

    name: str
    user_id: str
    token: str
    device_id: str


class World:
    """What one server knows. `scale` is a factor on all counts; `most_events` bounds the measure of growth."""

    def __init__(self, address: Address, scale: float, most_events: int) -> None:
        self.address = address
        self.most_events = most_events
        self._scale = scale
        self._pool: list[User] = []
        self._taken = 0
        self._serial = itertools.count()
        self._run = format(int(time.time() * 10), "x")
        self._fillers: list[Connection] = []

    def count(self, full: int, least: int = 1) -> int:
        """A count at this scale."""
        return max(least, round(full * self._scale))

    async def each(self, jobs: Sequence[Job], work: Callable[[Connection, Job], Awaitable[Result]]) -> list[Result]:
        """Do what is not measured for all jobs, several at once; results in the order of the jobs."""
        if not self._fillers:
            self._fillers = await self.address.connections(_FILLERS)
        waiting = iter(enumerate(jobs))
        results: dict[int, Result] = {}

        async def worker(connection: Connection) -> None:
            for index, job in waiting:
                results[index] = await work(connection, job)

        await asyncio.gather(*(worker(connection) for connection in self._fillers))
        return [results[index] for index in range(len(jobs))]

    async def users(self, count: int) -> list[User]:
        """The first of all, whatever else they do."""
        missing = count - len(self._pool)
        if missing > 0:
            self._pool += await self.each([self.new_name() for _ in range(missing)], self.register)
        return self._pool[:count]

    async def take(self, count: int) -> list[User]:
        """Those whom no scenario had yet."""
        await self.users(self._taken + count)
        self._taken += count
        return self._pool[self._taken - count : self._taken]

    def new_name(self) -> str:
        """A localpart nobody has."""
        return f"b{self._run}x{next(self._serial)}"

    async def register(self, connection: Connection, name: str) -> User:
        """In one request where the server allows that."""
        path, auth = f"{V3}/register", {"type": "m.login.dummy"}
        body: dict[str, Any] = {"username": name, "password": PASSWORD, "auth": auth}
        request = self.address.request("POST", path, None, body)
        user = await connection.call(request)
        return User(name, user["user_id"], user["access_token"], user["device_id"])

    async def room_of(self, members: Sequence[User]) -> str:
        """A public room that the first has made and all have joined."""
        (room_id,) = await self.each(members[:1], self.create_room)
        await self.each(members[1:], lambda connection, user: self.join(connection, user, room_id))
        return room_id

    async def create_room(self, connection: Connection, user: User) -> str:
        """A public one with a name and a topic."""
        answer = await connection.call(self.create_room_request(user))
        return str(answer["room_id"])

    def create_room_request(self, user: User) -> bytes:
        """See `create_room`."""
        body = {"preset": "public_chat", "name": "bench", "topic": "a room for measurements"}
        return self.address.request("POST", f"{V3}/createRoom", user.token, body)

    async def join(self, connection: Connection, user: User, room_id: str) -> None:
        """A public room."""
        await connection.call(self.join_request(user, room_id))

    def join_request(self, user: User, room_id: str) -> bytes:
        """See `join`."""
        return self.address.request("POST", f"{V3}/join/{quoted(room_id)}", user.token, {})

    def message(self, user: User, room_id: str) -> bytes:
        """The request that sends one of some 100 bytes, under a transaction of its own."""
        number = next(self._serial)
        path = f"{V3}/rooms/{quoted(room_id)}/send/m.room.message/t{self._run}{number}"
        return self.address.request("PUT", path, user.token, {"msgtype": "m.text", "body": f"{number} {_TEXT}"})

    async def send_many(self, senders: Sequence[tuple[User, str]], count: int) -> None:
        """Messages in turn by these users in their rooms, not measured."""
        jobs = [self.message(*senders[number % len(senders)]) for number in range(count)]
        await self.each(jobs, lambda connection, request: connection.call(request))
