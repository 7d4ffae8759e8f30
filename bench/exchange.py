"""`python -m bench.exchange`: two servers that write 10,000 messages to each other, over TLS on this machine.

Eight users on each write into one room at once. An operation is a message that both servers have; the CPU time is that
of both servers together. The load and both servers share the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.connection import V3, Address, RequestFailed, quoted
from bench.running import Running
from bench.servers import Place, federating, write_hearth, write_synapse
from bench.world import User, World
from homeserver.commands.certificates import write_authority

_WRITERS = 8
_ARRIVAL_S = 600.0


class _Side:
    """One of the servers, and who writes there."""

    def __init__(self, running: Running, name: str) -> None:
        self.running = running
        self.name = name
        self.world = World(running.address, 1.0, 0)
        self.users: list[User] = []

    async def send(self, room_id: str, count: int) -> set[str]:
        """Messages of all users at once; their ids."""
        requests = [self.world.message(self.users[number % _WRITERS], room_id) for number in range(count)]
        answers = await self.world.each(requests, lambda connection, request: connection.call(request))
        return {str(answer["event_id"]) for answer in answers}

    async def wait_for(self, room_id: str, event_ids: set[str]) -> None:
        """Until all can be read here. Asks rarely, as asking costs."""
        connection = await self.running.address.connect()
        missing, end = set(event_ids), time.monotonic() + _ARRIVAL_S
        while missing:
            if time.monotonic() > end:
                raise RequestFailed(f"{len(missing)} messages did not arrive at {self.name}")
            await asyncio.sleep(1)
            last = next(iter(missing))
            path = f"{V3}/rooms/{quoted(room_id)}/event/{quoted(last)}"
            status, _ = await connection.send(self.world.address.request("GET", path, self.users[0].token))
            if status == 200:
                missing.discard(last)
                missing -= await self._recent(room_id, missing)
        connection.close()

    async def _recent(self, room_id: str, wanted: set[str]) -> set[str]:
        """Those of the wanted that are found by reading back, in pages of 500."""
        connection = await self.running.address.connect()
        found: set[str] = set()
        path = start = f"{V3}/rooms/{quoted(room_id)}/messages?dir=b&limit=500"
        while True:
            answer = await connection.call(self.world.address.request("GET", path, self.users[0].token))
            found |= {event["event_id"] for event in answer["chunk"]} & wanted
            if len(found) == len(wanted) or not answer.get("end") or not answer["chunk"]:
                connection.close()
                return found
            path = f"{start}&from={quoted(answer['end'])}"


async def _exchange(sides: Sequence[_Side], events: int) -> str:
    here, there = sides
    for side in sides:
        await side.running.first_answer()
        side.users = await side.world.take(_WRITERS)
    room_id = await here.world.room_of(here.users)
    for user in there.users:
        path = f"{V3}/join/{quoted(room_id)}?server_name={quoted(here.name)}"
        request = there.world.address.request("POST", path, user.token, {})
        await there.world.each([request], lambda connection, one: connection.call(one))
    for side in sides:
        await side.running.settle()
    before, begun = [side.running.cpu_seconds()[0] for side in sides], time.perf_counter()
    sent = await asyncio.gather(*(side.send(room_id, events // 2) for side in sides))
    sending_s = time.perf_counter() - begun
    await asyncio.gather(here.wait_for(room_id, sent[1]), there.wait_for(room_id, sent[0]))
    arrived_s = time.perf_counter() - begun
    used = sum(side.running.cpu_seconds()[0] for side in sides) - sum(before)
    return (
        f"{events} messages: sent in {sending_s:.1f} s, all at both servers after {arrived_s:.1f} s; "
        f"{used * 1000 / events:.2f} ms of CPU a message, both servers together\n"
    )


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="bench.exchange", description=__doc__, allow_abbrev=False)
    parser.add_argument("--server", choices=("hearth", "synapse"), default="hearth")
    parser.add_argument("--synapse-python", type=Path, help="the interpreter with which Synapse is installed")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, required=True, help="for the databases")
    parser.add_argument("--port", type=int, default=18120, help="the first of four on loopback")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        sides: list[_Side] = []
        for place, changes in _places(arguments.folder.absolute(), arguments.port):
            if arguments.server == "hearth":
                command = write_hearth(place, changes)
            else:
                command = write_synapse(place, arguments.synapse_python, changes)
            running = Running(Address(place.url), command, len(sides), None)
            stack.callback(running.stop)
            sides.append(_Side(running, str(changes["server_name"])))
        sys.stdout.write(asyncio.run(_exchange(sides, arguments.events)))
    return 0


def _places(folder: Path, port: int) -> list[tuple[Place, dict[str, Any]]]:
    """Empty folders of two servers, and what makes them federate."""
    shutil.rmtree(folder / "exchange", ignore_errors=True)
    places = [Place(folder / "exchange" / str(number), port + 2 * number) for number in range(2)]
    for place in places:
        place.folder.mkdir(parents=True)
    authority = write_authority("Bench authority", folder / "exchange" / "ca.crt")
    return [(place, federating(place, place.port + 1, authority)) for place in places]


if __name__ == "__main__":
    raise SystemExit(main())
