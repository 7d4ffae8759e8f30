"""What clients ask first."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.request import urlopen

from tests.support.api_client import Client
from tests.support.homeserver import HomeserverCase


class DiscoveryTest(HomeserverCase):
    """A server whose administrator is named."""

    settings: ClassVar[dict[str, Any]] = {
        "admin_contact": "mailto:admin@our.example",
        "extra_well_known_client_content": {"org.example.x": 1},
    }

    def test_anybody_may_ask_for_versions(self) -> None:
        """Browsers too, and whatever token they send."""
        answer = self.server.request("GET", "/_matrix/client/versions")

        self.assertIn("v1.19", answer.ok()["versions"])
        self.assertEqual(answer.headers["access-control-allow-origin"], "*")
        for token in ("made-up", self.new_user().token):
            known = Client(self.server.url, token).get("/_matrix/client/versions")
            self.assertEqual(known["versions"], answer.json["versions"])

    def test_the_server_says_where_it_is(self) -> None:
        """With what the configuration adds; and whom to turn to."""
        self.assertEqual(self.well_known("client"), {"m.homeserver": {"base_url": self.server.url}, "org.example.x": 1})
        self.assertEqual(
            self.well_known("support"),
            {"contacts": [{"role": "m.role.admin", "email_address": "admin@our.example"}]},
        )

    def well_known(self, name: str) -> Any:
        """A document below `/.well-known/matrix/`."""
        with urlopen(f"{self.server.url}/.well-known/matrix/{name}", timeout=30) as response:
            self.assertEqual(response.headers["Access-Control-Allow-Origin"], "*")
            return json.load(response)

    def test_capabilities_are_for_users(self) -> None:
        """And hold those that clients look for."""
        found = self.new_user().get("/capabilities")["capabilities"]

        self.assertEqual(found["m.room_versions"]["available"]["12"], "stable")
        self.assertEqual(found["m.change_password"], {"enabled": True})
        self.assertEqual(self.server.refusal("GET", "/capabilities"), (401, "M_MISSING_TOKEN"))
