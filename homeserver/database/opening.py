"""Opening a database by its name."""

from __future__ import annotations

from typing import Any

from homeserver.database.database import Database, ReaderLimits
from homeserver.database.engine import Engine
from homeserver.database.postgresql import PostgresEngine
from homeserver.database.sqlite import SqliteEngine


def open_engine(name: str, location: str) -> Engine:
    """The engine of `sqlite` with a path (or `:memory:`), or of `postgresql` with a connection string."""
    return PostgresEngine(location) if name == "postgresql" else SqliteEngine(location)


def open_database(name: str, location: str, reactor: Any, limits: ReaderLimits | None = None) -> Database:
    """The database there; see `open_engine`. `start` comes next."""
    return Database(open_engine(name, location), reactor, limits or ReaderLimits())
