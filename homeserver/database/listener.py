"""Hears of what other processes commit to a shared PostgreSQL.

NOTIFY carries only "the position is now P"; the changes are read from the table, so that a lost notification loses
nothing. Volatile announcements (typing, presence) travel as notifications alone.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from typing import Any

from twisted.internet.interfaces import IReactorFromThreads

from homeserver.database import bookkeeping
from homeserver.database.feed import ChangeFeed
from homeserver.database.postgresql import PostgresConnection, PostgresEngine
from homeserver.database.seen import SeenChanges

logger = logging.getLogger(__name__)

_POLL_S = 1.0
_MOST_PAYLOAD_BYTES = 7_500


class Listener:
    """A thread that waits for notifications."""

    def __init__(
        self, engine: PostgresEngine, feed: ChangeFeed, seen: SeenChanges, reactor: IReactorFromThreads
    ) -> None:
        self._engine = engine
        self._feed = feed
        self._seen = seen
        self._reactor = reactor
        self._process_id = secrets.token_hex(8)
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="database-listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End. Blocks for up to a second."""
        self._is_stopping = True
        if self._thread.is_alive():
            self._thread.join()

    def payload(self, topic: str, key: str, value: dict[str, Any]) -> str | None:
        """A volatile announcement as a notification; None where it is too long to travel."""
        text = json.dumps([self._process_id, topic, key, value])
        return text if len(text.encode()) <= _MOST_PAYLOAD_BYTES else None

    def _run(self) -> None:
        while not self._is_stopping:
            connection = None
            try:
                connection = self._engine.connect(is_writer=False)
                self._listen(connection)
            except Exception:
                logger.exception("listening for notifications failed; trying again")
                time.sleep(_POLL_S)
            finally:
                if connection is not None:
                    connection.close()

    def _listen(self, connection: PostgresConnection) -> None:
        connection.execute("LISTEN hearth_position", {})
        connection.execute("LISTEN hearth_volatile", {})
        while not self._is_stopping:
            for notification in connection.raw.notifies(timeout=_POLL_S, stop_after=1):
                if notification.channel == "hearth_volatile":
                    self._volatile(notification.payload)
            self._read_changes(connection)

    def _read_changes(self, connection: PostgresConnection) -> None:
        position = bookkeeping.read_position(connection)
        changes = self._seen.catch_up(connection, position)
        if changes:
            self._reactor.callFromThread(self._feed.deliver, changes, changes[-1].position)

    def _volatile(self, text: str) -> None:
        sender, topic, key, value = json.loads(text)
        if sender != self._process_id:
            self._reactor.callFromThread(self._feed.announce, topic, key, value)
