"""Credentials of the TURN server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import unittest

from homeserver.config.services import VoipConfig
from homeserver.slices.voip.service import TurnServer

URIS = ("turn:turn.example:3478?transport=udp",)


class TurnServerTest(unittest.TestCase):
    """Credentials for Alice at second 1,000."""

    def credentials(self, config: VoipConfig) -> dict[str, object]:
        """What she gets."""
        return TurnServer(config, lambda: 1000.9).credentials("@alice:our.example")

    def test_with_a_shared_secret_the_password_is_made_for_the_user(self) -> None:
        """It is the one the TURN server computes, and the name holds the end of its time."""
        found = self.credentials(VoipConfig(URIS, shared_secret="s3cret", user_lifetime_ms=60_000))

        code = hmac.new(b"s3cret", b"1060:@alice:our.example", hashlib.sha1).digest()
        self.assertEqual(
            found,
            {
                "username": "1060:@alice:our.example",
                "password": base64.b64encode(code).decode(),
                "uris": URIS,
                "ttl": 60,
            },
        )

    def test_fixed_credentials_are_the_same_for_all(self) -> None:
        """Those of the configuration."""
        found = self.credentials(VoipConfig(URIS, username="turn", password="pass"))

        self.assertEqual((found["username"], found["password"]), ("turn", "pass"))

    def test_without_server_or_credentials_there_are_none(self) -> None:
        """An empty object."""
        for config in (VoipConfig(), VoipConfig(shared_secret="s"), VoipConfig(URIS)):
            self.assertEqual(self.credentials(config), {})
