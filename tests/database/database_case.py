"""What the database's tests share: tables, opened databases, and waiting on the reactor."""

from __future__ import annotations

import threading
import time
import unittest
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from twisted.internet import reactor, task
from twisted.internet.defer import Deferred, gatherResults

from homeserver.database import Database, Transaction, open_database
from homeserver.database.tables import Table
from tests.support.databases import fresh_database
from tests.support.own_reactor import run

THINGS = Table(
    name="things",
    owner="test",
    sql="""
    CREATE TABLE things (thing_nid SERIAL8 PRIMARY KEY, name TEXT NOT NULL, position BIGINT NOT NULL, content BYTEA);
    CREATE INDEX things_name ON things (name);
    """,
    bound="one test",
    reaper="never",
)
COUNTERS = Table(
    name="counters",
    owner="test",
    sql="CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL);",
    bound="one test",
    reaper="never",
)
TABLES = [THINGS, COUNTERS]


class Wrong(Exception):
    """What a test's body raises."""


def add_thing(tx: Transaction, name: str) -> int:
    """Insert a thing and publish it; its number."""
    position = tx.publish("things", name)
    nid: int = tx.insert(
        "INSERT INTO things (name, position) VALUES (:name, :position) RETURNING thing_nid",
        name=name,
        position=position,
    )
    return nid


def add_and_fail(tx: Transaction, name: str) -> None:
    """Insert a thing, publish it, and raise."""
    add_thing(tx, name)
    raise Wrong(name)


def names(tx: Transaction) -> list[str]:
    """Of all things, in the order of their positions."""
    return [row[0] for row in tx.all("SELECT name FROM things ORDER BY position, thing_nid")]


def count_up(tx: Transaction, name: str) -> int:
    """Read a counter, then write it: what is lost where two do so at once."""
    value: int = tx.one("SELECT value FROM counters WHERE name = :name", name=name)[0] + 1
    tx.run("UPDATE counters SET value = :value WHERE name = :name", value=value, name=name)
    return value


def all_of(coroutines: Sequence[Coroutine[Any, Any, Any]], timeout_s: float = 60) -> list[Any]:
    """Run them at once; their results, or an exception in the place of each that raised."""

    async def outcome(coroutine: Coroutine[Any, Any, Any]) -> Any:
        try:
            return await coroutine
        except Exception as error:
            return error

    async def gather() -> list[Any]:
        found: list[Any] = await gatherResults([Deferred.fromCoroutine(outcome(each)) for each in coroutines])
        return found

    return run(gather(), timeout_s)


def begin(coroutine: Coroutine[Any, Any, Any]) -> list[Deferred[Any]]:
    """Start it and come back at once, with what `result_of` waits for."""

    async def start() -> list[Deferred[Any]]:
        return [Deferred.fromCoroutine(coroutine)]

    return run(start())


def result_of(begun: list[Deferred[Any]], timeout_s: float = 30) -> Any:
    """Wait for what was begun."""

    async def wait() -> Any:
        return await begun[0]

    return run(wait(), timeout_s)


def wait_until(is_so: Callable[[], bool], timeout_s: float = 20) -> None:
    """Come back when something is so, asked on the reactor's thread; fails after a time."""
    until_s = time.monotonic() + timeout_s

    async def wait() -> bool:
        while not is_so() and time.monotonic() < until_s:
            await task.deferLater(reactor, 0.01)
        return is_so()

    if not run(wait(), timeout_s + 5):
        raise AssertionError("it did not happen")


class DatabaseCase(unittest.TestCase):
    """Each test has a fresh database, `self.database`."""

    engine = "sqlite"

    def setUp(self) -> None:
        """Open it."""
        self.place = self.enterContext(fresh_database(self.engine))
        self.database = self.open()

    def open(self, tables: Sequence[Table] = TABLES) -> Database:
        """Another `Database` over the same one."""
        database = open_database(self.place.engine, self.place.location, reactor)
        database.start(tables)
        self.addCleanup(database.close)
        return database

    def heard(self, database: Database, topic: str = "things") -> list[str]:
        """A list that grows by the key of every change of a topic."""
        keys: list[str] = []
        database.feed.subscribe(topic, lambda changes: keys.extend(change.key for change in changes))
        return keys

    def transact(self, body: Callable[..., Any], *arguments: Any, locks: Sequence[str] = ()) -> Any:
        """In `self.database`, waiting for the result."""
        return run(self.database.transact(body, *arguments, locks=locks))

    def read(self, body: Callable[..., Any], *arguments: Any) -> Any:
        """From `self.database`, waiting for the result."""
        return run(self.database.read(body, *arguments))

    def at_once(self, coroutines: Sequence[Coroutine[Any, Any, Any]], database: Database | None = None) -> list[Any]:
        """The outcomes of what is asked for while the writer is busy, so that it all waits together."""
        is_held, is_released = threading.Event(), threading.Event()

        def hold(tx: Transaction) -> None:
            is_held.set()
            is_released.wait(30)

        async def release() -> None:
            is_released.set()

        held = begin((database or self.database).transact(hold))
        is_held.wait(30)
        outcomes = all_of([*coroutines, release()])[:-1]
        result_of(held)
        return outcomes
