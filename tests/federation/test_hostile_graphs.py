"""Events whose past has no end, is very wide, or goes in circles, and bodies that are too large.

https://spec.matrix.org/v1.19/server-server-api/#pdus
"""

from __future__ import annotations

import http.client
import json
from itertools import count
from urllib.parse import quote, urlsplit

from homeserver.federation.authentication import RequestSigner
from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import FEDERATION, Json
from tests.support.databases import on_postgres
from tests.support.peer_homeserver import PeerHomeserver
from tests.support.peer_server import Exchange

_MOST_ASKED = 20
"""How often one event makes this server ask for what came before it, each time that it is tried."""


class HostileGraphTest(HostileCase):
    """The peer signs whatever it likes. Whatever that is, the room's state stays, and others are heard."""

    def setUp(self) -> None:
        """The state as it is."""
        super().setUp()
        self.before = self.state_ids()
        self.numbers = count(1)
        self.missing = f"{FEDERATION}/get_missing_events/{quote(self.room_id, safe='')}"
        other = self.other = self.new_peer()
        other.join(self.room_id)
        self.before = self.state_ids()

    def unknown(self) -> str:
        """An event id of which nobody has heard."""
        return f"${next(self.numbers):043d}"

    def check_others_are_heard(self, *bad: Event) -> None:
        """A good message of another server lands, the bad ones are not shown, and nothing has changed."""
        self.land(self.other)
        self.land(self.peer)
        self.assertTrue({event.event_id for event in bad}.isdisjoint(self.shown()))
        self.assertEqual(self.state_ids(), self.before)

    def test_a_past_without_end_is_not_followed_to_its_end(self) -> None:
        """The peer makes up one more event before the oldest, each time that it is asked."""
        asked = count()

        def answer(exchange: Exchange) -> None:
            next(asked)
            depth = 10_000 - next(self.numbers)
            PeerHomeserver.reply(exchange, {"events": [self.peer.message("made up", depth=depth).pdu]})

        self.peer.answers["POST", self.missing] = answer
        bad = self.peer.message("bad", prev_events=[self.unknown()], depth=20_000)
        self.peer.send([bad]).ok()

        self.check_others_are_heard(bad)

    def test_a_chain_that_is_given_backwards_one_by_one_is_given_up(self) -> None:
        """Each event cites the next one that is missing; after some rounds the server has asked enough."""
        asked: list[int] = []

        def answer(exchange: Exchange) -> None:
            asked.append(1)
            (latest, *_) = json.loads(exchange.request_body)["latest_events"]
            event = self.peer.message("made up", prev_events=[self.unknown()], depth=20_000 - len(asked))
            self.assertTrue(latest)
            PeerHomeserver.reply(exchange, {"events": [event.pdu]})

        self.peer.answers["POST", self.missing] = answer
        bad = self.peer.message("bad", prev_events=[self.unknown()], depth=20_000)
        self.peer.send([bad]).ok()
        self.check_others_are_heard(bad)

        self.assertLessEqual(len(asked), 12 * _MOST_ASKED)

    def test_events_that_cite_many_unknown_ones_hold_up_nobody(self) -> None:
        """Fifty of them, each with as many events before it as there may be."""
        bad = [self.peer.message("bad", prev_events=[self.unknown() for _ in range(20)], depth=99) for _ in range(50)]
        self.assertEqual(self.peer.send(bad).status, 200)

        self.check_others_are_heard(*bad)

    def test_the_largest_depth_does_not_stop_the_room(self) -> None:
        """What comes after it has a depth all the same."""
        deepest = self.peer.message("deep", depth=2**53 - 1)
        self.peer.send([deepest]).ok()
        self.alice.wait_for_event(self.room_id, deepest.event_id)
        own = self.alice.send(self.room_id, "after that")

        answer = self.peer.ask("GET", f"{FEDERATION}/event/{quote(own, safe='')}").ok()
        self.assertEqual(answer["pdus"][0]["depth"], 2**53 - 1)

    def test_many_forks_are_joined(self) -> None:
        """A hundred messages beside each other: what comes next follows on some of them, and the rest soon after."""
        events = [self.peer.message(str(number)) for number in range(100)]
        for half in (events[:50], events[50:]):
            self.peer.send(half).ok()
        self.land(self.peer)
        sent = [self.alice.send(self.room_id, str(number)) for number in range(16)]
        last = self.peer.ask("GET", f"{FEDERATION}/event/{quote(sent[-1], safe='')}").ok()["pdus"][0]

        self.assertEqual(last["prev_events"], [sent[-2]])
        self.assertLessEqual({event.event_id for event in events}, self.shown().keys())

    def test_a_body_of_a_hundred_megabytes_is_refused_before_it_comes(self) -> None:
        """413, by what is announced; nothing of it is waited for."""
        uri = f"{FEDERATION}/send/{self.peer.new_txn_id()}"
        authorization = RequestSigner(self.peer.identity).authorization(self.server.name, "PUT", uri, b"{}")
        connection = http.client.HTTPConnection(urlsplit(self.server.url).netloc, timeout=20)
        self.addCleanup(connection.close)
        connection.putrequest("PUT", uri)
        for name, value in {
            "Authorization": authorization,
            "Content-Type": "application/json",
            "Content-Length": str(100 * 1024 * 1024),
        }.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        answer: Json = json.loads(response.read())

        self.assertEqual((response.status, answer["errcode"]), (413, "M_TOO_LARGE"))


HostileGraphTestOnPostgres = on_postgres(HostileGraphTest)
