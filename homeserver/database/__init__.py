"""The database: the only truth. Infrastructure that knows no feature."""

from __future__ import annotations

from homeserver.database.cache import ByteCache, CacheBudget
from homeserver.database.database import Database, ReaderLimits
from homeserver.database.engine import DatabaseClosed, DatabaseTooNew, OutcomeUnknown
from homeserver.database.feed import Change, ChangeFeed
from homeserver.database.opening import open_database
from homeserver.database.transaction import NotFoundRow, Transaction

__all__ = [
    "ByteCache",
    "CacheBudget",
    "Change",
    "ChangeFeed",
    "Database",
    "DatabaseClosed",
    "DatabaseTooNew",
    "NotFoundRow",
    "OutcomeUnknown",
    "ReaderLimits",
    "Transaction",
    "open_database",
]
