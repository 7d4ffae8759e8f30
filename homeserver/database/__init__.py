"""The database: the only truth. Infrastructure that knows no feature."""

from __future__ import annotations

from homeserver.database.cache import ByteCache, CacheBudget
from homeserver.database.database import Database
from homeserver.database.engine import DatabaseTooNew
from homeserver.database.feed import Change, ChangeFeed
from homeserver.database.opening import open_database
from homeserver.database.transaction import NotFoundRow, Transaction

__all__ = [
    "ByteCache",
    "CacheBudget",
    "Change",
    "ChangeFeed",
    "Database",
    "DatabaseTooNew",
    "NotFoundRow",
    "Transaction",
    "open_database",
]
