"""Peers that take their time, and events that are made to cost this server some: nobody else waits for either.

https://spec.matrix.org/v1.19/server-server-api/#transactions
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import quote, urlsplit

from homeserver.federation.authentication import RequestSigner
from homeserver.protocol.canonical_json import encode_lax
from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import FEDERATION, Json
from tests.support.databases import on_postgres
from tests.support.peer_server import Exchange

_CONNECTIONS = 40
_DRIP_S = 0.02
_EVENTS = 40
_BUDGET_S = 0.3
"""Seconds of CPU an event may cost, its making by the peer and the test's own share included: some fifty times what a
good message costs, so that no busy machine comes near it."""

_UNKNOWN = "$" + "u" * 43


class HostileSlownessTest(HostileCase):
    """The peer is slow; another server in the room is not."""

    def setUp(self) -> None:
        """The other server, and what ends all that drips."""
        super().setUp()
        self.other = self.new_peer()
        self.other.join(self.room_id)
        self.is_over = threading.Event()
        self.addCleanup(self.is_over.set)

    def path(self, name: str) -> str:
        """A path of the peer's that names the room."""
        return f"{FEDERATION}/{name}/{quote(self.room_id, safe='')}"

    def _drip_request(self, event: Event) -> None:
        """A transaction whose body comes byte by byte, and never whole."""
        uri = f"{FEDERATION}/send/{self.peer.new_txn_id()}"
        body = encode_lax({"origin": self.peer.name, "origin_server_ts": 1, "pdus": [event.pdu], "edus": []})
        authorization = RequestSigner(self.peer.identity).authorization(self.server.name, "PUT", uri, body)
        head = f"PUT {uri} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Length: {len(body)}\r\n\r\n"
        place = urlsplit(self.server.url)
        connection = socket.create_connection((str(place.hostname), place.port or 80))
        self.addCleanup(connection.close)
        connection.sendall(head.encode())

        def drip() -> None:
            with suppress(OSError):
                for byte in body[:-1]:
                    connection.sendall(bytes([byte]))
                    if self.is_over.wait(_DRIP_S):
                        return

        threading.Thread(target=drip, daemon=True).start()

    def _drip_answer(self, exchange: Exchange) -> None:
        """An answer without end."""
        with suppress(OSError):
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")
            while not self.is_over.wait(_DRIP_S):
                exchange.raw(b" ")

    def test_bodies_that_come_byte_by_byte_hold_up_nobody(self) -> None:
        """Many of them at once: others are answered, and nothing of what is not whole is shown."""
        bad = [self.peer.message(f"slow {number}") for number in range(_CONNECTIONS)]
        for event in bad:
            self._drip_request(event)

        self.land(self.other)
        self.land(self.peer)
        self.assertTrue({event.event_id for event in bad}.isdisjoint(self.shown()))

    def test_answers_that_come_byte_by_byte_hold_up_nobody(self) -> None:
        """Whatever the peer is asked for after an event whose past nobody has."""
        for method, name in (("POST", "get_missing_events"), ("GET", "state_ids"), ("GET", "state")):
            self.peer.answers[method, self.path(name)] = self._drip_answer
        self.peer.answers_below[f"{FEDERATION}/event/"] = self._drip_answer
        bad = self.peer.message("bad", prev_events=[_UNKNOWN])
        self.peer.send([bad]).ok()

        self.land(self.other)
        second = self.alice.create_room(preset="public_chat")
        self.peer.join(second)
        self.land(self.peer, second)
        self.assertNotIn(bad.event_id, {one["event_id"] for one in self._page()})

    def _page(self) -> list[Json]:
        chunk: list[Json] = self.alice.get(f"/rooms/{self.room_id}/messages", {"dir": "b", "limit": 500})["chunk"]
        return chunk

    def _costly(self) -> Iterator[tuple[str, Callable[[int], Event]]]:
        """What is dear to check, by what makes it so; each as large as an event may be."""
        nested: list[object] = []
        for _ in range(400):
            nested = [nested]
        create = self.peer.state["m.room.create", ""].event_id
        users = {f"@user-{number}:example.org": number % 100 for number in range(1_500)}
        deep = 20_000
        yield "deeply nested", lambda n: self.peer.build("m.room.message", {"body": str(n), "x": nested})
        yield "of many keys", lambda n: self.peer.build("m.room.message", {str(key): n for key in range(5_000)})
        yield "of long texts", lambda n: self.peer.message(f"{n} word" * 8_000)
        yield (
            "with many events before it",
            lambda n: self.peer.message(
                str(n), prev_events=[f"${n:03d}{other:040d}" for other in range(20)], depth=deep
            ),
        )
        yield (
            "with many authorising it",
            lambda n: self.peer.message(str(n), auth_events=[f"${n:03d}{other:040d}" for other in range(10)]),
        )
        yield "citing the same again", lambda n: self.peer.message(str(n), auth_events=[create] * 10)
        yield (
            "power levels of many",
            lambda n: self.peer.build("m.room.power_levels", {"users": {**users, self.peer.user_id: n}}, state_key=""),
        )
        yield (
            "access control of many",
            lambda n: self.peer.build(
                "m.room.server_acl", {"deny": [f"*{n}*{other}*?*a*" for other in range(2_000)]}, state_key=""
            ),
        )

    def test_no_event_costs_much(self) -> None:
        """Some dozens of each kind, one beside the other."""
        self.peer.on("POST", self.path("get_missing_events"), {"events": []})
        before = self.state_ids()
        for what, make in self._costly():
            with self.subTest(what):
                began_s = time.process_time()
                for start in range(0, _EVENTS, 10):
                    self.peer.send([make(number) for number in range(start, start + 10)])
                self.land(self.other)
                cost_s = (time.process_time() - began_s) / _EVENTS
                self.assertLess(cost_s, _BUDGET_S)
        self.assertEqual(self.state_ids(), before)


HostileSlownessTestOnPostgres = on_postgres(HostileSlownessTest)
