from __future__ import annotations

import socket
import unittest
from typing import Any

from cmdclient.client import Client, Exchange, api_path, homeserver_url, tls_context
from cmdclient.errors import ApiError, TransportError, UsageError
from tests.cmdclient.scripted_server import ScriptedServer


class Requests(unittest.TestCase):
    def client(self, *answers: tuple[int, Any]) -> Client:
        self.server = ScriptedServer(*answers)
        self.addCleanup(self.server.close)
        return Client(self.server.url, tls_context(None), "t0ken")

    def test_a_request_as_it_goes_over_the_wire(self) -> None:
        client = self.client((200, {"event_id": "$1"}))
        self.assertEqual(client.put(api_path("rooms", "!a/b", "send"), {"body": "ä"}), {"event_id": "$1"})
        method, path, headers, body = self.server.requests[0]
        self.assertEqual((method, path), ("PUT", "/_matrix/client/v3/rooms/%21a%2Fb/send"))
        self.assertEqual(headers["Authorization"], "Bearer t0ken")
        self.assertEqual(body, b'{"body": "\\u00e4"}')

    def test_every_exchange_is_observed(self) -> None:
        client = self.client((404, {"errcode": "M_NOT_FOUND"}), (502, b"<html>"))
        seen: list[Exchange] = []
        client.observer = seen.append
        for _ in range(2):
            with self.assertRaises((ApiError, TransportError)):
                client.get("/x")
        self.assertEqual(
            [(one.status, one.answer) for one in seen], [(404, {"errcode": "M_NOT_FOUND"}), (502, "<html>")]
        )

    def test_errors_say_what_to_do(self) -> None:
        limited = {"errcode": "M_LIMIT_EXCEEDED", "error": "slow", "retry_after_ms": 1500}
        client = self.client((429, limited), (401, {"errcode": "M_UNKNOWN_TOKEN", "error": "old"}), (500, []))
        for sentence in (
            r"^M_LIMIT_EXCEEDED \(429\): slow\. Try again in 1\.5 seconds\.$",
            r"^M_UNKNOWN_TOKEN \(401\): old\. .*login USER",
            r"^M_UNKNOWN \(500\): the server gave no reason$",
        ):
            with self.assertRaisesRegex(ApiError, sentence):
                client.get("/x")

    def test_an_answer_that_is_not_json(self) -> None:
        with self.assertRaisesRegex(TransportError, "no JSON.*address of a Matrix homeserver") as raised:
            self.client((200, b"<html>")).get("/x?access_token=s3")
        self.assertNotIn("s3", str(raised.exception))

    def test_an_empty_answer(self) -> None:
        client = self.client((200, b""), (404, b""))
        self.assertIsNone(client.request("GET", "/x"))
        with self.assertRaisesRegex(ApiError, r"^M_UNKNOWN \(404\)"):
            client.request("GET", "/x")

    def test_a_demand_for_authentication_is_called_so(self) -> None:
        with self.assertRaisesRegex(ApiError, r"^M_UNKNOWN \(401\): the server asks for further authentication$"):
            self.client((401, {"flows": [], "session": "s"})).post("/x")

    def test_connection_refused(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            client = Client(f"http://127.0.0.1:{probe.getsockname()[1]}", tls_context(None))
            with self.assertRaisesRegex(TransportError, "refused the connection. Is the server running"):
                client.get("/x")


class HomeserverUrl(unittest.TestCase):
    def test_as_people_write_it(self) -> None:
        self.assertEqual(homeserver_url("matrix.test"), "https://matrix.test")
        self.assertEqual(homeserver_url(" http://[::1]:8008/ "), "http://[::1]:8008")

    def test_what_is_none(self) -> None:
        for text in ("", "ftp://x", "https://", "http://a:99999", "https://user:pass@x", "https://x?y"):
            with self.assertRaises(UsageError, msg=text):
                homeserver_url(text)

    def test_certificates_that_cannot_be_read(self) -> None:
        with self.assertRaisesRegex(UsageError, "no certificates"):
            tls_context("/nowhere/ca.pem")
