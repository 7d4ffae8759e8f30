"""Measures a window: what the server used meanwhile, and how long each answer took."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench.connection import Connection, expect_ok
from bench.machine_speed import SpeedGauge
from bench.processes import machine_seconds
from bench.running import Running


@dataclass(slots=True)
class Window:
    """Times of answers in seconds."""

    took_s: list[float] = field(default_factory=list)
    end_s: float = 0.0

    async def one(self, connection: Connection, request: bytes) -> bytes:
        """One operation; its answer's body."""
        begun = time.perf_counter()
        status, body = await connection.send(request)
        self.note(begun)
        expect_ok(request, status, body)
        return body

    async def run(self, connection: Connection, requests: Sequence[bytes]) -> None:
        """One operation after the other."""
        for request in requests:
            await self.one(connection, request)

    def note(self, begun_s: float) -> None:
        """An operation that began then has ended now."""
        self.end_s = time.perf_counter()
        self.took_s.append(self.end_s - begun_s)


@dataclass(frozen=True, slots=True)
class Figures:
    """CPU milliseconds an operation as they were; `loop_us` tells how fast the machine was, see `machine_speed`."""

    operations: int
    server_ms: float
    database_ms: float
    client_ms: float
    loop_us: float | None
    p50_ms: float
    p99_ms: float
    per_second: float
    others_share: float
    resident_mib: float


class Meter:
    """Collects figures by name."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._gauge = SpeedGauge({running.core})
        self.figures: dict[str, Figures] = {}

    @asynccontextmanager
    async def measure(self, name: str) -> AsyncIterator[Window]:
        """A window; what the server does after the last answer until it is at rest belongs to it."""
        await self._running.settle()
        window = Window()
        before, own, machine = self._running.cpu_seconds(), time.process_time(), machine_seconds()
        begun, begun_monotonic = time.perf_counter(), time.monotonic()
        yield window
        own = time.process_time() - own
        await self._running.settle()
        server, database = (now - was for now, was in zip(self._running.cpu_seconds(), before, strict=True))
        count, all_s = len(window.took_s) or 1, time.perf_counter() - begun
        took = sorted(window.took_s) or [0.0]
        self.figures[name] = Figures(
            operations=len(window.took_s),
            server_ms=server * 1000 / count,
            database_ms=database * 1000 / count,
            client_ms=own * 1000 / count,
            loop_us=self._gauge.mean_us(begun_monotonic, time.monotonic()),
            p50_ms=took[len(took) // 2] * 1000,
            p99_ms=took[min(len(took) - 1, int(len(took) * 0.99))] * 1000,
            per_second=count / max(window.end_s - begun, 1e-9),
            others_share=max(0.0, (machine_seconds() - machine - server - database - own) / all_s),
            resident_mib=self._running.resident_mib(),
        )

    def fastest_us(self) -> float | None:
        """See `SpeedGauge`."""
        return self._gauge.fastest_us()

    def close(self) -> None:
        """End what measures the machine."""
        self._gauge.close()
