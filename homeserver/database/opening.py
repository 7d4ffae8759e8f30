"""Opening a database by its name."""

from __future__ import annotations

from typing import Any

from homeserver.database.database import Database
from homeserver.database.engine import Engine
from homeserver.database.postgresql import PostgresEngine
from homeserver.database.sqlite import SqliteEngine


def open_database(name: str, location: str, reactor: Any) -> Database:
    """`sqlite` with a path (or `:memory:`), or `postgresql` with a connection string. `start` comes next."""
    engine: Engine = PostgresEngine(location) if name == "postgresql" else SqliteEngine(location)
    return Database(engine, reactor)
