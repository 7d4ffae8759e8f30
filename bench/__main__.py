"""`python -m bench`: measure servers in turn and print the table. `bench/run` installs what is needed and calls it."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from bench.connection import Address, RequestFailed
from bench.meter import Meter
from bench.postgres import Cluster
from bench.results import Result, read_result, table
from bench.running import Running
from bench.scenarios import LARGE, SCENARIOS, Scenario
from bench.servers import Place, version_of, write_hearth, write_synapse
from bench.world import World

_SERVER_CORE, _LOAD_CORE = 0, 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("--servers", default="hearth", help="of hearth, synapse; separated by commas")
    parser.add_argument("--databases", default="sqlite", help="of sqlite, postgres; separated by commas")
    names = f"{', '.join(SCENARIOS)}; not among `all`: {', '.join(LARGE)}"
    parser.add_argument("--scenarios", default="all", help=f"separated by commas: {names}")
    parser.add_argument("--runs", type=int, default=1, help="how often; the servers take turns")
    parser.add_argument("--scale", type=float, default=1.0, help="a factor on all counts")
    parser.add_argument("--growth-events", type=int, default=1_000_000, help="where the measure of growth ends")
    parser.add_argument("--synapse-python", type=Path, help="the interpreter with which Synapse is installed")
    parser.add_argument("--folder", type=Path, required=True, help="for databases and results; 10 GB for growth")
    parser.add_argument("--port", type=int, default=18100, help="the first of two on loopback")
    parser.add_argument("--table", type=Path, nargs="*", metavar="RESULT", help="measure nothing: print these results")
    return parser.parse_args()


def main() -> int:
    """The exit status."""
    arguments = _arguments()
    if arguments.table is not None:
        sys.stdout.write(table([read_result(path) for path in arguments.table]) + "\n")
        return 0
    scenarios = _chosen(arguments.scenarios)
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {_LOAD_CORE})
    arguments.folder = arguments.folder.absolute()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    for run in range(1, arguments.runs + 1):
        for database in arguments.databases.split(","):
            for server in arguments.servers.split(","):
                result = _measure(arguments, server, database, scenarios)
                result.write(arguments.folder / f"{server}-{database}-{run}.json")
                results.append(result)
    sys.stdout.write(table(results) + "\n")
    return 0


def _chosen(names: str) -> dict[str, Scenario]:
    known = {**SCENARIOS, **LARGE}
    if names == "all":
        return SCENARIOS
    unknown = set(names.split(",")) - set(known)
    if unknown:
        raise SystemExit(f"no such scenario: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return {name: scenario for name, scenario in known.items() if name in names.split(",")}


def _measure(arguments: argparse.Namespace, server: str, database: str, scenarios: dict[str, Scenario]) -> Result:
    folder = arguments.folder / "server"
    shutil.rmtree(folder, ignore_errors=True)
    with ExitStack() as stack:
        database_process = postgres_port = None
        if database == "postgres":
            cluster = Cluster(arguments.folder / "postgres", arguments.port + 1)
            database_process, postgres_port = cluster.start(), cluster.port
            stack.callback(cluster.stop)
            cluster.create("bench")
        place = Place(folder, arguments.port, postgres_port, "bench")
        command = write_hearth(place) if server == "hearth" else write_synapse(place, arguments.synapse_python)
        running = Running(Address(place.url), command, _SERVER_CORE, database_process)
        stack.callback(running.stop)
        return asyncio.run(_run(arguments, running, (server, database), scenarios))


async def _run(
    arguments: argparse.Namespace, running: Running, names: tuple[str, str], scenarios: dict[str, Scenario]
) -> Result:
    start = await running.first_answer()
    world = World(running.address, arguments.scale, arguments.growth_events)
    meter = Meter(running)
    try:
        for name, scenario in scenarios.items():
            begun = time.monotonic()
            try:
                await scenario(world, meter)
            except RequestFailed as error:
                sys.stderr.write(f"{names[0]}, {name}: {error}\n")
            sys.stderr.write(f"{names[0]}, {names[1]}, {name}: {time.monotonic() - begun:.0f} s\n")
        version = await version_of(running.address)
        return Result(*names[:1], version, names[1], start, running.resident_mib(), meter.fastest_us(), meter.figures)
    finally:
        meter.close()


if __name__ == "__main__":
    raise SystemExit(main())
