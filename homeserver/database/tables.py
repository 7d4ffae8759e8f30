"""How an owner declares its tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name, the package that alone writes it, its SQL, what bounds it, and what removes its rows.

    In the SQL, `SERIAL8 PRIMARY KEY` is a number that is given automatically, `BYTEA` are bytes; statements end with
    `;`, which stands nowhere else. A released table is changed by changing `sql` to what a new database shall have,
    adding 1 to `version`, and saying in `migrations[version]` which statements bring a table of the version before
    to the same. They run at the next start, before anything else, when all new tables are there.
    """

    name: str
    owner: str
    sql: str
    bound: str
    reaper: str
    version: int = 1
    migrations: Mapping[int, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Raises `ValueError` where there is not one migration to each version after the first."""
        if sorted(self.migrations) != list(range(2, self.version + 1)):
            raise ValueError(f"the table {self.name} needs migrations to the versions 2 to {self.version}")
