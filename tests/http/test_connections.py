"""Keep-alive, pipelining, back-pressure, time-outs: what a client on a socket sees."""

from __future__ import annotations

import select
import socket
import time
import unittest
from dataclasses import replace

from homeserver.http.head_checks import Limits
from tests.http.live_site import LiveSite, RawClient, request_bytes, wait_until
from tests.http.sample_endpoints import Samples

PING = "/_matrix/client/v3/ping"
ECHO = "/_matrix/client/v3/echo"
WAIT = "/_matrix/client/v3/wait"
UPLOAD = "/_matrix/media/v3/upload"
TOKEN = "Authorization: Bearer alice"


class ConnectionCase(unittest.TestCase):
    """A listener. Its time limits are those of every server, unless a test is about them."""

    limits = Limits(sweep_interval_s=0.05)

    def setUp(self) -> None:
        self.samples = Samples()
        self.site = LiveSite(self.samples, limits=self.limits)
        self.addCleanup(self.site.close)

    def client(self, receive_buffer_bytes: int = 0) -> RawClient:
        client = self.site.client(receive_buffer_bytes=receive_buffer_bytes)
        self.addCleanup(client.close)
        return client

    def open_gate(self) -> None:
        self.site.on_reactor(lambda: self.samples.gate.callback(None))


class KeepAliveTest(ConnectionCase):
    """Several requests on a connection."""

    def test_a_connection_serves_many_requests(self) -> None:
        """Also requests with bodies, and answers without."""
        client = self.client()

        for number in range(50):
            self.assertEqual(client.exchange("GET", f"{PING}?n={number}").json(), {"pong": str(number)})
            self.assertEqual(client.exchange("POST", ECHO, b"a" * number).body, b"a" * number)
            self.assertEqual(client.exchange("GET", "/_matrix/client/v3/empty").status, 204)

    def test_pipelined_requests_are_answered_in_order_one_at_a_time(self) -> None:
        """The second waits for the first, even though it needs no waiting itself."""
        client = self.client()

        client.send(request_bytes("GET", WAIT) + b"".join(request_bytes("GET", f"{PING}?n={n}") for n in range(100)))

        self.assertTrue(wait_until(lambda: self.samples.calls == ["wait"]))
        time.sleep(0.1)
        self.assertEqual(self.samples.calls, ["wait"])
        self.open_gate()
        self.assertEqual(client.reply().json(), {"waited": True})
        for number in range(100):
            self.assertEqual(client.reply().json(), {"pong": str(number)})

    def test_a_flood_of_pipelined_requests_waits_in_the_network(self) -> None:
        """While one request is served the server takes in little of what follows; afterwards all of it."""
        client = self.client()
        client.send(request_bytes("GET", WAIT))
        flood = request_bytes("POST", ECHO, b"z" * 50_000) * 400
        client.socket.settimeout(0.5)

        with self.assertRaises(TimeoutError):
            client.send(flood)

        pending = self.site.on_reactor(lambda: sum(each._pending_bytes for each in self.site.site.connections))
        self.assertLess(pending, 300_000)
        self.open_gate()
        self.assertEqual(client.reply().json(), {"waited": True})
        self.assertEqual(client.reply().body, b"z" * 50_000)

    def test_connection_close_is_obeyed(self) -> None:
        """The answer says so too."""
        client = self.client()

        reply = client.exchange("GET", PING, headers=["Connection: close"])

        self.assertEqual(reply.find("Connection"), "close")
        self.assertTrue(client.is_closed())

    def test_http_1_0(self) -> None:
        """Closes by default, keeps alive on demand, and gets no chunks."""
        plain, kept, streamed = self.client(), self.client(), self.client()

        plain.send(f"GET {PING} HTTP/1.0\r\n\r\n".encode())
        self.assertEqual(plain.reply().status, 200)
        self.assertTrue(plain.is_closed())
        for _ in range(2):
            kept.send(f"GET {PING} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".encode())
            self.assertEqual(kept.reply().find("Connection"), "keep-alive")
        streamed.send(b"GET /_matrix/client/v3/stream?count=3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        reply = streamed.reply()
        self.assertIsNone(reply.find("Transfer-Encoding"))
        self.assertEqual(len(reply.body), 3 * 65536)

    def test_head_has_get_s_head_and_no_body(self) -> None:
        """And the connection goes on."""
        client = self.client()

        head = client.exchange("HEAD", PING)
        stream = client.exchange("HEAD", "/_matrix/client/v3/stream?length=196608")

        self.assertEqual(head.find("Content-Length"), str(len(client.exchange("GET", PING).body)))
        self.assertEqual(stream.find("Content-Length"), "196608")
        self.assertEqual(client.exchange("GET", PING).status, 200)


class BodiesTest(ConnectionCase):
    """Request and response bodies, small, large, in pieces."""

    #: A client that takes its time is no client that takes nothing.
    limits = replace(ConnectionCase.limits, write_timeout_s=20.0)

    def test_chunked_bodies_arrive_whole(self) -> None:
        """However they are cut."""
        client = self.client()
        client.send(f"POST {ECHO} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".encode())

        for piece in (b"3\r\nab", b"c\r\n", b"A;x=y\r\n0123456789\r\n", b"0\r\n", b"\r\n"):
            client.send(piece)
            time.sleep(0.02)

        self.assertEqual(client.reply().body, b"abc0123456789")

    def test_too_large_a_body_is_413_at_once(self) -> None:
        """An announced one before it is sent; a chunked one as soon as it is too much. The endpoint never runs."""
        announced, chunked = self.client(), self.client()

        announced.send(f"POST {ECHO} HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n\r\n".encode())
        chunked.send(f"POST {ECHO} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for _ in range(20):
            chunked.send(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")

        for client in (announced, chunked):
            reply = client.reply()
            self.assertEqual((reply.status, reply.json()["errcode"]), (413, "M_TOO_LARGE"))
            self.assertTrue(client.is_closed())
        self.assertEqual(self.samples.calls, [])

    def test_the_largest_body_allowed_is_taken(self) -> None:
        """The limit itself is allowed."""
        self.assertEqual(len(self.client().exchange("POST", ECHO, b"x" * 100_000).body), 100_000)

    def test_expect_continue(self) -> None:
        """100 when the endpoint wants the body; the final answer at once when it does not."""
        client = self.client()
        head = "HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n"

        client.send(f"POST {ECHO} {head}\r\n".encode())
        self.assertEqual(client.reply().status, 100)
        client.send(b"hello")
        self.assertEqual(client.reply().body, b"hello")
        client.send(f"POST {UPLOAD} {head}{TOKEN}\r\n\r\n".encode())
        self.assertEqual(client.reply().status, 100)
        client.send(b"hello")
        self.assertEqual(client.reply().json(), {"size": 5})
        client.send(f"POST {UPLOAD} {head}\r\n".encode())
        self.assertEqual(client.reply().status, 401)
        self.assertTrue(client.is_closed())

    def test_an_upload_is_read_while_it_arrives(self) -> None:
        """Much larger than any buffer; the connection goes on after it."""
        client = self.client()

        reply = client.exchange("POST", UPLOAD, b"u" * 20_000_000, [TOKEN])

        self.assertEqual(reply.json(), {"size": 20_000_000})
        self.assertEqual(client.exchange("GET", PING).status, 200)

    def test_a_slow_reader_slows_the_upload_down(self) -> None:
        """While the endpoint does not read, the client cannot send; memory stays small."""
        client = self.client()
        client.socket.settimeout(0.5)

        with self.assertRaises(TimeoutError):
            client.send(request_bytes("POST", f"{UPLOAD}?stalls=true", b"u" * 40_000_000, [TOKEN]))

        self.assertLess(self.samples.received_bytes, 1_000_000)
        kept = self.site.on_reactor(lambda: [each._queue[0].kept_bytes for each in self.site.site.connections])
        self.assertLess(kept[0], 1_000_000)

    def test_an_upload_too_large_fails_in_the_middle(self) -> None:
        """A chunked one, whose length nobody knew."""
        client = self.client()
        client.send(f"POST {UPLOAD} HTTP/1.1\r\nHost: h\r\n{TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"

        for _ in range(60):
            try:
                client.send(piece)
            except OSError:
                break

        self.assertEqual(client.reply().status, 413)

    def test_an_endpoint_may_answer_without_reading_the_upload(self) -> None:
        """The client gets the answer, not a reset, though it is still sending."""
        client = self.client()

        client.send(f"POST {UPLOAD.replace('upload', 'refuse')} HTTP/1.1\r\nHost: h\r\n".encode())
        client.send(b"Content-Length: 1000000\r\n\r\n" + b"x" * 500_000)

        self.assertEqual(client.reply().status, 403)
        self.assertTrue(client.is_closed())

    def test_a_large_answer_waits_for_a_slow_client(self) -> None:
        """Bytes and iterators: all arrives, and an iterator is not read ahead of the client."""
        for path, size in ((f"large?size={20_000_000}", 20_000_000), ("stream?count=300", 300 * 65536)):
            with self.subTest(path):
                self.samples.made_bytes = 0
                client = self.client(receive_buffer_bytes=65536)

                client.send(request_bytes("GET", f"/_matrix/client/v3/{path}"))
                time.sleep(0.3)

                self.assertLess(self.samples.made_bytes, 8_000_000)
                self.assertEqual(len(client.reply().body), size)
                self.assertEqual(client.exchange("GET", PING).status, 200)

    def test_an_iterator_s_length_is_held_to(self) -> None:
        """A body of the announced length is sent as it is; a shorter one breaks the connection."""
        client = self.client()

        reply = client.exchange("GET", f"/_matrix/client/v3/stream?count=2&length={2 * 65536}")
        self.assertEqual((reply.find("Content-Length"), len(reply.body)), ("131072", 131072))
        with self.assertLogs("homeserver.http", "ERROR"), self.assertRaises(EOFError):
            client.exchange("GET", "/_matrix/client/v3/stream?count=2&length=999999")

    def test_a_body_that_fails_breaks_the_connection(self) -> None:
        """So that the client does not take it for the whole."""
        client = self.client()

        with self.assertLogs("homeserver.http", "ERROR"), self.assertRaises(EOFError):
            client.exchange("GET", "/_matrix/client/v3/stream_fails")


class DisconnectTest(ConnectionCase):
    """The client goes away."""

    def test_a_get_is_cancelled(self) -> None:
        """Nobody waits for its answer."""
        client = self.client()
        client.send(request_bytes("GET", WAIT))
        self.assertTrue(wait_until(lambda: "wait" in self.samples.calls))

        client.close()

        self.assertTrue(wait_until(lambda: "cancelled" in self.samples.calls))
        self.assertTrue(wait_until(lambda: self.site.site.in_flight == 0))

    def test_another_request_runs_to_its_end(self) -> None:
        """It may be half done."""
        client = self.client()
        client.send(request_bytes("POST", WAIT))
        self.assertTrue(wait_until(lambda: "wait" in self.samples.calls))

        client.close()
        self.assertTrue(wait_until(lambda: not self.site.site.connections))
        self.open_gate()

        self.assertTrue(wait_until(lambda: "waited" in self.samples.calls))
        self.assertNotIn("cancelled", self.samples.calls)

    def test_an_upload_s_reader_is_told(self) -> None:
        """`Disconnected` is raised where the body is read."""
        client = self.client()
        client.send(f"POST {UPLOAD} HTTP/1.1\r\nHost: h\r\n{TOKEN}\r\nContent-Length: 100\r\n\r\nabc".encode())
        self.assertTrue(wait_until(lambda: self.samples.received_bytes == 3))

        client.close()

        self.assertTrue(wait_until(lambda: "disconnected" in self.samples.calls))

    def test_a_streamed_answer_s_source_is_closed(self) -> None:
        """Files and the like are released."""
        client = self.client(receive_buffer_bytes=65536)
        client.send(request_bytes("GET", "/_matrix/client/v3/stream?count=1000"))
        self.assertTrue(wait_until(lambda: self.samples.made_bytes > 0))

        client.close()

        self.assertTrue(wait_until(lambda: self.samples.is_source_closed))


class TimeoutsTest(ConnectionCase):
    """Clients that take their time."""

    limits = Limits(
        sweep_interval_s=0.05,
        header_timeout_s=0.4,
        body_timeout_s=0.4,
        idle_timeout_s=0.4,
        write_timeout_s=0.6,
        linger_timeout_s=0.4,
    )

    def drip(self, client: RawClient, data: bytes, interval_s: float = 0.05) -> bool:
        """Send slowly; whether the server had enough before all was sent."""
        for position in range(len(data)):
            client.send(data[position : position + 1])
            if select.select([client.socket], [], [], interval_s)[0]:
                return True
        return False

    def test_a_slow_head_is_408(self) -> None:
        """Though each byte comes quickly after the one before."""
        client = self.client()

        self.assertTrue(self.drip(client, request_bytes("GET", PING)[:40]))

        self.assertEqual(client.reply().status, 408)
        self.assertTrue(client.is_closed())

    def test_a_slow_body_is_408(self) -> None:
        """Buffered and streamed bodies; silence and drip."""
        for path in (ECHO, UPLOAD):
            for is_silent in (True, False):
                with self.subTest(path=path, is_silent=is_silent):
                    client = self.client()
                    client.send(f"POST {path} HTTP/1.1\r\nHost: h\r\n{TOKEN}\r\nContent-Length: 99\r\n\r\n".encode())

                    if not is_silent:
                        self.assertTrue(self.drip(client, b"x" * 98))

                    self.assertEqual(client.reply().status, 408)
                    self.assertTrue(client.is_closed())

    def test_an_idle_connection_is_closed_silently(self) -> None:
        """Before the first request and after one."""
        fresh, used = self.client(), self.client()
        used.exchange("GET", PING)

        self.assertTrue(fresh.is_closed())
        self.assertTrue(used.is_closed())

    def test_a_long_poll_is_not_idle(self) -> None:
        """It may take longer than any of the limits."""
        client = self.client()
        client.send(request_bytes("GET", WAIT))
        time.sleep(1)

        self.open_gate()

        self.assertEqual(client.reply().json(), {"waited": True})

    def test_a_client_that_reads_nothing_is_dropped(self) -> None:
        """And what was made for it is released."""
        client = self.client(receive_buffer_bytes=65536)
        client.send(request_bytes("GET", "/_matrix/client/v3/stream?count=1000"))
        self.assertTrue(wait_until(lambda: self.samples.made_bytes > 0))

        self.assertTrue(wait_until(lambda: not self.site.site.connections))
        self.assertTrue(self.samples.is_source_closed)

    def test_a_client_that_never_closes_is_dropped(self) -> None:
        """After `Connection: close` the server does not wait for ever."""
        client = self.client()

        client.send(b"GARBAGE\r\n\r\n")
        client.reply()

        self.assertTrue(wait_until(lambda: not self.site.site.connections))

    def test_half_a_request_and_gone(self) -> None:
        """Nothing is left behind."""
        client = self.client()
        client.send(request_bytes("POST", ECHO, b"x" * 1000)[:500])
        self.assertTrue(wait_until(lambda: len(self.site.site.connections) == 1))

        client.socket.shutdown(socket.SHUT_RDWR)

        self.assertTrue(wait_until(lambda: not self.site.site.connections))
        self.assertEqual(self.samples.calls, [])
