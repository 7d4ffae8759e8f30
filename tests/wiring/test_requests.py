"""What every request may rely on, asked of the whole server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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

    def test_what_a_browser_asks_first_is_never_too_much(self) -> None:
        """A preflight counts for no limit, and none is in its way."""
        alice = self.new_user("alice")
        path = f"/rooms/{alice.create_room()}/send/m.room.message"
        for number in range(3):
            last = alice.request("PUT", f"{path}/{number}", {"body": "x"})
        self.assertEqual(last.status, 429)

        answers = [self.server.request("OPTIONS", f"{path}/{number}").status for number in range(10)]

        self.assertLessEqual(set(answers), {200, 204})


class RequestTest(HomeserverCase):
    """Requests that no endpoint answers, and what browsers ask first."""

    def test_an_unknown_path_is_not_found(self) -> None:
        """404 M_UNRECOGNIZED, with the headers that let a browser read it."""
        alice = self.new_user("alice")
        others = [f"/_matrix/{name}/nothing" for name in ("client/unstable/org.example", "federation/v1", "key/v2")]
        own = ("/nothing", "/rooms/!a:b/nothing", "/_matrix/client/v9/sync", "/_matrix/nothing", "/_matrix/media/v3/x")
        for path in (*own, *others):
            for client in (self.server, alice):
                answer = client.request("GET", path)
                self.assertEqual(answer.error, (404, "M_UNRECOGNIZED"))
                self.assertEqual(answer.headers["access-control-allow-origin"], "*")

    def test_clients_find_out_that_there_is_no_oauth(self) -> None:
        """Under the stable and the older path alike, whereupon they log in by password, which is offered."""
        for path in ("v1/auth_metadata", "unstable/org.matrix.msc2965/auth_metadata"):
            self.assertEqual(self.server.refusal("GET", f"/_matrix/client/{path}"), (404, "M_UNRECOGNIZED"))
        self.assertIn({"type": "m.login.password"}, self.server.get("/login")["flows"])

    def test_another_method_is_not_allowed(self) -> None:
        """405 M_UNRECOGNIZED."""
        elsewhere = ("DELETE", "/_matrix/federation/v1/version"), ("DELETE", "/_matrix/media/v3/upload")
        for method, path in (("DELETE", "/sync"), ("GET", "/createRoom"), ("PATCH", "/login"), *elsewhere):
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

    def test_what_is_not_there_is_left_out(self) -> None:
        """Many clients throw away a whole answer for one `null`; a device's fields alone may be so."""
        alice = self.new_user("alice")
        room = alice.create_room(preset="public_chat")
        event_id = alice.send(room, "hello")
        self.new_user("bob").join(room)
        alice.post(f"/rooms/{room}/receipt/m.read/{event_id}")
        at_room = [f"/rooms/{room}/{what}" for what in ("state", "members", "joined_members", f"event/{event_id}")]
        at_room += [f"/rooms/{room}/{what}" for what in ("messages", f"context/{event_id}", "aliases")]
        at_room += [f"/_matrix/client/v1/rooms/{room}/{what}" for what in ("threads", "hierarchy")]
        own = ["/sync", "/capabilities", "/account/whoami", "/publicRooms", "/login", "/pushrules/", "/pushers"]
        own += [f"/profile/{alice.user_id}", "/notifications", "/joined_rooms", "/account/3pid"]
        own += [f"/_matrix/client/v1/room_summary/{room}", f"/presence/{alice.user_id}/status"]
        for path in (*own, *at_room):
            with self.subTest(path):
                self.assertEqual(list(_nulls(alice.get(path))), [])

    def test_who_asks_for_the_servers_name_need_not_be_a_server(self) -> None:
        """Clients show it, and ask where they ask for all else."""
        self.assertEqual(self.server.get("/_matrix/federation/v1/version")["server"]["name"], "Hearth")

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


def _nulls(value: Any, where: str = "") -> Iterator[str]:
    """The places of all `null` within an answer."""
    if value is None:
        yield where
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _nulls(part, f"{where}/{key}")
