"""Paths, methods, access, CORS and errors, over real sockets where a client can see them."""

from __future__ import annotations

import json
import logging
import unittest
from typing import Any

from homeserver.http.context import RequestContextFilter
from homeserver.http.rate_limits import RateLimit, RateLimits
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.route_table import MethodNotAllowed, RouteTable
from homeserver.http.routing import Access, Router, route
from homeserver.protocol.errors import MatrixError
from tests.http.live_site import LiveSite, Reply, Tokens, wait_until
from tests.http.sample_endpoints import Samples

V3 = "/_matrix/client/v3"


class RouteTableTest(unittest.TestCase):
    """Paths to targets."""

    def setUp(self) -> None:
        self.table: RouteTable[str] = RouteTable()
        for path in ("/a/{x}/b", "/a/{x}/{y}", "/a/literal/c", "/a/{x}/b/", "/plain", "/{one}/two"):
            self.table.add("GET", path, path)
        self.table.add("PUT", "/a/{z}/b", "put")

    def test_a_literal_wins_over_a_variable_and_gives_way_where_it_leads_nowhere(self) -> None:
        """`/a/literal/b` is not below the literal."""
        self.assertEqual(self.table.find("GET", "/a/1/b"), ("/a/{x}/b", {"x": "1"}))
        self.assertEqual(self.table.find("GET", "/a/literal/c"), ("/a/literal/c", {}))
        self.assertEqual(self.table.find("GET", "/a/literal/b"), ("/a/{x}/b", {"x": "literal"}))
        self.assertEqual(self.table.find("GET", "/a/two"), ("/{one}/two", {"one": "a"}))
        self.assertIsNone(self.table.find("GET", "/a/three"))
        self.assertEqual(self.table.find("GET", "/b/two"), ("/{one}/two", {"one": "b"}))
        self.assertEqual(self.table.find("PUT", "/a/1/b"), ("put", {"z": "1"}))

    def test_a_trailing_slash_is_another_path_and_a_variable_is_never_empty(self) -> None:
        """`/a/1/b/` has its own route, `/plain/` has none."""
        self.assertEqual(self.table.find("GET", "/a/1/b/"), ("/a/{x}/b/", {"x": "1"}))
        for path in ("/plain/", "/a//b", "/a/1/", "//plain", "/", "", "plain"):
            self.assertIsNone(self.table.find("GET", path), path)

    def test_variables_are_decoded_after_splitting(self) -> None:
        """So that an encoded slash stays inside; a plus is a plus."""
        decoded = {"%21r%3Ah": "!r:h", "a%2Fb": "a/b", "a+b": "a+b", "%F0%9F%98%80": "😀", "%2e%2e": ".."}
        for raw, value in decoded.items():
            self.assertEqual(self.table.find("GET", f"/a/{raw}/b"), ("/a/{x}/b", {"x": value}))
        self.assertEqual(self.table.find("GET", "/%61/1/b"), ("/a/{x}/b", {"x": "1"}))

    def test_what_is_not_utf_8_or_has_a_null_is_refused(self) -> None:
        """400, not a route."""
        for raw in ("%ff", "%00", "%ed%a0%80"):
            with self.assertRaises(MatrixError) as raised:
                self.table.find("GET", f"/a/{raw}/b")
            self.assertEqual((raised.exception.status, raised.exception.errcode), (400, "M_INVALID_PARAM"))

    def test_another_method_is_told_which_there_are(self) -> None:
        """From every route that the path matches."""
        with self.assertRaises(MethodNotAllowed) as raised:
            self.table.find("DELETE", "/a/1/b")
        self.assertEqual(raised.exception.allowed, ["GET", "PUT"])

    def test_two_routes_for_one_path_are_a_mistake(self) -> None:
        """Whatever their variables are called."""
        with self.assertRaises(ValueError):
            self.table.add("GET", "/a/{other}/b", "x")


class RouterTest(unittest.TestCase):
    """Which listener serves what."""

    def test_resources_follow_from_the_path_or_are_named(self) -> None:
        """A listener for federation has no client routes."""

        class Mixed:
            @route("GET", "/_matrix/client/v3/a", access=Access.NONE)
            @route("GET", "/_matrix/federation/v1/b", access=Access.NONE)
            @route("GET", "/_matrix/key/v2/server", access=Access.NONE)
            @route("GET", "/_matrix/federation/v1/openid/userinfo", access=Access.NONE)
            @route("GET", "/_matrix/client/v1/media/c", access=Access.NONE)
            @route("GET", "/health", access=Access.NONE)
            @route("GET", "/_synapse/admin/v1/d", access=Access.NONE, resource="admin")
            async def any(self, request: Request) -> Json:
                return {}

        table = Router([Mixed()], Tokens())
        openid = "/_matrix/federation/v1/openid/userinfo"
        expected = {
            "client": {"/_matrix/client/v3/a", "/_matrix/client/r0/a", "/_matrix/client/v1/media/c", "/health"},
            "federation": {"/_matrix/federation/v1/b", "/_matrix/key/v2/server", openid, "/health"},
            "openid": {openid, "/health"},
            "keys": {"/_matrix/key/v2/server", "/health"},
            "media": {"/_matrix/client/v1/media/c", "/health"},
            "admin": {"/_synapse/admin/v1/d", "/health"},
        }
        every = set().union(*expected.values())
        for resource, paths in expected.items():
            with self.subTest(resource):
                served = {path for path in every if table.table([resource]).find("GET", path) is not None}
                self.assertEqual(served, paths)


class ServedTest(unittest.TestCase):
    """What a client gets."""

    samples: Samples
    site: LiveSite

    @classmethod
    def setUpClass(cls) -> None:
        cls.samples = Samples()
        limits = RateLimits({"rc_test": RateLimit(0.01, 2)})
        cls.site = LiveSite(cls.samples, rate_limits=limits)
        cls.addClassCleanup(cls.site.close)

    def get(self, path: str, *headers: str) -> Reply:
        return self.site.exchange("GET", path, headers=headers)

    def post(self, path: str, body: bytes) -> tuple[int, Any]:
        reply = self.site.exchange("POST", V3 + path, body)
        return reply.status, reply.json()

    def test_every_answer_has_cors_and_no_caching(self) -> None:
        """Good ones, errors, unknown paths."""
        for path in ("/ping", "/forbidden", "/nowhere", "/whoami", "/large?size=1", "/empty"):
            with self.subTest(path):
                reply = self.get(V3 + path)
                self.assertEqual(reply.find("Access-Control-Allow-Origin"), "*")
                self.assertEqual(reply.find("Access-Control-Allow-Methods"), "GET, HEAD, POST, PUT, DELETE, OPTIONS")
                for name in ("X-Requested-With", "Content-Type", "Authorization"):
                    self.assertIn(name, reply.find("Access-Control-Allow-Headers") or "")
                self.assertIn("ETag", reply.find("Access-Control-Expose-Headers") or "")
        self.assertIn("no-store", self.get(V3 + "/ping").find("Cache-Control") or "")

    def test_options_succeeds_everywhere_without_a_token(self) -> None:
        """Known, protected and unknown paths; nothing runs."""
        for path in (V3 + "/whoami", V3 + "/nowhere", "/", "*"):
            reply = self.site.exchange("OPTIONS", path)
            self.assertEqual((reply.status, reply.find("Access-Control-Allow-Origin")), (204, "*"))

    def test_unknown_paths_and_methods(self) -> None:
        """404 and 405 `M_UNRECOGNIZED`."""
        unknown = self.get("/_matrix/client/v3/nowhere")
        wrong = self.site.exchange("DELETE", V3 + "/echo")

        self.assertEqual((unknown.status, unknown.json()["errcode"]), (404, "M_UNRECOGNIZED"))
        self.assertEqual((wrong.status, wrong.json()["errcode"]), (405, "M_UNRECOGNIZED"))
        self.assertEqual(wrong.find("Allow"), "OPTIONS, POST, PUT")
        self.assertEqual(self.site.exchange("PUT", V3 + "/ping").find("Allow"), "GET, HEAD, OPTIONS")

    def test_a_refused_request_with_a_body_keeps_the_connection(self) -> None:
        """Its body is not taken for the next request."""
        client = self.site.client()
        self.addCleanup(client.close)

        self.assertEqual(client.exchange("POST", V3 + "/nowhere", b"x" * 1000).status, 404)
        self.assertEqual(client.exchange("GET", V3 + "/ping").status, 200)

    def test_r0_is_v3(self) -> None:
        """Also for media."""
        self.assertEqual(self.get("/_matrix/client/r0/ping").status, 200)
        self.assertEqual(self.site.exchange("POST", "/_matrix/media/r0/upload").status, 401)

    def test_path_variables(self) -> None:
        """As clients encode them."""
        token = "Authorization: Bearer alice"
        path = f"{V3}/rooms/%21a%2Fb%3Ah/state/m.room.member"

        self.assertEqual(self.get(path, token).json(), {"roomId": "!a/b:h", "type": "m.room.member"})
        self.assertEqual(self.get(path + "/", token).json(), {"roomId": "!a/b:h", "type": "m.room.member"})
        self.assertEqual(self.get(path + "/%40x%3Ah", token).json()["key"], "@x:h")
        self.assertEqual(self.get(path + "/%FF", token).status, 400)

    def test_tokens(self) -> None:
        """By header or query argument; known at once or after a while; guests only where they may."""
        user = {"user_id": "@alice:hearth.example"}
        self.assertEqual(self.get(V3 + "/whoami", "Authorization: Bearer alice").json(), user)
        self.assertEqual(self.get(V3 + "/whoami", "authorization: bearer slow").json(), user)
        self.assertEqual(self.get(V3 + "/whoami?access_token=alice").json(), user)
        self.assertEqual(self.get(V3 + "/whoami", "Authorization: Bearer guest").status, 200)
        self.assertEqual(self.get(V3 + "/maybe").json(), {"user_id": ""})
        self.assertEqual(self.get(V3 + "/maybe", "Authorization: Bearer slow").json(), user)
        for path, header, expected in (
            ("/whoami", "X: y", (401, "M_MISSING_TOKEN")),
            ("/whoami", "Authorization: Bearer", (401, "M_MISSING_TOKEN")),
            ("/whoami", "Authorization: Basic YTpi", (401, "M_MISSING_TOKEN")),
            ("/whoami", "Authorization: Bearer nonsense", (401, "M_UNKNOWN_TOKEN")),
            ("/maybe", "Authorization: Bearer nonsense", (401, "M_UNKNOWN_TOKEN")),
            ("/members_only", "Authorization: Bearer guest", (403, "M_GUEST_ACCESS_FORBIDDEN")),
        ):
            reply = self.get(V3 + path, header)
            self.assertEqual((reply.status, reply.json()["errcode"]), expected)

    def test_servers_are_asked_for_their_signature(self) -> None:
        """The endpoint gets the origin."""
        path = "/_matrix/federation/v1/peer"
        self.assertEqual(self.get(path, "Authorization: X-Matrix origin=b.example").json(), {"origin": "b.example"})
        self.assertEqual(self.get(path, "Authorization: X-Matrix origin=evil.example").status, 401)
        self.assertEqual(self.get(path, "Authorization: Bearer alice").status, 401)

    def test_errors(self) -> None:
        """A `MatrixError` is its answer; anything else is 500, logged with its traceback and request, and not shown."""
        self.assertEqual(self.get(V3 + "/forbidden").json(), {"errcode": "M_FORBIDDEN", "error": "No."})
        for path, words in (
            ("/broken", "ZeroDivisionError: a secret detail"),
            ("/unencodable", "TypeError"),
            ("/injected", "ValueError"),
        ):
            with self.subTest(path), self.assertLogs("homeserver.http.errors", "ERROR") as logs:
                reply = self.get(V3 + path)
                self.assertEqual(reply.status, 500)
                self.assertEqual(reply.json(), {"errcode": "M_UNKNOWN", "error": "Internal server error"})
                self.assertIsNone(reply.find("Set-Cookie"))
                self.assertIn(words, logs.output[0])

    def test_logs_name_the_request_and_the_requester(self) -> None:
        """Through `contextvars`, also after waiting."""
        records: list[logging.LogRecord] = []

        class Keep(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                records.append(record)

        keep = Keep()
        keep.addFilter(RequestContextFilter())
        logger = logging.getLogger("homeserver.http.access_log")
        logger.addHandler(keep)
        self.addCleanup(logger.removeHandler, keep)
        logger.setLevel(logging.INFO)
        self.addCleanup(logger.setLevel, logging.NOTSET)

        self.get(V3 + "/whoami?access_token=slow&x=1")

        self.assertTrue(wait_until(lambda: any("whoami" in record.getMessage() for record in records)))
        records = [record for record in records if "whoami" in record.getMessage()]
        self.assertEqual(records[0].requester, "@alice:hearth.example")  # type: ignore[attr-defined]
        self.assertRegex(records[0].request, r"^GET-\d+$")  # type: ignore[attr-defined]
        line = records[0].getMessage()
        self.assertIn('"GET /_matrix/client/v3/whoami?access_token=<redacted>&x=1" 200', line)
        self.assertNotIn("slow", line)

    def test_rate_limits(self) -> None:
        """By user; 429 with the wait in the body and in `Retry-After`."""
        for _ in range(2):
            self.assertEqual(self.get(V3 + "/limited", "Authorization: Bearer alice").status, 200)

        reply = self.get(V3 + "/limited", "Authorization: Bearer alice")

        self.assertEqual((reply.status, reply.json()["errcode"]), (429, "M_LIMIT_EXCEEDED"))
        self.assertAlmostEqual(reply.json()["retry_after_ms"], 100_000, delta=2_000)
        self.assertEqual(reply.find("Retry-After"), str(-(-reply.json()["retry_after_ms"] // 1000)))
        self.assertEqual(self.get(V3 + "/limited", "Authorization: Bearer guest").status, 200)

    def test_forwarded_addresses_are_believed_only_behind_a_proxy(self) -> None:
        """Else a client could choose the address that limits count."""
        proxied = LiveSite(self.samples, x_forwarded=True)
        self.addCleanup(proxied.close)
        headers = ["X-Forwarded-For: 6.6.6.6, 9.9.9.9", "X-Forwarded-Proto: https"]

        direct = self.get(V3 + "/limited_ip", *headers).json()
        behind = proxied.exchange("GET", V3 + "/limited_ip", headers=headers).json()

        self.assertEqual(direct, {"ip": "127.0.0.1", "secure": "False"})
        self.assertEqual(behind, {"ip": "9.9.9.9", "secure": "True"})

    def test_json_in(self) -> None:
        """What is not JSON, what is bad JSON, and which field is wrong."""
        for body, expected in (
            (b"", (400, "M_NOT_JSON")),
            (b"{", (400, "M_NOT_JSON")),
            (b"\xff", (400, "M_NOT_JSON")),
            (b'{"a":"\xff"}', (400, "M_NOT_JSON")),
            (b"[]", (400, "M_BAD_JSON")),
            (b'{"a":NaN}', (400, "M_BAD_JSON")),
            (b'{"a":-Infinity}', (400, "M_BAD_JSON")),
            (b'{"a":1e999}', (400, "M_BAD_JSON")),
            (b'{"a":[{"b":9007199254740992}]}', (400, "M_BAD_JSON")),
            (b'{"a":-9007199254740992}', (400, "M_BAD_JSON")),
            (b'{"a":' + b"9" * 400 + b"}", (400, "M_BAD_JSON")),
            (b'{"a":"\\ud800"}', (400, "M_BAD_JSON")),
            (b'{"a":' * 200 + b"1" + b"}" * 200, (400, "M_BAD_JSON")),
            (b"[" * 1_000_000, (400, "M_BAD_JSON")),
        ):
            with self.subTest(body[:40]):
                status, answer = self.post("/object", body)
                self.assertEqual((status, answer["errcode"]), expected)
        large = b'"%b"' % (b"x" * 3_000_000)
        for value in (b"9007199254740991", b'"99999999999999999999"', b'"\\ud83d\\ude00"', b"1.5", large):
            body = b'{"a":' + value + b"}"
            self.assertEqual(self.post("/object", body), (200, json.loads(body)))

    def test_typed_bodies_name_the_field(self) -> None:
        """`M_MISSING_PARAM` or `M_BAD_JSON`."""
        self.assertEqual(self.post("/typed", b'{"user":"a"}'), (200, {"user": "a", "age": 0}))
        self.assertEqual(
            self.post("/typed", b"{}"), (400, {"errcode": "M_MISSING_PARAM", "error": "Missing field user."})
        )
        status, answer = self.post("/typed", b'{"user":5}')
        self.assertEqual((status, answer["errcode"]), (400, "M_BAD_JSON"))
        self.assertIn("user", answer["error"])
        self.assertEqual(self.post("/typed", b'{"user":"a","age":9007199254740992}')[1]["errcode"], "M_BAD_JSON")
        self.assertEqual(self.post("/typed", b'{"user":"a","x":NaN}')[1]["errcode"], "M_BAD_JSON")

    def test_json_out(self) -> None:
        """Raw pieces are spliced; nulls and lone surrogates are escaped."""
        self.assertEqual(self.get(V3 + "/raw").body, b'{"event":{"spliced":1}}')
        reply = self.get(V3 + "/surrogate")
        self.assertEqual((reply.status, reply.body), (200, b'{"x":"\\ud800","null":"\\u0000"}'))
        self.assertEqual(reply.find("Content-Type"), "application/json")

    def test_queries(self) -> None:
        """Decoded as forms; what cannot be decoded is 400."""
        self.assertEqual(self.get(V3 + "/ping?n=a%20b+c%26").json(), {"pong": "a b c&"})
        self.assertEqual(self.get(V3 + "/ping?n=%ff").status, 400)
        self.assertEqual(self.get(V3 + "/large?size=x").json()["errcode"], "M_INVALID_PARAM")
