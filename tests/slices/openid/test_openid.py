"""Tokens for third parties.

https://spec.matrix.org/v1.19/client-server-api/#openid
"""

from __future__ import annotations

from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

USERINFO = "/_matrix/federation/v1/openid/userinfo"
UNKNOWN = (401, "M_UNKNOWN_TOKEN")


class OpenIdTest(HomeserverCase):
    """Alice shows a widget who she is."""

    def setUp(self) -> None:
        self.alice = self.new_user("alice")
        self.path = f"/user/{self.alice.user_id}/openid/request_token"

    def test_a_token_says_whose_it_is(self) -> None:
        """To anybody who has it."""
        given = self.alice.post(self.path)

        self.assertEqual((given["token_type"], given["matrix_server_name"]), ("Bearer", self.server.name))
        self.assertGreater(given["expires_in"], 60)
        answer = self.server.get(USERINFO, {"access_token": given["access_token"]})
        self.assertEqual(answer, {"sub": self.alice.user_id})

    def test_no_body_is_needed(self) -> None:
        """Some clients send none."""
        self.assertTrue(self.alice.request("POST", self.path).ok()["access_token"])

    def test_a_token_lets_nobody_in(self) -> None:
        """It is no access token, and an access token is none of these."""
        token = self.alice.post(self.path)["access_token"]

        self.assertEqual(self.server.refusal("GET", "/account/whoami", query={"access_token": token}), UNKNOWN)
        self.assertEqual(self.server.refusal("GET", USERINFO, query={"access_token": self.alice.token}), UNKNOWN)
        self.assertEqual(self.server.refusal("GET", USERINFO), (401, "M_MISSING_TOKEN"))

    def test_of_one_s_own_only(self) -> None:
        """Nobody speaks for others."""
        self.assertEqual(self.new_user("bob").refusal("POST", self.path, {}), (403, "M_FORBIDDEN"))

    def test_the_oldest_are_forgotten(self) -> None:
        """Twenty count at a time."""
        tokens = [self.alice.post(self.path)["access_token"] for _ in range(21)]

        self.assertEqual(self.server.get(USERINFO, {"access_token": tokens[-1]})["sub"], self.alice.user_id)
        counting = [self.server.request("GET", USERINFO, query={"access_token": one}).status for one in tokens]
        self.assertEqual(counting.count(200), 20)


OpenIdTestOnPostgres = on_postgres(OpenIdTest)
