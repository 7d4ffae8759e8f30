"""A process that writes until it is killed, and says each number once its transaction is acknowledged.

python -m tests.database.writing_process ENGINE LOCATION
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from homeserver.database import Database, Transaction, open_database
from tests.database.database_case import TABLES, add_thing
from tests.support.databases import Place
from tests.support.own_reactor import run

_AT_ONCE = 16
_ROOT = Path(__file__).parents[2]


def start_writing(place: Place) -> subprocess.Popen[str]:
    """Such a process; its standard output has a number a line."""
    command = [sys.executable, "-m", "tests.database.writing_process", place.engine, place.location]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT)


def add_pair(tx: Transaction, name: str) -> None:
    """Two rows, of which there must never be one alone."""
    add_thing(tx, name)
    add_thing(tx, name)


async def write_for_ever(database: Database, numbers: itertools.count[int]) -> None:
    """One after the other."""
    while True:
        name = str(next(numbers))
        await database.transact(add_pair, name)
        os.write(1, f"{name}\n".encode())


def main(engine: str, location: str) -> None:
    """Several at a time, so that commits are shared."""
    database = open_database(engine, location, reactor)
    database.start(TABLES)
    numbers = itertools.count()

    async def write() -> None:
        await gatherResults([Deferred.fromCoroutine(write_for_ever(database, numbers)) for _ in range(_AT_ONCE)])

    run(write(), timeout_s=60)


if __name__ == "__main__":
    main(*sys.argv[1:])
