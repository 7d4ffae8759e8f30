"""Makes a database that was restored from a backup safe to go on with."""

from __future__ import annotations

from typing import Any

from homeserver.config import Config
from homeserver.database import Database, Transaction, open_database
from homeserver.slices.keys import queries_restored as queries
from homeserver.wiring.ground import database_place
from homeserver.wiring.tables import TABLES


def after_restore(config: Config, reactor: Any) -> int:
    """Withdraw what may have been given away, and pass over what may have been used, since the backup; the number of
    one-time keys withdrawn. The server must not be running. To be called with a reactor that does not run yet."""
    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    database = open_database(*database_place(config), reactor)
    database.start(TABLES)
    results: list[int | Failure] = []

    def finish(result: int | Failure) -> None:
        results.append(result)
        reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(_mend(database)).addBoth(finish))
    try:
        reactor.run()
    finally:
        database.close()
    (result,) = results
    if isinstance(result, Failure):
        result.raiseException()
    assert isinstance(result, int)
    return result


async def _mend(database: Database) -> int:
    # Clients have tokens of positions after the backup: what comes now has to stand behind those.
    await database.skip_positions()
    return await database.transact(_mend_keys)


def _mend_keys(tx: Transaction) -> int:
    queries.skip_stream_ids(tx)
    queries.outdate_lists(tx)
    return queries.withdraw_one_time_keys(tx)
