"""Query arguments, headers, and what of a request goes into the log."""

from __future__ import annotations

import unittest

from homeserver.http.access_log import without_secrets
from homeserver.http.headers import Headers
from homeserver.http.query import QueryArguments
from homeserver.protocol.errors import MatrixError


class QueryArgumentsTest(unittest.TestCase):
    """Typed access."""

    def test_values(self) -> None:
        """First, all, in order; an argument without a value is empty."""
        query = QueryArguments("a=1&b=x%3D&a=2&&c")
        self.assertEqual((query.first("a"), query.all("a"), query.first("b")), ("1", ["1", "2"], "x="))
        self.assertEqual((query.first("c", "?"), query.find("d"), query.first("d", "?")), ("", None, "?"))
        self.assertTrue("c" in query and "d" not in query)
        self.assertEqual(list(query), [("a", "1"), ("a", "2"), ("b", "x="), ("c", "")])

    def test_integers(self) -> None:
        """Too small is refused, too large is cut, rubbish is refused."""
        query = QueryArguments("n=50&minus=-3&bad=1_0&dot=1.5&long=99999999999999999999999&arabic=%D9%A3")
        self.assertEqual(query.integer("n", 10), 50)
        self.assertEqual(query.integer("n", 10, maximum=20), 20)
        self.assertEqual(query.integer("none", 10, minimum=1), 10)
        self.assertEqual(query.integer("minus", 0), -3)
        for name in ("minus", "bad", "dot", "long", "arabic"):
            with self.subTest(name), self.assertRaises(MatrixError) as raised:
                query.integer(name, 0, minimum=0)
            self.assertEqual(raised.exception.errcode, "M_INVALID_PARAM")

    def test_booleans_choices_and_what_is_required(self) -> None:
        """Nothing is guessed."""
        query = QueryArguments("yes=true&no=false&odd=maybe&dir=b")
        self.assertIs(query.boolean("yes"), True)
        self.assertIs(query.boolean("no", True), False)
        self.assertIs(query.boolean("none", True), True)
        self.assertEqual(query.choice("dir", ("b", "f"), "f"), "b")
        for call, errcode in (
            (lambda: query.boolean("odd"), "M_INVALID_PARAM"),
            (lambda: query.choice("dir", ("x",), "x"), "M_INVALID_PARAM"),
            (lambda: query.required("q"), "M_MISSING_PARAM"),
        ):
            with self.assertRaises(MatrixError) as raised:
                call()
            self.assertEqual((raised.exception.status, raised.exception.errcode), (400, errcode))


class HeadersTest(unittest.TestCase):
    """Names in any case; repeated fields."""

    def test_fields(self) -> None:
        """The first is got, all are kept."""
        headers = Headers([(b"Host", b"h"), (b"AUTHORIZATION", b"1"), (b"authorization", b"2")])
        self.assertEqual((headers.get("host"), headers.get("Authorization"), headers.find("x")), ("h", "1", None))
        self.assertEqual(headers.all("Authorization"), ["1", "2"])
        self.assertTrue(headers.is_repeated(b"authorization") and not headers.is_repeated(b"host"))
        self.assertEqual((len(headers), "HOST" in headers), (3, True))


class AccessLogTest(unittest.TestCase):
    """Secrets in the query."""

    def test_secrets_are_taken_out(self) -> None:
        """By the argument's name, wherever it stands."""
        for uri, logged in (
            ("/p?access_token=abc", "/p?access_token=<redacted>"),
            ("/p?a=1&access_token=abc&b=2", "/p?a=1&access_token=<redacted>&b=2"),
            ("/p?loginToken=abc&client_secret=x", "/p?loginToken=<redacted>&client_secret=<redacted>"),
            ("/p?since=s1&timeout=0", "/p?since=s1&timeout=0"),
            ("/access_token=abc", "/access_token=abc"),
        ):
            self.assertEqual(without_secrets(uri), logged)
