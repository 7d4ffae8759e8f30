"""Closing the outbound client: what is under way ends at once, and nothing begins any more."""

from __future__ import annotations

import threading

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from homeserver.http.egress_errors import ConnectionBroken
from tests.support.outbound import OutboundCase
from tests.support.own_reactor import run
from tests.support.peer_server import Exchange


class EgressClosingTest(OutboundCase):
    """A server that sends `beginning` of an answer, and no more."""

    def setUp(self) -> None:
        """The server and a client."""
        self.beginning = b""
        self.was_asked, is_over = threading.Event(), threading.Event()

        def answer(exchange: Exchange) -> None:
            exchange.raw(self.beginning)
            self.was_asked.set()
            is_over.wait(30)

        self.url = f"http://127.0.0.1:{self.serve(answer).port}/"
        self.addCleanup(is_over.set)
        self.egress = self.client()

    def test_a_request_without_an_answer_ends(self) -> None:
        """Its caller is told that the connection broke."""

        async def close_meanwhile() -> None:
            request = Deferred.fromCoroutine(self.egress.request("GET", self.url))
            await deferToThread(self.was_asked.wait, 10)
            self.egress.close()
            await request

        with self.assertRaises(ConnectionBroken):
            run(close_meanwhile())

    def test_an_answer_that_is_still_coming_ends(self) -> None:
        """Also for who reads it piece by piece."""
        self.beginning = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"

        async def close_meanwhile() -> None:
            stream = await self.egress.stream("GET", self.url)
            self.egress.close()
            await stream.read()

        with self.assertRaises(ConnectionBroken):
            run(close_meanwhile())

    def test_nothing_begins_afterwards(self) -> None:
        """A request is refused."""

        async def ask() -> None:
            self.egress.close()
            await self.egress.request("GET", self.url)

        with self.assertRaises(ConnectionBroken):
            run(ask())
        self.assertFalse(self.was_asked.is_set())
