"""What a peer is sent by `/send`, noted for a test to wait on."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

from homeserver.protocol.events import parse_event
from tests.federation.room_peer import FEDERATION, RoomPeer
from tests.support.peer_server import Exchange

_PATIENCE_S = 60.0


class Inbox:
    """The ids of the events that a peer was sent, in order. While `is_up` is false it takes none."""

    def __init__(self, peer: RoomPeer) -> None:
        self._peer = peer
        self._event_ids: list[str] = []
        self._refusals = 0
        self._changed = threading.Condition()
        self.is_up = True
        peer.answers_below[f"{FEDERATION}/send/"] = self._take

    def wait_for(self, event_id: str) -> list[str]:
        """What was sent so far, once this event was."""
        return self._wait(lambda: event_id in self._event_ids)

    def wait_for_refusal(self) -> None:
        """Wait until something was sent that was not taken."""
        self._wait(lambda: self._refusals > 0)

    def _wait(self, is_there: Callable[[], bool]) -> list[str]:
        until_s = time.monotonic() + _PATIENCE_S
        with self._changed:
            while not is_there():
                if not self._changed.wait(until_s - time.monotonic()):
                    raise AssertionError(f"all that {self._peer.name} was sent is {self._event_ids}")
            return list(self._event_ids)

    def _take(self, exchange: Exchange) -> None:
        pdus = json.loads(exchange.request_body)["pdus"]
        with self._changed:
            is_up = self.is_up
            if is_up:
                self._event_ids += [parse_event(pdu, self._peer.version).event_id for pdu in pdus]
            else:
                self._refusals += 1
            self._changed.notify_all()
        self._peer.reply(exchange, {"pdus": {}}, 200 if is_up else 503)
