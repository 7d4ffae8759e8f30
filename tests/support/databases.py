"""Fresh databases for tests, on each engine: one suite runs on SQLite and, where there is one, on PostgreSQL.

    class Aliases(unittest.TestCase):
        engine = "sqlite"

        @classmethod
        def setUpClass(cls) -> None:
            cls.place = cls.enterClassContext(fresh_database(cls.engine))

    AliasesOnPostgres = on_postgres(Aliases)

HEARTH_TEST_POSTGRES is a connection string of a PostgreSQL where databases may be created; `./check` starts one.
Without it `on_postgres` answers None, and pytest finds no second suite.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

Suite = TypeVar("Suite", bound=type[Any])

POSTGRES = os.environ.get("HEARTH_TEST_POSTGRES", "")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is: what `open_database` is given."""

    engine: str
    location: str

    @property
    def config(self) -> dict[str, Any]:
        """The section `database` of a server's configuration."""
        if self.engine == "sqlite":
            return {"name": "sqlite3", "args": {"database": self.location}}
        return {"name": "psycopg2", "args": conninfo_to_dict(self.location)}


@contextmanager
def fresh_database(engine: str) -> Iterator[Place]:
    """An empty database, removed at the end, also when somebody is still connected."""
    with _on_postgresql() if engine == "postgresql" else _on_sqlite() as place:
        yield place


def on_postgres(suite: Suite) -> Suite | None:
    """The same suite with `engine = "postgresql"`; None where the tests were given no PostgreSQL."""
    if not POSTGRES:
        return None
    name = f"{suite.__name__}OnPostgres"
    made: Any = type(name, (suite,), {"engine": "postgresql", "__module__": suite.__module__, "__qualname__": name})
    return made  # type: ignore[no-any-return]


@contextmanager
def _on_sqlite() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="hearth-test-") as folder:
        yield Place("sqlite", str(Path(folder) / "homeserver.db"))


@contextmanager
def _on_postgresql() -> Iterator[Place]:
    name = f"hearth_test_{secrets.token_hex(6)}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield Place("postgresql", make_conninfo(POSTGRES, dbname=name))
    finally:
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
