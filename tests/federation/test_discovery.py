"""From server names to targets: literals, well-known files, SRV records, and what happens when they fail."""

from __future__ import annotations

import time
import unittest
from collections.abc import Callable
from email.utils import formatdate
from functools import partial
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail, gatherResults, succeed
from twisted.names import dns, error, server

from homeserver.federation.discovery import Discovery, split_server_name
from homeserver.federation.srv import DnsSrvResolver, SrvAnswer, SrvLookup, SrvRecord, SrvUnavailable, in_order
from homeserver.federation.well_known import WellKnown
from homeserver.http.egress_settings import EgressOptions, Target
from tests.support.outbound import Loopback, OutboundCase
from tests.support.own_reactor import run
from tests.support.peer_server import Exchange, PeerServer

MINUTE = 60_000
HOUR = 60 * MINUTE


class Clock:
    """A time of day that a test moves."""

    def __init__(self) -> None:
        self.ms = time.time_ns() // 1_000_000

    def __call__(self) -> int:
        return self.ms


class Records:
    """SRV answers that a test gives; counts the questions."""

    def __init__(self, **answers: SrvAnswer | None) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []

    async def services(self, name: str) -> SrvAnswer:
        self.asked.append(name)
        answer = self.answers.get(name, SrvAnswer((), 300_000))
        if answer is None:
            raise SrvUnavailable(name)
        return answer


def record(host: str, port: int, priority: int = 0, weight: int = 0) -> SrvRecord:
    return SrvRecord(priority, weight, host, port)


def one(host: str, port: int) -> SrvAnswer:
    return SrvAnswer((record(host, port),), HOUR)


def reply_json(body: str, **headers: str) -> Callable[[Exchange], None]:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: exchange.reply(200, body.encode(), fields)


def _reply_status(status: int, exchange: Exchange) -> None:
    exchange.reply(status)


class DiscoveryCase(OutboundCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.records = Records()
        self.web: PeerServer | None = None

    def well_known(self, answer: Callable[[Exchange], None], *names: str) -> None:
        """Serve `/.well-known` for these names."""
        self.web = self.serve(answer, self.authority.server_context(*(names or ("example.org",))))

    def discovery(self, **settings: Any) -> Discovery:
        if self.web is None:
            self.well_known(lambda exchange: exchange.reply(404))
        assert self.web is not None
        egress = self.client(Loopback(), **settings)
        well_known = WellKnown(egress, self.clock, port=self.web.port)
        return Discovery(well_known, SrvLookup(self.records, self.clock))

    def targets(self, name: str, discovery: Discovery | None = None) -> list[Target]:
        return run((discovery or self.discovery()).targets(name))


class Literals(DiscoveryCase):
    def test_addresses_and_explicit_ports_are_taken_as_they_are(self) -> None:
        for name, target in (
            ("1.2.3.4", Target("1.2.3.4", 8448, "1.2.3.4", "1.2.3.4")),
            ("1.2.3.4:5", Target("1.2.3.4", 5, "1.2.3.4", "1.2.3.4:5")),
            ("[2001:db8::1]", Target("2001:db8::1", 8448, "2001:db8::1", "[2001:db8::1]")),
            ("[2001:db8::1]:5", Target("2001:db8::1", 5, "2001:db8::1", "[2001:db8::1]:5")),
            ("example.org:443", Target("example.org", 443, "example.org", "example.org:443")),
        ):
            with self.subTest(name):
                self.assertEqual(self.targets(name), [target])
        self.assertEqual(self.records.asked, [])

    def test_what_is_no_server_name_is_refused(self) -> None:
        for name in ("", "a b", "example.org:", "example.org:99999", "[::1", "a/b", "x@y"):
            with self.subTest(name), self.assertRaises(ValueError):
                split_server_name(name)


class WellKnownFiles(DiscoveryCase):
    def test_every_form_of_delegation(self) -> None:
        self.records.answers["_matrix-fed._tcp.srv.example"] = one("there.example", 4000)
        for delegated, target in (
            ("1.2.3.4", Target("1.2.3.4", 8448, "1.2.3.4", "1.2.3.4")),
            ("[::1]:7", Target("::1", 7, "::1", "[::1]:7")),
            ("hs.example:443", Target("hs.example", 443, "hs.example", "hs.example:443")),
            ("srv.example", Target("there.example", 4000, "srv.example", "srv.example")),
            ("plain.example", Target("plain.example", 8448, "plain.example", "plain.example")),
        ):
            with self.subTest(delegated):
                self.well_known(reply_json(f'{{"m.server": "{delegated}"}}', Content_Type="text/plain"))
                self.assertEqual(self.targets("example.org"), [target])

    def test_it_is_asked_for_at_the_host_over_https(self) -> None:
        self.well_known(reply_json('{"m.server": "hs.example:1"}'))

        self.targets("example.org")

        assert self.web is not None
        self.assertEqual(self.web.received[0].path, "/.well-known/matrix/server")
        self.assertEqual(self.web.server_names, ["example.org"])

    def test_bad_files_are_passed_over(self) -> None:
        plain = [Target("example.org", 8448, "example.org", "example.org")]
        for body in (
            "no json",
            "[]",
            "{}",
            '{"m.server": 1}',
            '{"m.server": ""}',
            '{"m.server": "a/b"}',
            '{"m.server": "a b"}',
            '{"m.server": "https://a"}',
            "[" * 100_000,
            '{"m.server": "hs.example:1"}' + " " * 60_000,
        ):
            with self.subTest(body[:30]):
                self.well_known(reply_json(body))
                self.assertEqual(self.targets("example.org"), plain)

    def test_other_statuses_are_passed_over(self) -> None:
        for status in (204, 404, 500):
            with self.subTest(status):
                self.well_known(partial(_reply_status, status))
                self.assertEqual(self.targets("example.org")[0].port, 8448)

    def test_redirections_are_followed_to_an_end(self) -> None:
        def answer(exchange: Exchange) -> None:
            if exchange.path == "/elsewhere":
                exchange.reply(200, b'{"m.server": "hs.example:1"}')
            else:
                exchange.reply(302, b"", {"Location": "/elsewhere"})

        self.well_known(answer)
        self.assertEqual(self.targets("example.org")[0].host, "hs.example")

    def test_endless_redirections_are_given_up(self) -> None:
        self.well_known(lambda exchange: exchange.reply(302, b"", {"Location": "/again"}))

        self.assertEqual(self.targets("example.org")[0].port, 8448)
        assert self.web is not None
        self.assertEqual(len(self.web.received), 31)

    def test_a_certificate_for_another_name_is_not_believed(self) -> None:
        self.well_known(reply_json('{"m.server": "evil.example:1"}'), "other.example")

        self.assertEqual(self.targets("example.org")[0].host, "example.org")

    def test_a_private_address_is_not_asked(self) -> None:
        self.well_known(reply_json('{"m.server": "evil.example:1"}'))

        found = self.targets("example.org", self.discovery(denied_ranges=("127.0.0.0/8",)))

        assert self.web is not None
        self.assertEqual((found[0].host, self.web.connections), ("example.org", 0))

    def test_several_who_ask_at_once_share_one_request(self) -> None:
        def answer(exchange: Exchange) -> None:
            time.sleep(0.1)
            exchange.reply(200, b'{"m.server": "hs.example:1"}')

        self.well_known(answer)
        discovery = self.discovery()

        async def many() -> list[list[Target]]:
            return await gatherResults([Deferred.fromCoroutine(discovery.targets("example.org")) for _ in range(5)])

        self.assertEqual({found[0].host for found in run(many())}, {"hs.example"})
        assert self.web is not None
        self.assertEqual(len(self.web.received), 1)


class WellKnownCaching(DiscoveryCase):
    def requests_after(self, answer: Callable[[Exchange], None], *waits_ms: int) -> list[int]:
        """How many requests there have been after each wait."""
        self.well_known(answer)
        discovery = self.discovery()
        counts = []
        for wait_ms in (0, *waits_ms):
            self.clock.ms += wait_ms
            self.targets("example.org", discovery)
            assert self.web is not None
            counts.append(len(self.web.received))
        return counts

    def test_a_day_without_header_fields(self) -> None:
        answer = reply_json('{"m.server": "hs.example:1"}')
        self.assertEqual(self.requests_after(answer, 23 * HOUR, 2 * HOUR), [1, 1, 2])

    def test_max_age_is_honoured(self) -> None:
        answer = reply_json('{"m.server": "hs.example:1"}', Cache_Control="public, max-age=3600")
        self.assertEqual(self.requests_after(answer, 59 * MINUTE, 2 * MINUTE), [1, 1, 2])

    def test_expires_is_honoured(self) -> None:
        answer = reply_json('{"m.server": "hs.example:1"}', Expires=formatdate(time.time() + 3600, usegmt=True))
        self.assertEqual(self.requests_after(answer, 55 * MINUTE, 10 * MINUTE), [1, 1, 2])

    def test_no_more_than_two_days_and_no_less_than_five_minutes(self) -> None:
        long = reply_json('{"m.server": "hs.example:1"}', Cache_Control="max-age=999999999")
        self.assertEqual(self.requests_after(long, 47 * HOUR, 2 * HOUR), [1, 1, 2])
        for field in ("no-store", "no-cache", "max-age=0"):
            short = reply_json('{"m.server": "hs.example:1"}', Cache_Control=field)
            self.assertEqual(self.requests_after(short, 4 * MINUTE, 2 * MINUTE), [1, 1, 2])

    def test_failures_are_kept_longer_each_time_up_to_an_hour(self) -> None:
        answer = reply_json("no json")
        waits = (30_000, 31_000, 61_000, 60_000, HOUR, HOUR, HOUR, HOUR, HOUR - 1, 2)
        self.assertEqual(self.requests_after(answer, *waits), [1, 1, 2, 2, 3, 4, 5, 6, 7, 7, 8])

    def test_a_passing_failure_leaves_the_name_that_was_known(self) -> None:
        answers = [b'{"m.server": "hs.example:1"}']

        def answer(exchange: Exchange) -> None:
            exchange.reply(200, answers[0], {"Cache-Control": "max-age=600"}) if answers else exchange.reply(503)

        self.well_known(answer)
        discovery = self.discovery()
        self.targets("example.org", discovery)
        answers.clear()

        self.clock.ms += 20 * MINUTE
        self.assertEqual(self.targets("example.org", discovery)[0].host, "hs.example")
        self.clock.ms += 48 * HOUR
        self.assertEqual(self.targets("example.org", discovery)[0].host, "example.org")


class SrvRecords(DiscoveryCase):
    def test_the_registered_service_is_preferred_and_the_certificate_is_for_the_server_name(self) -> None:
        self.records.answers["_matrix-fed._tcp.example.org"] = one("new.example", 1)
        self.records.answers["_matrix._tcp.example.org"] = one("old.example", 2)

        self.assertEqual(self.targets("example.org"), [Target("new.example", 1, "example.org", "example.org")])
        self.assertNotIn("_matrix._tcp.example.org", self.records.asked)

    def test_the_deprecated_service_is_used_where_there_is_no_other(self) -> None:
        self.records.answers["_matrix._tcp.example.org"] = one("old.example", 2)

        self.assertEqual(self.targets("example.org"), [Target("old.example", 2, "example.org", "example.org")])

    def test_records_are_cached_and_those_that_are_no_hosts_dropped(self) -> None:
        self.records.answers["_matrix-fed._tcp.example.org"] = SrvAnswer(
            (record("", 1), record("a b", 1), record("good.example", 0), record("good.example", 5)), HOUR
        )
        discovery = self.discovery()
        for _ in range(3):
            self.assertEqual([each.port for each in self.targets("example.org", discovery)], [5])
        self.assertEqual(len(self.records.asked), 1)

        self.clock.ms += HOUR + 1
        self.targets("example.org", discovery)
        self.assertEqual(len(self.records.asked), 2)

    def test_when_the_dns_is_silent_the_last_answer_holds(self) -> None:
        self.records.answers["_matrix-fed._tcp.example.org"] = one("new.example", 1)
        discovery = self.discovery()
        self.targets("example.org", discovery)
        self.records.answers["_matrix-fed._tcp.example.org"] = None

        self.clock.ms += 2 * HOUR
        self.assertEqual(self.targets("example.org", discovery)[0].host, "new.example")

    def test_when_the_dns_never_answered_the_host_itself_is_tried(self) -> None:
        self.records.answers["_matrix-fed._tcp.example.org"] = None
        self.records.answers["_matrix._tcp.example.org"] = None

        self.assertEqual(self.targets("example.org"), [Target("example.org", 8448, "example.org", "example.org")])


class Order(unittest.TestCase):
    def test_lower_priorities_come_first(self) -> None:
        records = [record("c", 1, 20), record("a", 1, 5), record("b", 1, 10)]
        self.assertEqual([each.host for each in in_order(records)], ["a", "b", "c"])

    def test_more_weight_is_chosen_more_often(self) -> None:
        records = [record("light", 1, 0, 1), record("heavy", 1, 0, 99)]
        firsts = [in_order(records)[0].host for _ in range(3000)]
        self.assertGreater(firsts.count("heavy"), 2400)
        self.assertEqual({each.host for each in in_order(records)}, {"light", "heavy"})


def srv_payload(priority: int, weight: int, port: int, host: bytes) -> Any:
    return dns.Record_SRV(priority, weight, port, host)  # type: ignore[no-untyped-call]


class Zone:
    """A DNS server's data: names to records, or to an error."""

    def __init__(self, names: dict[bytes, Any]) -> None:
        self._names = names

    def query(self, query: dns.Query, timeout: object = None) -> Deferred[Any]:
        found = self._names.get(query.name.name.lower())
        if found is None:
            return fail(error.DomainError())
        if isinstance(found, Exception):
            return fail(found)
        headers = [dns.RRHeader(query.name.name, payload.TYPE, dns.IN, ttl, payload) for ttl, payload in found]
        return succeed((headers, [], []))


class Dns(unittest.TestCase):
    """Questions to a real DNS server on loopback."""

    def setUp(self) -> None:
        names = {
            b"_matrix-fed._tcp.example.org": [
                (600, srv_payload(10, 5, 8448, b"a.example.org")),
                (300, srv_payload(20, 5, 443, b"b.example.org")),
            ],
            b"broken.example.org": RuntimeError("broken"),
        }

        factory = server.DNSServerFactory(clients=[Zone(names)])  # type: ignore[no-untyped-call]
        protocol = dns.DNSDatagramProtocol(factory)  # type: ignore[no-untyped-call]
        loop: Any = reactor

        async def listen() -> Any:
            return loop.listenUDP(0, protocol, interface="127.0.0.1")

        self.port = run(listen())

        async def stop() -> None:
            await self.port.stopListening()

        self.addCleanup(lambda: run(stop()))

    def ask(self, name: str) -> SrvAnswer:
        resolver = DnsSrvResolver(reactor, [("127.0.0.1", self.port.getHost().port)])
        return run(resolver.services(name))

    def test_records_with_their_shortest_lifetime(self) -> None:
        answer = self.ask("_matrix-fed._tcp.example.org")

        self.assertEqual(answer.ttl_ms, 300_000)
        self.assertEqual(
            sorted(answer.records, key=lambda each: each.priority),
            [SrvRecord(10, 5, "a.example.org", 8448), SrvRecord(20, 5, "b.example.org", 443)],
        )

    def test_a_name_that_does_not_exist_has_no_records(self) -> None:
        self.assertEqual(self.ask("_matrix-fed._tcp.nowhere.example").records, ())

    def test_a_server_that_fails_or_is_not_there(self) -> None:
        with self.assertRaises(SrvUnavailable):
            self.ask("broken.example.org")
        resolver = DnsSrvResolver(reactor, [("127.0.0.1", 1)], timeouts_s=(0.1, 0.1))
        with self.assertRaises(SrvUnavailable):
            run(resolver.services("_matrix-fed._tcp.example.org"))


class EndToEnd(DiscoveryCase):
    def test_a_request_follows_an_srv_record_and_checks_the_server_name(self) -> None:
        server_there = self.serve(lambda exchange: exchange.reply(200), self.authority.server_context("example.org"))
        self.records.answers["_matrix-fed._tcp.example.org"] = one("backend.example", server_there.port)
        (target,) = self.targets("example.org")

        answer = run(self.client(Loopback()).request("GET", "/", options=EgressOptions(to=target)))

        self.assertEqual((answer.status, server_there.received[0].headers["host"]), (200, "example.org"))
