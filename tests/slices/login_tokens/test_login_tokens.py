"""Logging in another client, as clients see it."""

from __future__ import annotations

from typing import Any

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

GET_TOKEN = "/_matrix/client/v1/login/get_token"
LOGIN = "m.login.token"


def auth(user: User, session: str) -> dict[str, Any]:
    """The password stage."""
    identifier = {"type": "m.id.user", "user": user.user_id}
    return {"type": "m.login.password", "identifier": identifier, "password": user.password, "session": session}


class LoginTokenTest(HomeserverCase):
    """A server where that is possible."""

    settings = {  # noqa: RUF012
        "login_via_existing_session": {"enabled": True, "token_timeout": "3m"},
        "ui_auth": {"session_timeout": "1h"},
    }

    def setUp(self) -> None:
        """Anew for each test."""
        self.alice = self.new_user("alice")

    def new_token(self) -> str:
        """A token of Alice's."""
        session = self.alice.request("POST", GET_TOKEN, {}).json["session"]
        answer = self.alice.post(GET_TOKEN, {"auth": auth(self.alice, session)})
        self.assertEqual(answer["expires_in_ms"], 180_000)
        token: str = answer["login_token"]
        return token

    def test_a_token_logs_in_another_client_of_the_same_user(self) -> None:
        """A new device."""
        other = User(self.server.url, self.server.post("/login", {"type": LOGIN, "token": self.new_token()}))

        self.assertEqual(other.user_id, self.alice.user_id)
        self.assertNotEqual(other.device_id, self.alice.device_id)
        other.get("/account/whoami")

    def test_a_token_is_good_once(self) -> None:
        """403 M_FORBIDDEN then, and for what was made up."""
        token = self.new_token()
        self.server.post("/login", {"type": LOGIN, "token": token})

        for wrong in (token, "made up", "nul\0l"):
            self.assertEqual(
                self.server.refusal("POST", "/login", {"type": LOGIN, "token": wrong}), (403, "M_FORBIDDEN")
            )
        self.assertEqual(self.server.refusal("POST", "/login", {"type": LOGIN}), (400, "M_MISSING_PARAM"))

    def test_each_token_asks_who_one_is(self) -> None:
        """Although proving it lasts an hour on this server."""
        self.new_token()

        self.assertEqual(self.alice.request("POST", GET_TOKEN, {}).status, 401)

    def test_clients_see_that_it_is_possible(self) -> None:
        """The flow, and the capability."""
        self.assertIn({"type": LOGIN, "get_login_token": True}, self.server.get("/login")["flows"])
        self.assertEqual(self.alice.get("/capabilities")["capabilities"]["m.get_login_token"], {"enabled": True})

    def test_the_token_of_an_account_that_ended_is_good_no_more(self) -> None:
        """403."""
        token = self.new_token()
        session = self.alice.request("POST", "/account/deactivate", {}).json["session"]
        self.alice.post("/account/deactivate", {"auth": auth(self.alice, session)})

        self.assertEqual(self.server.refusal("POST", "/login", {"type": LOGIN, "token": token}), (403, "M_FORBIDDEN"))


class WithoutLoginTokensTest(HomeserverCase):
    """A server where it is not possible, as it is by default."""

    def test_clients_see_that_it_is_not_possible(self) -> None:
        """No flow, no capability, no endpoint."""
        alice = self.new_user("alice")

        self.assertNotIn(LOGIN, [flow["type"] for flow in self.server.get("/login")["flows"]])
        self.assertEqual(alice.get("/capabilities")["capabilities"]["m.get_login_token"], {"enabled": False})
        self.assertEqual(alice.refusal("POST", GET_TOKEN, {}), (404, "M_UNRECOGNIZED"))


class ExpiringLoginTokenTest(HomeserverCase):
    """A server where a token lasts an instant."""

    settings = {"login_via_existing_session": {"enabled": True, "token_timeout": 1}}  # noqa: RUF012

    def test_a_token_that_has_expired_is_good_no_more(self) -> None:
        """403."""
        alice = self.new_user("alice")
        session = alice.request("POST", GET_TOKEN, {}).json["session"]
        token = alice.post(GET_TOKEN, {"auth": auth(alice, session)})["login_token"]
        self.server.get("/login")

        self.assertEqual(self.server.refusal("POST", "/login", {"type": LOGIN, "token": token}), (403, "M_FORBIDDEN"))


LoginTokenTestOnPostgres = on_postgres(LoginTokenTest)
ExpiringLoginTokenTestOnPostgres = on_postgres(ExpiringLoginTokenTest)
