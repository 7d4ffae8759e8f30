"""`/voip/turnServer`."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.homeserver import HomeserverCase


class TurnServerTest(HomeserverCase):
    """A server with a TURN server, which guests may not use."""

    settings: ClassVar[dict[str, Any]] = {
        "turn_uris": ["turn:turn.example:3478"],
        "turn_shared_secret": "s3cret",
        "turn_user_lifetime": "2h",
        "turn_allow_guests": False,
        "allow_guest_access": True,
    }

    def test_a_user_gets_credentials(self) -> None:
        """Named after the user, for the time that is configured."""
        alice = self.new_user()
        found = alice.get("/voip/turnServer")

        self.assertTrue(found["username"].endswith(f":{alice.user_id}"))
        self.assertEqual((found["uris"], found["ttl"]), (["turn:turn.example:3478"], 7200))

    def test_a_guest_gets_none(self) -> None:
        """The configuration says so."""
        token = self.server.post("/register", {}, {"kind": "guest"})["access_token"]

        refusal = self.server.refusal("GET", "/voip/turnServer", query={"access_token": token})

        self.assertEqual(refusal, (403, "M_GUEST_ACCESS_FORBIDDEN"))


class NoTurnServerTest(HomeserverCase):
    """A server without."""

    def test_there_is_nothing_to_use(self) -> None:
        """An empty object."""
        self.assertEqual(self.new_user().get("/voip/turnServer"), {})
