"""Hears of what other processes commit to a shared PostgreSQL.

NOTIFY carries only "the position is now P"; the changes are read from the table, so that a lost notification loses
nothing. Volatile announcements (typing, presence) travel as notifications alone.
"""

from __future__ import annotations

import itertools
import json
import logging
import secrets
import selectors
import socket
import threading
from collections.abc import Sequence
from typing import Any

from twisted.internet.interfaces import IReactorFromThreads

from homeserver.database.feed import Change, ChangeFeed
from homeserver.database.postgresql import PostgresConnection, PostgresEngine
from homeserver.database.seen import SeenChanges

logger = logging.getLogger(__name__)

POSITION_CHANNEL = "hearth_position"
VOLATILE_CHANNEL = "hearth_volatile"
_POLL_S = 1.0
_MOST_PAYLOAD_BYTES = 7_500


class Listener:
    """A thread that waits for notifications, and every second looks whether one was lost."""

    def __init__(
        self, engine: PostgresEngine, feed: ChangeFeed, seen: SeenChanges, reactor: IReactorFromThreads
    ) -> None:
        self._engine = engine
        self._feed = feed
        self._seen = seen
        self._reactor = reactor
        self._process_id = secrets.token_hex(8)
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self._woken, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="database-listener", daemon=True)

    def start(self) -> None:
        """Begin to listen. Blocks until it does; raises where there is no connection."""
        self._connection: PostgresConnection | None = self._connect()
        self._thread.start()

    def stop(self) -> None:
        """End. Blocks."""
        self._stopping.set()
        self._waker.send(b"x")
        if self._thread.is_alive():
            self._thread.join()
        self._woken.close()
        self._waker.close()

    def payload(self, topic: str, key: str, value: dict[str, Any]) -> str | None:
        """A volatile announcement as a notification; None where it is too long to travel.

        PostgreSQL leaves out what one transaction says twice; the number keeps on, off, on from becoming on, off.
        """
        text = json.dumps([self._process_id, next(self._numbers), topic, key, value])
        return text if len(text) <= _MOST_PAYLOAD_BYTES else None

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._connection is None:
                    self._connection = self._connect()
                self._listen(self._connection)
            except Exception as error:
                logger.warning("listening for notifications failed, trying again: %s", error)
                self._disconnect()
                self._stopping.wait(_POLL_S)
        self._disconnect()

    def _connect(self) -> PostgresConnection:
        connection = self._engine.connect(is_writer=False)
        connection.listen(POSITION_CHANNEL, VOLATILE_CHANNEL)
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _listen(self, connection: PostgresConnection) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            self._take_in(connection, is_due=True)
            while not self._stopping.is_set():
                self._take_in(connection, is_due=not selector.select(_POLL_S))

    def _take_in(self, connection: PostgresConnection, *, is_due: bool) -> None:
        """Work through what arrived, also while this was done."""
        heard = connection.notifications()
        while heard or is_due:
            for channel, payload in heard:
                if channel == VOLATILE_CHANNEL:
                    self._pass_on(payload)
                elif int(payload) > self._seen.position:
                    is_due = True
            if is_due:
                self._seen.catch_up(connection, self._hand_over)
            is_due = False
            heard = connection.notifications()

    def _hand_over(self, changes: Sequence[Change], position: int) -> None:
        self._reactor.callFromThread(self._feed.deliver, changes, position)

    def _pass_on(self, text: str) -> None:
        sender, _, topic, key, value = json.loads(text)
        if sender != self._process_id:
            self._reactor.callFromThread(self._feed.announce, topic, key, value)
