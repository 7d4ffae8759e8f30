"""X-Matrix headers: what is sent, what is understood, what is believed."""

from __future__ import annotations

import json
import unittest
from typing import Any

from signedjson.key import decode_verify_key_bytes
from signedjson.sign import verify_signed_json

from homeserver.federation.authentication import (
    KeyUnavailable,
    RequestAuthenticator,
    RequestSigner,
    XMatrix,
    parse_x_matrix,
)
from homeserver.federation.identity import Identity
from homeserver.federation.settings import ServerRules
from homeserver.http.headers import Headers
from homeserver.http.request import Request
from homeserver.protocol.canonical_json import encode
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.signing import VerifyKey
from tests.support.own_reactor import run
from tests.support.peer_homeserver import new_key

ORIGIN = Identity("origin.example", new_key("a1"))
OURS = "our.example"


class Keys:
    """The keys a test knows, in place of those of the network."""

    def __init__(self, **keys: VerifyKey) -> None:
        self.asked: list[tuple[str, str]] = []
        self._keys = {(ORIGIN.server_name, ORIGIN.key.key_id): ORIGIN.key.verify_key}

    async def request_key(self, server_name: str, key_id: str) -> VerifyKey:
        self.asked.append((server_name, key_id))
        try:
            return self._keys[server_name, key_id]
        except KeyError:
            raise KeyUnavailable(key_id) from None


def request(method: str, uri: str, body: bytes, *authorizations: str) -> Request:
    fields = [(b"Authorization", value.encode()) for value in authorizations]
    return Request(method, uri, Headers(fields), body)


def origin_of(incoming: Request, rules: ServerRules | None = None) -> str:
    return run(RequestAuthenticator(OURS, Keys(), rules or ServerRules()).origin(incoming))


class Signing(unittest.TestCase):
    def check(self, header: str, expected: dict[str, Any]) -> None:
        """Have another implementation check the signature."""
        parsed = parse_x_matrix(header)
        assert parsed is not None
        key = decode_verify_key_bytes(ORIGIN.key.key_id, ORIGIN.key.verify_key.key.encode())
        expected["signatures"] = {parsed.origin: {parsed.key_id: parsed.signature}}
        verify_signed_json(expected, parsed.origin, key)

    def test_a_request_without_body(self) -> None:
        header = RequestSigner(ORIGIN).authorization("there.example", "GET", "/x?y=%20z")

        self.check(
            header,
            {"method": "GET", "uri": "/x?y=%20z", "origin": "origin.example", "destination": "there.example"},
        )
        self.assertRegex(
            header,
            r'^X-Matrix origin="origin\.example",destination="there\.example",'
            r'key="ed25519:a1",sig="[A-Za-z0-9+/]{86}"$',
        )

    def test_a_request_with_body(self) -> None:
        content = {"b": [1, "ü"], "a": {}}
        header = RequestSigner(ORIGIN).authorization("there.example", "PUT", "/x", encode(content))

        self.check(
            header,
            {
                "method": "PUT",
                "uri": "/x",
                "origin": "origin.example",
                "destination": "there.example",
                "content": content,
            },
        )


class Parsing(unittest.TestCase):
    def test_forms_that_are_understood(self) -> None:
        expected = XMatrix("o.example:1", "d.example", "ed25519:k", "a+/b")
        for value in (
            'X-Matrix origin="o.example:1",destination="d.example",key="ed25519:k",sig="a+/b"',
            "X-Matrix origin=o.example:1,destination=d.example,key=ed25519:k,sig=a+/b",
            'x-matrix   sig="a+/b" , key=ed25519:k ,\tORIGIN="o.example:1",  Destination=d.example',
            'X-Matrix origin="o\\.example:1",destination=d.example,key="ed25519:k",sig="a+/b",other="x,y=z"',
            'X-Matrix ,,origin="o.example:1",,destination=d.example,key = "ed25519:k",sig="a+/b",',
        ):
            with self.subTest(value):
                self.assertEqual(parse_x_matrix(value), expected)

    def test_the_destination_may_be_absent(self) -> None:
        parsed = parse_x_matrix("X-Matrix origin=o,key=k,sig=s")
        assert parsed is not None
        self.assertIsNone(parsed.destination)

    def test_other_schemes_are_none_of_our_business(self) -> None:
        for value in ("Bearer abc", "", "X-MatrixX a=b", "X-Matrix"):
            with self.subTest(value):
                self.assertIsNone(parse_x_matrix(value))

    def test_what_is_malformed(self) -> None:
        for value in (
            "X-Matrix origin=o,key=k",
            "X-Matrix origin=o,origin=p,key=k,sig=s",
            'X-Matrix origin="o,key=k,sig=s',
            "X-Matrix origin=o key=k sig=s",
            "X-Matrix =o,key=k,sig=s",
            'X-Matrix origin="o"x,key=k,sig=s',
            "X-Matrix " + "a" * 100_000,
        ):
            with self.subTest(value[:60]), self.assertRaises(ValueError):
                parse_x_matrix(value)


class Believing(unittest.TestCase):
    def refusal(self, incoming: Request, rules: ServerRules | None = None) -> tuple[int, str]:
        with self.assertRaises(MatrixError) as caught:
            origin_of(incoming, rules)
        return caught.exception.status, caught.exception.errcode

    def header(self, method: str = "PUT", uri: str = "/x?a=b", body: bytes | None = b'{"a":1}', to: str = OURS) -> str:
        return RequestSigner(ORIGIN).authorization(to, method, uri, body)

    def test_a_signed_request_is_of_its_origin(self) -> None:
        self.assertEqual(origin_of(request("PUT", "/x?a=b", b'{"a":1}', self.header())), "origin.example")
        get = self.header("GET", body=None)
        self.assertEqual(origin_of(request("GET", "/x?a=b", b"", get)), "origin.example")

    def test_a_body_that_is_not_canonical(self) -> None:
        value = {"b": 1, "a": ["é", 1.5, 12345678901234567890]}
        covered = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

        body = json.dumps(value, indent=2).encode()

        self.assertEqual(origin_of(request("PUT", "/x?a=b", body, self.header(body=covered))), "origin.example")

    def test_whatever_was_changed_on_the_way_is_refused(self) -> None:
        header = self.header()
        for name, changed in {
            "method": request("POST", "/x?a=b", b'{"a":1}', header),
            "uri": request("PUT", "/x?a=c", b'{"a":1}', header),
            "body": request("PUT", "/x?a=b", b'{"a":2}', header),
            "no body": request("PUT", "/x?a=b", b"", header),
            "origin": request("PUT", "/x?a=b", b'{"a":1}', header.replace("origin.example", "other.example")),
            "key": request("PUT", "/x?a=b", b'{"a":1}', header.replace("ed25519:a1", "ed25519:a2")),
            "signature": request("PUT", "/x?a=b", b'{"a":1}', header[:-3] + 'A"'),
            "no base64": request("PUT", "/x?a=b", b'{"a":1}', header.replace('sig="', 'sig="*')),
        }.items():
            with self.subTest(name):
                self.assertEqual(self.refusal(changed), (401, "M_UNAUTHORIZED"))

    def test_a_request_for_another_server_is_refused(self) -> None:
        self.assertEqual(
            self.refusal(request("PUT", "/x?a=b", b'{"a":1}', self.header(to="third.example"))),
            (401, "M_UNAUTHORIZED"),
        )

    def test_a_header_without_destination_must_be_signed_for_this_server(self) -> None:
        def without(header: str) -> str:
            parsed = parse_x_matrix(header)
            assert parsed is not None
            return f'X-Matrix origin="{parsed.origin}",key="{parsed.key_id}",sig="{parsed.signature}"'

        ours = request("PUT", "/x?a=b", b'{"a":1}', without(self.header()))
        theirs = request("PUT", "/x?a=b", b'{"a":1}', without(self.header(to="third.example")))

        self.assertEqual(origin_of(ours), "origin.example")
        self.assertEqual(self.refusal(theirs), (401, "M_UNAUTHORIZED"))

    def test_without_a_usable_header(self) -> None:
        for authorizations in ([], ["Bearer x"], ["X-Matrix origin=o"]):
            with self.subTest(authorizations):
                self.assertEqual(self.refusal(request("GET", "/", b"", *authorizations)), (401, "M_UNAUTHORIZED"))

    def test_an_origin_that_is_no_server_name(self) -> None:
        for origin in ("a/b", "example.org:http"):
            with self.subTest(origin):
                header = f'X-Matrix origin="{origin}",key="ed25519:k",sig="s"'
                self.assertEqual(self.refusal(request("GET", "/", b"", header)), (400, "M_INVALID_PARAM"))

    def test_one_good_header_among_several_of_the_same_origin(self) -> None:
        good = self.header("GET", body=None)
        unknown = good.replace("ed25519:a1", "ed25519:new")
        other = good.replace("origin.example", "other.example")

        self.assertEqual(origin_of(request("GET", "/x?a=b", b"", unknown, good)), "origin.example")
        self.assertEqual(self.refusal(request("GET", "/x?a=b", b"", other, good)), (401, "M_UNAUTHORIZED"))
        self.assertEqual(self.refusal(request("GET", "/x?a=b", b"", *[unknown] * 20, good)), (401, "M_UNAUTHORIZED"))

    def test_allow_and_deny_lists(self) -> None:
        incoming = request("PUT", "/x?a=b", b'{"a":1}', self.header())

        self.assertEqual(origin_of(incoming, ServerRules(frozenset({"origin.example"}))), "origin.example")
        for rules in (ServerRules(frozenset({"x"})), ServerRules(None, frozenset({"origin.example"}))):
            with self.subTest(rules):
                self.assertEqual(self.refusal(incoming, rules), (403, "M_FORBIDDEN"))

    def test_a_body_that_is_not_json(self) -> None:
        self.assertEqual(self.refusal(request("PUT", "/x", b"{", self.header())), (400, "M_NOT_JSON"))
