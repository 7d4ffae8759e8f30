"""How an owner declares its tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name, the package that alone writes it, its SQL, what bounds it, and what removes its rows.

    In the SQL, `SERIAL8 PRIMARY KEY` is a number that is given automatically, `BYTEA` are bytes.
    """

    name: str
    owner: str
    sql: str
    bound: str
    reaper: str
    version: int = 1
