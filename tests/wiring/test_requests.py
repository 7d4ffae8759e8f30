"""What every request may rely on, asked of the whole server."""

from __future__ import annotations

from tests.support.homeserver import HomeserverCase


class LimitedRequestTest(HomeserverCase):
    """A server that lets a user send two messages at once."""

    settings = {"rc_message": {"per_second": 0.1, "burst_count": 2}}  # noqa: RUF012

    def test_too_many_requests_are_told_when_to_come_again(self) -> None:
        """429 M_LIMIT_EXCEEDED with the time in the body and in the header; others are not held up."""
        alice, bob = self.new_user("alice"), self.new_user("bob")
        room = alice.create_room(preset="public_chat")
        bob.join(room)
        answers = [alice.request("PUT", f"/rooms/{room}/send/m.room.message/{n}", {"body": "x"}) for n in range(4)]

        last = answers[-1]
        self.assertEqual([answer.status for answer in answers[:2]], [200, 200])
        self.assertEqual(last.error, (429, "M_LIMIT_EXCEEDED"))
        self.assertGreater(last.json["retry_after_ms"], 0)
        self.assertGreaterEqual(int(last.headers["retry-after"]), 1)
        self.assertEqual(last.headers["access-control-allow-origin"], "*")
        bob.send(room, "not held up")


class RequestTest(HomeserverCase):
    """Requests that no endpoint answers, and what browsers ask first."""

    def test_an_unknown_path_is_not_found(self) -> None:
        """404 M_UNRECOGNIZED, with the headers that let a browser read it."""
        alice = self.new_user("alice")
        for path in ("/nothing", "/rooms/!a:b/nothing", "/_matrix/client/v9/sync", "/_matrix/nothing"):
            for client in (self.server, alice):
                answer = client.request("GET", path)
                self.assertEqual(answer.error, (404, "M_UNRECOGNIZED"))
                self.assertEqual(answer.headers["access-control-allow-origin"], "*")

    def test_another_method_is_not_allowed(self) -> None:
        """405 M_UNRECOGNIZED."""
        for method, path in (("DELETE", "/sync"), ("GET", "/createRoom"), ("PATCH", "/login")):
            answer = self.server.request(method, path)
            self.assertEqual(answer.error, (405, "M_UNRECOGNIZED"))
            self.assertEqual(answer.headers["access-control-allow-origin"], "*")

    def test_browsers_may_ask_from_anywhere(self) -> None:
        """The preflight needs no token, and names methods and headers."""
        for path in ("/sync", "/createRoom", "/rooms/!a:b/send/m.room.message/1", "/nothing"):
            answer = self.server.request("OPTIONS", path)
            self.assertIn(answer.status, (200, 204))
            self.assertIn("PUT", answer.headers["access-control-allow-methods"])
            allowed = set(answer.headers["access-control-allow-headers"].lower().split(", "))
            self.assertLessEqual({"x-requested-with", "content-type", "authorization", "if-match"}, allowed)
            exposed = set(answer.headers["access-control-expose-headers"].lower().split(", "))
            self.assertLessEqual({"etag", "location", "retry-after"}, exposed)

    def test_browsers_read_errors_too(self) -> None:
        """Also those that come before any endpoint: no token, no JSON, too much."""
        too_large = b'"' + b"x" * (5 * 1024 * 1024) + b'"'
        cases = (("GET", "/sync", None, 401), ("POST", "/login", b"{", 400), ("POST", "/login", too_large, 413))
        for method, path, raw, status in cases:
            answer = self.server.request(method, path, raw=raw)
            self.assertEqual((answer.status, answer.headers["access-control-allow-origin"]), (status, "*"))

    def test_the_old_prefix_still_works(self) -> None:
        """`/r0` is what `/v3` is."""
        alice = self.new_user("alice")
        self.assertEqual(alice.get("/_matrix/client/r0/account/whoami"), alice.get("/account/whoami"))

    def test_a_percent_sign_that_quotes_nothing_is_no_server_error(self) -> None:
        """Whatever the path or the query, the answer is a Matrix error."""
        alice = self.new_user("alice")
        for path in ("/rooms/%zz/state", "/rooms/%ff%fe/state", "/rooms/%00/state", "/join/%23%00:x"):
            answer = alice.request("GET" if "state" in path else "POST", path, None if "state" in path else {})
            self.assertIn(answer.status, (400, 403, 404), path)
            self.assertTrue(answer.json["errcode"])
