"""What every request may rely on, asked of the whole server."""

from __future__ import annotations

from tests.support.homeserver import HomeserverCase


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
            self.assertIn("authorization", answer.headers["access-control-allow-headers"].lower())

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
