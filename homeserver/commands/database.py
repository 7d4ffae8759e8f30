"""`hearthctl database copy`: from SQLite to PostgreSQL."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from pathlib import Path

import psycopg

from homeserver import config
from homeserver.commands.pid_file import find_running
from homeserver.database.copying import CopyFailed, copy_to_postgresql
from homeserver.wiring.ground import database_place
from homeserver.wiring.tables import TABLES


def run_database_command(options: argparse.Namespace) -> int:
    """Copy, and print what; 1 where nothing was copied. Raises ConfigError."""
    source, target = config.load(options.config_path), config.load([*options.config_path, options.to])
    name, path = database_place(source)
    if name != "sqlite" or source.database.path is None:
        raise config.ConfigError(["database: found PostgreSQL; what is copied is a database of SQLite"])
    name, dsn = database_place(target)
    if name != "postgresql":
        raise config.ConfigError([f"{options.to}: database: found SQLite; allowed is `name: psycopg` with its args"])
    running = None if source.server.pid_file is None else find_running(source.server.pid_file)
    if running is not None:
        print(f"hearthctl: the server runs as process {running}; stop it first", file=sys.stderr)
        return 1
    try:
        copied = copy_to_postgresql(Path(path), dsn, TABLES)
    except (CopyFailed, sqlite3.Error, psycopg.Error) as error:
        print(f"hearthctl: nothing was copied: {str(error).strip()}", file=sys.stderr)
        return 1
    for table in copied:
        if table.rows:
            print(f"{table.rows:>12,} {table.name}")
    print(f"copied {sum(table.rows for table in copied):,} rows of {len(copied)} tables from {path}")
    print(f"Now make `database` in your configuration what it is in {options.to}, and start the server.")
    return 0
