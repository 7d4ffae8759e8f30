"""Connecting anew after a connection was lost."""

from __future__ import annotations

import logging
import time

from homeserver.database.engine import Connection, Engine

logger = logging.getLogger(__name__)

#: Six seconds altogether: a database that is restarted is back by then, and nobody waits for one that is down.
_WAITS_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.0)


def connect_patiently(engine: Engine, *, is_writer: bool) -> Connection:
    """A connection, tried for some seconds. Blocks; raises the last failure."""
    for wait_s in _WAITS_S:
        try:
            return engine.connect(is_writer=is_writer)
        except Exception as error:
            logger.warning("cannot connect to the database, trying again: %s", error)
        time.sleep(wait_s)
    return engine.connect(is_writer=is_writer)
