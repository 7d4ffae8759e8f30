"""The outbound client against servers on loopback that are well-behaved, slow, large, hostile."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from homeserver.http.egress import Egress, EgressResponse
from homeserver.http.egress_errors import (
    AddressDenied,
    BadResponse,
    BodyTooLarge,
    ConnectFailed,
    ConnectionBroken,
    EgressError,
    InvalidUrl,
    TimedOut,
    TlsFailed,
    TooManyRedirects,
)
from homeserver.http.egress_settings import EgressOptions, Target, TlsSettings
from tests.support.outbound import Names, OutboundCase
from tests.support.own_reactor import run
from tests.support.peer_server import Exchange
from tests.support.tls_authority import TlsAuthority


def _send_raw(data: bytes, exchange: Exchange) -> None:
    exchange.raw(data)


class EgressCase(OutboundCase):
    def get(self, url: str, egress: Egress | None = None, **options: Any) -> EgressResponse:
        """A GET, with the options of `EgressOptions`."""
        return run((egress or self.client()).request("GET", url, options=EgressOptions(**options)))


class PlainRequests(EgressCase):
    def test_a_post_arrives_and_its_answer_comes_back(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(201, b"made", {"X-Made": "yes"}))

        answer = run(
            self.client().request("POST", f"http://127.0.0.1:{server.port}/a/b?c=d", {"X-Ask": "please"}, b"body")
        )

        self.assertEqual((answer.status, answer.body, answer.headers.get("x-made")), (201, b"made", "yes"))
        request = server.received[0]
        self.assertEqual((request.method, request.path, request.body), ("POST", "/a/b?c=d", b"body"))
        self.assertEqual(request.headers["host"], f"127.0.0.1:{server.port}")
        self.assertEqual(request.headers["x-ask"], "please")
        self.assertEqual(request.headers["user-agent"], "Hearth")

    def test_one_connection_serves_several_requests(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200, b"x"))
        egress = self.client()

        for _ in range(3):
            self.get(f"http://127.0.0.1:{server.port}/", egress)

        self.assertEqual((server.connections, len(server.received)), (1, 3))

    def test_a_kept_connection_that_died_is_replaced(self) -> None:
        def answer(exchange: Exchange) -> None:
            exchange.reply(200, b"x")
            exchange.close_connection = True

        server = self.serve(answer)
        egress = self.client()

        self.get(f"http://127.0.0.1:{server.port}/", egress)
        time.sleep(0.1)

        self.assertEqual(self.get(f"http://127.0.0.1:{server.port}/", egress).status, 200)

    def test_a_body_in_chunks(self) -> None:
        def answer(exchange: Exchange) -> None:
            exchange.raw(b"HTTP/1.1 100 Continue\r\n\r\n")
            exchange.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            exchange.raw(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n")

        server = self.serve(answer)

        self.assertEqual(self.get(f"http://127.0.0.1:{server.port}/").body, b"abcde")

    def test_a_body_that_ends_with_the_connection(self) -> None:
        def answer(exchange: Exchange) -> None:
            exchange.raw(b"HTTP/1.0 200 OK\r\n\r\nall of it")
            exchange.close_connection = True

        server = self.serve(answer)

        self.assertEqual(self.get(f"http://127.0.0.1:{server.port}/").body, b"all of it")

    def test_a_large_body_comes_in_pieces(self) -> None:
        body = b"0123456789" * 200_000
        server = self.serve(lambda exchange: exchange.reply(200, body))
        egress = self.client()

        async def count() -> tuple[int, int]:
            stream = await egress.stream("GET", f"http://127.0.0.1:{server.port}/")
            sizes = [len(chunk) async for chunk in stream]
            return sum(sizes), len(sizes)

        total, pieces = run(count())
        self.assertEqual(total, len(body))
        self.assertGreater(pieces, 1)

    def test_a_stream_that_is_left_early_closes_its_connection(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200, b"x" * 1_000_000))
        egress = self.client(max_connections=1)

        async def leave() -> None:
            stream = await egress.stream("GET", f"http://127.0.0.1:{server.port}/")
            await stream.__anext__()
            stream.abort()

        run(leave())

        self.assertEqual(len(self.get(f"http://127.0.0.1:{server.port}/", egress).body), 1_000_000)
        self.assertEqual(server.connections, 2)

    def test_requests_wait_for_a_place(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200, b"x"))
        egress = self.client(max_connections=1)

        async def many() -> list[int]:
            url = f"http://127.0.0.1:{server.port}/"
            answers = await gatherResults([Deferred.fromCoroutine(egress.request("GET", url)) for _ in range(5)])
            return [answer.status for answer in answers]

        self.assertEqual(run(many()), [200] * 5)
        self.assertEqual(server.connections, 1)

    def test_what_is_no_url_is_refused(self) -> None:
        for url in ("ftp://x/", "http://", "http://u:p@x/", "http:///x", "file:///etc/passwd", "http://x:0/", "x"):
            with self.subTest(url), self.assertRaises(InvalidUrl):
                self.get(url)

    def test_header_fields_cannot_be_smuggled(self) -> None:
        egress = self.client()
        for fields in ({"X": "a\r\nY: b"}, {"X\r\nY": "a"}, {"Content-Length": "3"}, {"Host": "other"}):
            with self.subTest(fields), self.assertRaises(ValueError):
                run(egress.request("POST", "http://127.0.0.1:1/", fields))


class HostileAnswers(EgressCase):
    def failure(self, answer: Callable[[Exchange], None], **options: Any) -> EgressError:
        server = self.serve(answer)
        with self.assertRaises(EgressError) as caught:
            self.get(f"http://127.0.0.1:{server.port}/", **options)
        return caught.exception

    def test_an_announced_body_that_is_too_large_is_not_taken(self) -> None:
        def answer(exchange: Exchange) -> None:
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")

        self.assertIsInstance(self.failure(answer, max_body_bytes=1000), BodyTooLarge)

    def test_a_body_that_grows_beyond_the_limit_is_cut(self) -> None:
        sent = []

        def answer(exchange: Exchange) -> None:
            exchange.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(1600):
                exchange.raw(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                sent.append(65536)

        self.assertIsInstance(self.failure(answer, max_body_bytes=100_000), BodyTooLarge)
        time.sleep(0.1)
        self.assertLess(sum(sent), 50_000_000)

    def test_a_slow_body_ends_at_the_time_limit(self) -> None:
        def answer(exchange: Exchange) -> None:
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(40):
                exchange.raw(b"x")
                time.sleep(0.05)

        start = time.monotonic()
        self.assertIsInstance(self.failure(answer, total_ms=300), TimedOut)
        self.assertLess(time.monotonic() - start, 1.5)

    def test_a_slow_stream_ends_at_the_time_limit(self) -> None:
        def answer(exchange: Exchange) -> None:
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")
            time.sleep(2)

        server = self.serve(answer)
        egress = self.client()

        async def read() -> bytes:
            options = EgressOptions(total_ms=300)
            stream = await egress.stream("GET", f"http://127.0.0.1:{server.port}/", options=options)
            return await stream.read()

        with self.assertRaises(TimedOut):
            run(read())

    def test_no_answer_at_all_ends_at_the_time_limit(self) -> None:
        self.assertIsInstance(self.failure(lambda _: time.sleep(1), total_ms=200), TimedOut)

    def test_endless_heads_are_cut(self) -> None:
        def endless_fields(exchange: Exchange) -> None:
            exchange.raw(b"HTTP/1.1 200 OK\r\n")
            for number in range(100_000):
                exchange.raw(b"X-%d: y\r\n" % number)

        def endless_field(exchange: Exchange) -> None:
            exchange.raw(b"HTTP/1.1 200 OK\r\nX: ")
            for _ in range(100):
                exchange.raw(b"y" * 10_000)

        def endless_informational(exchange: Exchange) -> None:
            for _ in range(20_000):
                exchange.raw(b"HTTP/1.1 102 Processing\r\n\r\n")

        def endless_trailers(exchange: Exchange) -> None:
            exchange.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: ")
            for _ in range(100):
                exchange.raw(b"y" * 10_000)

        for answer in (endless_fields, endless_field, endless_informational, endless_trailers):
            with self.subTest(answer.__name__):
                self.assertIsInstance(self.failure(answer, total_ms=10_000), BadResponse)

    def test_what_is_not_http_is_an_error(self) -> None:
        for answer in (
            b"SSH-2.0-OpenSSH\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        ):
            with self.subTest(answer):
                self.assertIsInstance(self.failure(partial(_send_raw, answer)), BadResponse)

    def test_a_body_that_is_cut_short_is_an_error(self) -> None:
        def answer(exchange: Exchange) -> None:
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            exchange.close_connection = True

        self.assertIsInstance(self.failure(answer), ConnectionBroken)

    def test_a_second_answer_is_never_taken_for_the_next_requests(self) -> None:
        def answer(exchange: Exchange) -> None:
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb")

        server = self.serve(answer)
        egress = self.client()

        bodies = [self.get(f"http://127.0.0.1:{server.port}/", egress).body for _ in range(3)]

        self.assertEqual((bodies, server.connections), ([b"a"] * 3, 3))


class Redirects(EgressCase):
    def test_a_redirection_is_the_answer_by_default(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(302, b"", {"Location": "/elsewhere"}))

        self.assertEqual(self.get(f"http://127.0.0.1:{server.port}/").status, 302)
        self.assertEqual(len(server.received), 1)

    def test_redirections_are_followed_and_counted(self) -> None:
        def answer(exchange: Exchange) -> None:
            step = int(exchange.path.rpartition("/")[2])
            exchange.reply(200, b"there") if step == 0 else exchange.reply(302, b"", {"Location": f"../r/{step - 1}"})

        server = self.serve(answer)
        url = f"http://127.0.0.1:{server.port}/r/"

        answer_there = self.get(url + "3", redirects=3)

        self.assertEqual((answer_there.body, answer_there.url), (b"there", url + "0"))
        with self.assertRaises(TooManyRedirects):
            self.get(url + "4", redirects=3)

    def test_endless_redirections_end(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(301, b"", {"Location": "/"}))

        with self.assertRaises(TooManyRedirects):
            self.get(f"http://127.0.0.1:{server.port}/", redirects=5)
        self.assertEqual(len(server.received), 6)

    def test_a_redirection_to_a_denied_address_is_refused(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(302, b"", {"Location": "http://169.254.169.254/secret"}))
        egress = self.client(denied_ranges=("169.254.0.0/16",))

        with self.assertRaises(AddressDenied):
            self.get(f"http://127.0.0.1:{server.port}/", egress, redirects=5)

    def test_credentials_stay_with_the_first_host(self) -> None:
        other = self.serve(lambda exchange: exchange.reply(200))
        first = self.serve(lambda exchange: exchange.reply(302, b"", {"Location": f"http://127.0.0.1:{other.port}/"}))

        run(
            self.client().request(
                "GET",
                f"http://127.0.0.1:{first.port}/",
                {"Authorization": "secret", "X-Other": "kept"},
                options=EgressOptions(redirects=1),
            )
        )

        self.assertNotIn("authorization", other.received[0].headers)
        self.assertEqual(other.received[0].headers["x-other"], "kept")

    def test_https_only_holds_after_a_redirection(self) -> None:
        tls = self.authority.server_context("127.0.0.1")
        server = self.serve(lambda exchange: exchange.reply(302, b"", {"Location": "http://127.0.0.1:1/"}), tls)

        with self.assertRaises(InvalidUrl):
            self.get(f"https://127.0.0.1:{server.port}/", redirects=2, https_only=True)


class Addresses(EgressCase):
    def test_a_name_that_leads_to_a_denied_address_is_refused(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200))
        names = Names(innocent=["127.0.0.1"], mapped=["::ffff:127.0.0.1"])
        egress = self.client(names, denied_ranges=("127.0.0.0/8",))

        for host in ("127.0.0.1", "innocent", "mapped", "[::ffff:127.0.0.1]"):
            with self.subTest(host), self.assertRaises(AddressDenied):
                self.get(f"http://{host}:{server.port}/", egress)
        self.assertEqual(server.connections, 0)

    def test_unusual_spellings_of_loopback_are_refused(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200))
        egress = self.client(denied_ranges=("127.0.0.0/8", "0.0.0.0/8"))

        for host in ("2130706433", "0x7f.1", "127.1", "localhost"):
            with self.subTest(host), self.assertRaises(ConnectFailed):
                self.get(f"http://{host}:{server.port}/", egress)
        self.assertEqual(server.connections, 0)

    def test_an_allowed_range_wins_over_a_denied_one(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200))
        egress = self.client(denied_ranges=("127.0.0.0/8",), allowed_ranges=("127.0.0.1/32",))

        self.assertEqual(self.get(f"http://127.0.0.1:{server.port}/", egress).status, 200)

    def test_denied_addresses_are_passed_over(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200))
        egress = self.client(Names(both=["10.1.2.3", "127.0.0.1"]), denied_ranges=("10.0.0.0/8",))

        self.assertEqual(self.get(f"http://both:{server.port}/", egress).status, 200)

    def test_the_next_address_is_tried_when_one_refuses(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200))
        egress = self.client(Names(several=["::1", "127.0.0.2", "127.0.0.1"]))

        self.assertEqual(self.get(f"http://several:{server.port}/", egress).status, 200)

    def test_ipv6(self) -> None:
        try:
            server = self.serve(lambda exchange: exchange.reply(200), address="::1")
        except OSError:
            self.skipTest("no IPv6 here")

        self.assertEqual(self.get(f"http://[::1]:{server.port}/").status, 200)
        self.assertEqual(server.received[0].headers["host"], f"[::1]:{server.port}")

    def test_a_name_without_address_and_a_port_without_listener(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200))
        server.close()

        for url in ("http://nowhere/", f"http://127.0.0.1:{server.port}/"):
            with self.subTest(url), self.assertRaises(ConnectFailed):
                self.get(url, self.client(Names()))


class Tls(EgressCase):
    def test_a_certificate_for_the_name_is_believed(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200), self.authority.server_context("matrix.example"))
        egress = self.client(Names(**{"matrix.example": ["127.0.0.1"]}))

        self.assertEqual(self.get(f"https://matrix.example:{server.port}/", egress).status, 200)
        self.assertEqual(server.server_names, ["matrix.example"])

    def test_a_certificate_for_an_address_is_believed_and_no_name_is_sent(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200), self.authority.server_context("127.0.0.1"))

        self.assertEqual(self.get(f"https://127.0.0.1:{server.port}/").status, 200)
        self.assertEqual([name for name in server.server_names if name is not None], [])

    def test_the_chosen_name_is_checked_and_not_the_host_that_is_connected_to(self) -> None:
        tls = self.authority.server_context("example.org")
        server = self.serve(lambda exchange: exchange.reply(200), tls)
        egress = self.client()
        good = Target("127.0.0.1", server.port, "example.org", "example.org")
        bad = Target("127.0.0.1", server.port, "other.org", "other.org")

        answer = run(egress.request("GET", "/x?y", options=EgressOptions(to=good)))
        with self.assertRaises(TlsFailed):
            run(egress.request("GET", "/x?y", options=EgressOptions(to=bad)))

        self.assertEqual((answer.status, server.received[0].headers["host"]), (200, "example.org"))
        self.assertEqual(len(server.received), 1)

    def test_wrong_certificates_are_refused_before_anything_is_sent(self) -> None:
        stranger = TlsAuthority()
        self.addCleanup(stranger.close)
        for name, tls in (
            ("other name", self.authority.server_context("other.example")),
            ("expired", self.authority.server_context("matrix.example", is_expired=True)),
            ("unknown authority", stranger.server_context("matrix.example")),
        ):
            server = self.serve(lambda exchange: exchange.reply(200), tls)
            egress = self.client(Names(**{"matrix.example": ["127.0.0.1"]}))
            with self.subTest(name), self.assertRaises(TlsFailed):
                self.get(f"https://matrix.example:{server.port}/", egress)
            self.assertEqual(server.received, [])

    def test_certificates_of_chosen_domains_are_not_checked(self) -> None:
        stranger = TlsAuthority()
        self.addCleanup(stranger.close)
        server = self.serve(lambda exchange: exchange.reply(200), stranger.server_context("whatever"))
        names = Names(**{"a.test": ["127.0.0.1"], "a.example": ["127.0.0.1"]})
        egress = self.client(names, tls=TlsSettings(unverified_domains=("*.test",), ca_files=(self.authority.ca_file,)))

        self.assertEqual(self.get(f"https://a.test:{server.port}/", egress).status, 200)
        with self.assertRaises(TlsFailed):
            self.get(f"https://a.example:{server.port}/", egress)

    def test_certificates_need_not_be_checked_at_all(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200), self.authority.server_context("whatever"))
        egress = self.client(tls=TlsSettings(verify=False))

        self.assertEqual(self.get(f"https://127.0.0.1:{server.port}/", egress).status, 200)

    def test_the_systems_authorities_do_not_vouch_for_a_test(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200), self.authority.server_context("127.0.0.1"))

        with self.assertRaises(TlsFailed):
            self.get(f"https://127.0.0.1:{server.port}/", self.client(tls=TlsSettings()))

    def test_a_peer_that_speaks_no_tls_and_one_that_never_finishes(self) -> None:
        server = self.serve(lambda exchange: exchange.reply(200))

        with self.assertRaises(EgressError):
            self.get(f"https://127.0.0.1:{server.port}/", connect_ms=500)

    def test_kept_connections_are_not_shared_between_names(self) -> None:
        tls = self.authority.server_context("a.example", "b.example")
        server = self.serve(lambda exchange: exchange.reply(200), tls)
        egress = self.client()

        for name in ("a.example", "b.example", "a.example"):
            target = Target("127.0.0.1", server.port, name, name)
            run(egress.request("GET", "/", options=EgressOptions(to=target)))

        self.assertEqual(server.connections, 2)
