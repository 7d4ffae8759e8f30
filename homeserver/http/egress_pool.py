"""Connections that are kept open between requests."""

from __future__ import annotations

from typing import Any

from homeserver.http.egress_connection import HttpConnection
from homeserver.http.egress_settings import Target

#: Idle connections kept to one target, and to all of them.
MAX_IDLE_PER_TARGET = 4
MAX_IDLE = 256

_Key = tuple[str, int, str | None]


class ConnectionPool:
    """Idle connections by host, port and certificate name: what was checked for one name never serves another."""

    def __init__(self, reactor: Any, keep_alive_ms: int) -> None:
        self._reactor = reactor
        self._keep_alive_s = keep_alive_ms / 1000
        self._idle: dict[_Key, list[HttpConnection]] = {}
        self._timers: dict[HttpConnection, Any] = {}

    def take(self, target: Target, max_idle_ms: int | None) -> HttpConnection | None:
        """The connection used last, unless it has idled for longer than that; it is the caller's from now on."""
        key = (target.host, target.port, target.tls_name)
        idle = self._idle.get(key, [])
        while idle:
            connection = idle[-1]
            self._forget(key, connection)
            idle_ms = (self._reactor.seconds() - connection.idle_since) * 1000
            if connection.is_reusable and (max_idle_ms is None or idle_ms <= max_idle_ms):
                return connection
            connection.abort()
        return None

    def give_back(self, target: Target, connection: HttpConnection) -> None:
        """Keep a connection for the next request, or close it."""
        key = (target.host, target.port, target.tls_name)
        idle = self._idle.setdefault(key, [])
        if not connection.is_reusable or self._keep_alive_s <= 0 or len(self._timers) >= MAX_IDLE:
            if not idle:
                del self._idle[key]
            connection.abort()
            return
        if len(idle) >= MAX_IDLE_PER_TARGET:
            idle[0].abort()
        idle = self._idle.setdefault(key, [])
        idle.append(connection)
        connection.idle_since = self._reactor.seconds()
        connection.when_closed = lambda: self._forget(key, connection)
        self._timers[connection] = self._reactor.callLater(self._keep_alive_s, connection.abort)

    def close(self) -> None:
        """Close every idle connection."""
        for connection in list(self._timers):
            connection.abort()

    def _forget(self, key: _Key, connection: HttpConnection) -> None:
        connection.when_closed = None
        timer = self._timers.pop(connection, None)
        if timer is not None and timer.active():
            timer.cancel()
        idle = self._idle.get(key, [])
        if connection in idle:
            idle.remove(connection)
        if not idle:
            self._idle.pop(key, None)
