"""A server under measurement: started on its core, watched, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from dataclasses import dataclass

from bench.connection import Address, RequestFailed
from bench.processes import cpu_seconds, process_tree, resident_mib

_QUIET_SHARE = 0.03
_START_S = 120.0


@dataclass(frozen=True, slots=True)
class Start:
    """What a start took: seconds to the first answer, CPU seconds of these, MiB and share of a core at rest."""

    first_answer_s: float
    cpu_s: float
    idle_mib: float
    idle_cpu_share: float


class Running:
    """One server's processes, and its database's apart."""

    def __init__(self, address: Address, command: list[str], core: int, database_process: int | None) -> None:
        self.address = address
        self.core = core
        self._begun_s = time.perf_counter()
        # Its own output would be lost in that of the measurement; what it logs is in its folder.
        self._process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._database_process = database_process

    @property
    def pid(self) -> int:
        """The root of its processes."""
        return self._process.pid

    async def first_answer(self) -> Start:
        """Wait until it answers, and look at it at rest. RequestFailed when it does not start."""
        request = self.address.request("GET", "/_matrix/client/versions")
        while not await self._answers(request):
            if time.perf_counter() - self._begun_s > _START_S or self._process.poll() is not None:
                raise RequestFailed("the server did not start; see server.log in its folder")
            await asyncio.sleep(0.01)
        took, cpu = time.perf_counter() - self._begun_s, cpu_seconds(self.pid)
        if self._database_process is not None:
            # Sessions of the database are its children whoever asked for them: the server's core is theirs, too.
            for process in process_tree(self._database_process):
                os.sched_setaffinity(process, {self.core})
        await asyncio.sleep(3)
        before, begun = cpu_seconds(self.pid), time.perf_counter()
        await asyncio.sleep(4)
        share = (cpu_seconds(self.pid) - before) / (time.perf_counter() - begun)
        return Start(took, cpu, resident_mib(self.pid), share)

    def cpu_seconds(self) -> tuple[float, float]:
        """Used so far by the server and by the database."""
        database = cpu_seconds(self._database_process) if self._database_process is not None else 0.0
        return cpu_seconds(self.pid), database

    def resident_mib(self) -> float:
        """The server's memory."""
        return resident_mib(self.pid)

    async def settle(self, most_s: float = 4.0) -> None:
        """Wait until it is at rest, so that work put off until after an answer is counted with it."""
        end = time.perf_counter() + most_s
        while time.perf_counter() < end:
            before, begun = sum(self.cpu_seconds()), time.perf_counter()
            await asyncio.sleep(0.2)
            if (sum(self.cpu_seconds()) - before) / (time.perf_counter() - begun) < _QUIET_SHARE:
                return

    def stop(self) -> None:
        """End it in order."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    async def _answers(self, request: bytes) -> bool:
        try:
            connection = await self.address.connect()
            status, _ = await connection.send(request)
            connection.close()
        except (OSError, RequestFailed):
            return False
        return status == 200
