"""Requests that two HTTP parsers could read in two ways: each is refused, and the connection ends."""

from __future__ import annotations

import unittest

from homeserver.http.head_checks import Limits
from tests.http.live_site import LiveSite, RawClient
from tests.http.sample_endpoints import Samples

ECHO = b"POST /_matrix/client/v3/echo HTTP/1.1\r\nHost: h\r\n"
PING = b"GET /_matrix/client/v3/ping HTTP/1.1\r\n"
SMUGGLED = b"GET /_matrix/client/v3/ping?n=smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

# What is sent, and the status of the only answer.
CORPUS: dict[str, tuple[bytes, int]] = {
    "length and chunked": (ECHO + b"Content-Length: 4\r\n" + CHUNKED + b"0\r\n\r\n" + SMUGGLED, 400),
    "chunked and length": (ECHO + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
    "two lengths": (ECHO + b"Content-Length: 0\r\nContent-Length: 50\r\n\r\n" + SMUGGLED, 400),
    "two equal lengths": (ECHO + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" + SMUGGLED, 400),
    "list of lengths": (ECHO + b"Content-Length: 3, 3\r\n\r\nabc" + SMUGGLED, 400),
    "signed length": (ECHO + b"Content-Length: +3\r\n\r\nabc" + SMUGGLED, 400),
    "negative length": (ECHO + b"Content-Length: -3\r\n\r\nabc" + SMUGGLED, 400),
    "hexadecimal length": (ECHO + b"Content-Length: 0x3\r\n\r\nabc" + SMUGGLED, 400),
    "underscored length": (ECHO + b"Content-Length: 1_0\r\n\r\nabcdefghij" + SMUGGLED, 400),
    "empty length": (ECHO + b"Content-Length:\r\n\r\n" + SMUGGLED, 400),
    "length overflow": (ECHO + b"Content-Length: 18446744073709551617\r\n\r\nx" + SMUGGLED, 400),
    "chunked not last": (ECHO + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
    "identity": (ECHO + b"Transfer-Encoding: identity\r\n\r\n" + SMUGGLED, 501),
    "compressed and chunked": (ECHO + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 501),
    "not quite chunked": (ECHO + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 501),
    "chunked twice": (ECHO + b"Transfer-Encoding: chunked\r\n" + CHUNKED + b"0\r\n\r\n" + SMUGGLED, 400),
    "space before colon": (ECHO + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
    "vertical tab": (ECHO + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
    "folded encoding": (ECHO + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
    "folded header": (ECHO + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n" + SMUGGLED, 400),
    "chunked in HTTP/1.0": (b"POST /_matrix/client/v3/echo HTTP/1.0\r\n" + CHUNKED + b"0\r\n\r\n" + SMUGGLED, 400),
    "chunk size sign": (ECHO + CHUNKED + b"-3\r\nabc\r\n0\r\n\r\n" + SMUGGLED, 400),
    "chunk size prefix": (ECHO + CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n" + SMUGGLED, 400),
    "chunk size space": (ECHO + CHUNKED + b"3 \r\nabc\r\n0\r\n\r\n" + SMUGGLED, 400),
    "chunk size overflow": (ECHO + CHUNKED + b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n" + SMUGGLED, 400),
    "chunk size missing": (ECHO + CHUNKED + b"\r\nabc\r\n0\r\n\r\n" + SMUGGLED, 400),
    "chunk line feed": (ECHO + CHUNKED + b"3\nabc\r\n0\r\n\r\n" + SMUGGLED, 400),
    "chunk data line feed": (ECHO + CHUNKED + b"3\r\nabc\n0\r\n\r\n" + SMUGGLED, 400),
    "chunk too long": (ECHO + CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n" + SMUGGLED, 400),
    "length in the trailer": (ECHO + CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n" + SMUGGLED, 400),
    "bare line feeds": (b"GET /_matrix/client/v3/ping HTTP/1.1\nHost: h\n\n" + SMUGGLED, 400),
    "bare line feed in the head": (PING + b"Host: h\nX: y\r\n\r\n" + SMUGGLED, 400),
    "bare carriage return": (PING + b"Host: h\rX: y\r\n\r\n" + SMUGGLED, 400),
    "null in a header": (PING + b"Host: h\r\nX: a\x00b\r\n\r\n" + SMUGGLED, 400),
    "control in a header": (PING + b"Host: h\r\nX: a\x01b\r\n\r\n" + SMUGGLED, 400),
    "no header name": (PING + b"Host: h\r\n: b\r\n\r\n" + SMUGGLED, 400),
    "no colon": (PING + b"Host: h\r\nnothing\r\n\r\n" + SMUGGLED, 400),
    "header name not ASCII": (PING + b"Host: h\r\nX\xff: b\r\n\r\n" + SMUGGLED, 400),
    "space before the first header": (PING + b" Host: h\r\n\r\n" + SMUGGLED, 400),
    "no Host": (PING + b"\r\n" + SMUGGLED, 400),
    "two Hosts": (PING + b"Host: h\r\nHost: i\r\n\r\n" + SMUGGLED, 400),
    "null in the target": (b"GET /\x00 HTTP/1.1\r\nHost: h\r\n\r\n" + SMUGGLED, 400),
    "target not ASCII": (b"GET /\xff HTTP/1.1\r\nHost: h\r\n\r\n" + SMUGGLED, 400),
    "space in the target": (b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n" + SMUGGLED, 400),
    "fragment": (b"GET /_matrix/client/v3/ping#x HTTP/1.1\r\nHost: h\r\n\r\n" + SMUGGLED, 400),
    "relative target": (b"GET _matrix HTTP/1.1\r\nHost: h\r\n\r\n" + SMUGGLED, 400),
    "asterisk": (b"GET * HTTP/1.1\r\nHost: h\r\n\r\n" + SMUGGLED, 400),
    "tunnel": (b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n" + SMUGGLED, 400),
    "lower case method": (b"get / HTTP/1.1\r\nHost: h\r\n\r\n" + SMUGGLED, 400),
    "unknown method": (b"HEARTH / HTTP/1.1\r\nHost: h\r\n\r\n" + SMUGGLED, 400),
    "HTTP/0.9": (b"GET /_matrix/client/v3/ping HTTP/0.9\r\n\r\n" + SMUGGLED, 505),
    "HTTP/1.2": (b"GET /_matrix/client/v3/ping HTTP/1.2\r\nHost: h\r\n\r\n" + SMUGGLED, 400),
    "HTTP/2.0": (b"GET /_matrix/client/v3/ping HTTP/2.0\r\nHost: h\r\n\r\n" + SMUGGLED, 505),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SMUGGLED, 400),
    "lower case version": (b"GET /_matrix/client/v3/ping http/1.1\r\nHost: h\r\n\r\n" + SMUGGLED, 400),
    "another protocol": (b"DESCRIBE /_matrix/client/v3/ping RTSP/1.0\r\nHost: h\r\n\r\n" + SMUGGLED, 405),
    "TLS on a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), 400),
    "unknown expectation": (ECHO + b"Expect: miracles\r\nContent-Length: 3\r\n\r\nabc" + SMUGGLED, 417),
}


class MalformedRequestsTest(unittest.TestCase):
    """Each attack over a real socket."""

    def setUp(self) -> None:
        self.samples = Samples()
        self.site = LiveSite(self.samples, limits=Limits(sweep_interval_s=0.05, linger_timeout_s=0.5))
        self.addCleanup(self.site.close)

    def client(self) -> RawClient:
        client = self.site.client()
        self.addCleanup(client.close)
        return client

    def test_what_is_ambiguous_is_refused_and_nothing_behind_it_is_served(self) -> None:
        """One answer with the expected status, `Connection: close`, the end; and no endpoint ran."""
        for name, (attack, status) in CORPUS.items():
            with self.subTest(name):
                client = self.client()

                client.send(attack)
                reply = client.reply()

                self.assertEqual(reply.status, status, reply.body)
                self.assertEqual(reply.find("Connection"), "close")
                self.assertIn("errcode", reply.json())
                self.assertTrue(client.is_closed())
        self.assertEqual(self.samples.calls, [])

    def test_what_is_ambiguous_is_refused_byte_by_byte_too(self) -> None:
        """Where the network cuts makes no difference."""
        for name in ("length and chunked", "folded header", "chunk data line feed", "bare line feeds", "two Hosts"):
            with self.subTest(name):
                attack, status = CORPUS[name]
                client = self.client()

                for position in range(len(attack)):
                    try:
                        client.send(attack[position : position + 1])
                    except OSError:
                        break

                self.assertEqual(client.reply().status, status)
                self.assertTrue(client.is_closed())
        self.assertEqual(self.samples.calls, [])

    def test_a_good_request_before_a_bad_one_is_answered(self) -> None:
        """Pipelined: the good one's answer comes first, then the refusal."""
        client = self.client()

        client.send(SMUGGLED + CORPUS["two lengths"][0])

        self.assertEqual(client.reply().json(), {"pong": "smuggled"})
        self.assertEqual(client.reply().status, 400)
        self.assertTrue(client.is_closed())

    def test_a_large_head_is_refused(self) -> None:
        """431 for many or long header fields, 414 for a long target, finished or not."""
        many = b"".join(b"X-%d: y\r\n" % number for number in range(200))
        cases = {
            "many fields": (PING + b"Host: h\r\n" + many + b"\r\n", 431),
            "a long field": (PING + b"Host: h\r\nX: " + b"a" * 50_000 + b"\r\n\r\n", 431),
            "no end": (PING + b"Host: h\r\nX: " + b"a" * 500_000, 431),
            "a long target": (b"GET /" + b"a" * 50_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414),
            "line ends only": (b"\r\n" * 200_000, 431),
        }
        for name, (data, status) in cases.items():
            with self.subTest(name):
                client = self.client()

                client.send(data)

                self.assertEqual(client.reply().status, status)
                self.assertTrue(client.is_closed())

    def test_endless_trailers_and_chunk_extensions_are_refused(self) -> None:
        """What llhttp would take for ever without a body growing."""
        for name, data in {"trailer": b"0\r\nX: ", "extension": b"3;x="}.items():
            with self.subTest(name):
                client = self.client()

                client.send(ECHO + CHUNKED + data + b"a" * 500_000)

                self.assertEqual(client.reply().status, 431)
                self.assertTrue(client.is_closed())

    def test_trailers_are_no_headers(self) -> None:
        """A trailer neither reaches the endpoint nor harms the connection."""
        client = self.client()

        client.send(ECHO + CHUNKED + b"3;name=value\r\nabc\r\n0\r\nAuthorization: Bearer alice\r\n\r\n" + SMUGGLED)

        self.assertEqual(client.reply().body, b"abc")
        self.assertEqual(client.reply().json(), {"pong": "smuggled"})

    def test_odd_but_unambiguous_requests_are_served(self) -> None:
        """Empty lines before, a full URL as target, an empty header value, an upgrade we do not offer."""
        upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
        cases = {
            "empty lines": b"\r\n\r\n" + SMUGGLED,
            "absolute target": b"GET http://h/_matrix/client/v3/ping?n=smuggled HTTP/1.1\r\nHost: h\r\n\r\n",
            "empty value": PING.replace(b"ping", b"ping?n=smuggled") + b"Host: h\r\nX:\r\nY: \r\n\r\n",
            "upgrade": SMUGGLED.replace(b"Host: h\r\n", b"Host: h\r\n" + upgrade),
            "upgrade with a length": ECHO + upgrade + b"Content-Length: 19\r\n\r\n" + b'{"pong":"smuggled"}',
            "upgrade with chunks": ECHO + upgrade + CHUNKED + b"13\r\n" + b'{"pong":"smuggled"}' + b"\r\n0\r\n\r\n",
        }
        for name, data in cases.items():
            with self.subTest(name):
                client = self.client()

                client.send(data + SMUGGLED)

                self.assertEqual(client.reply().json(), {"pong": "smuggled"})
                self.assertEqual(client.reply().json(), {"pong": "smuggled"})
