"""Where the server keeps its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from homeserver.config.kinds import PORT, TEXT, choice, integer
from homeserver.config.section import Section


@dataclass(frozen=True, slots=True)
class DatabaseConfig:
    """`engine` is `sqlite` (with `path`, or `:memory:`) or `postgresql` (with libpq's parameters by their names);
    of PostgreSQL's connections `min_connections` are opened at the start."""

    engine: str
    path: str | None = None
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    min_connections: int = 0
    max_connections: int = 6


def database_from(top: Section) -> DatabaseConfig:
    """The database; SQLite in `homeserver.db` of the working directory where nothing is said."""
    section = top.section("database")
    name = section.read("name", choice("sqlite3", "psycopg2", "psycopg"), "sqlite3")
    args = section.section("args")
    section.ignore("txn_limit", "allow_unsafe_locale", "statement_timeout")
    section.finish()
    args.ignore("cp_openfun", "cp_noisy", "cp_reconnect", "synchronous_commit")
    if name == "sqlite3":
        args.ignore("cp_min", "cp_max", "check_same_thread")
        path = args.read("database", TEXT, "homeserver.db")
        args.finish()
        return DatabaseConfig("sqlite", path if path == ":memory:" else str(Path(path).expanduser().absolute()))
    return _postgresql(args)


#: libpq's parameter for each key of `args`.
_POSTGRESQL_TEXTS = {
    "dbname": "dbname",
    "database": "dbname",
    "user": "user",
    "host": "host",
    "sslmode": "sslmode",
    "sslrootcert": "sslrootcert",
    "sslcert": "sslcert",
    "sslkey": "sslkey",
    "options": "options",
    "application_name": "application_name",
    "service": "service",
    "passfile": "passfile",
}
_POSTGRESQL_NUMBERS = ("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "connect_timeout")


def _postgresql(args: Section) -> DatabaseConfig:
    parameters: dict[str, str] = {}
    for key, parameter in _POSTGRESQL_TEXTS.items():
        text = args.find(key, TEXT)
        if text is not None:
            parameters[parameter] = text
    port = args.find("port", PORT)
    if port is not None:
        parameters["port"] = str(port)
    for key in _POSTGRESQL_NUMBERS:
        number = args.find(key, integer())
        if number is not None:
            parameters[key] = str(number)
    password = args.secret("password")
    if password is not None:
        parameters["password"] = password
    most = args.read("cp_max", integer(3, 1000), 6)
    least = min(most, args.read("cp_min", integer(0, 1000), 0))
    args.finish()
    return DatabaseConfig("postgresql", None, MappingProxyType(parameters), least, most)
