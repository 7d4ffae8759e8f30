"""Logging in and out, and what a token is good for."""

from __future__ import annotations

from typing import Any

from tests.support.api_client import Client
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, HomeserverCase

UNKNOWN_TOKEN = (401, "M_UNKNOWN_TOKEN")


class LoggingInTest(HomeserverCase):
    """A user with a password."""

    def setUp(self) -> None:
        self.alice = self.new_user("alice")

    def login(self, user: Any, password: str = PASSWORD, **body: Any) -> Any:
        """One login by `m.id.user`, however it is answered."""
        identifier = {"type": "m.id.user", "user": user}
        wanted = {"type": "m.login.password", "identifier": identifier, "password": password, **body}
        return self.server.request("POST", "/login", wanted)

    def test_the_flows_name_the_password(self) -> None:
        """`GET /login`."""
        types = [flow["type"] for flow in self.server.get("/login")["flows"]]
        self.assertIn("m.login.password", types)

    def test_the_user_is_named_in_short_or_in_full(self) -> None:
        """The local part, the whole user id, and a local part in other case."""
        for name in (self.alice.localpart, self.alice.user_id, self.alice.localpart.upper()):
            self.assertEqual(self.login(name).ok()["user_id"], self.alice.user_id)

    def test_the_old_form_names_the_user_beside_the_password(self) -> None:
        """`user` at the top level, as clients of old send it."""
        body = {"type": "m.login.password", "user": self.alice.localpart, "password": PASSWORD}
        self.assertEqual(self.server.post("/login", body)["user_id"], self.alice.user_id)

    def test_a_wrong_password_and_an_unknown_user_look_the_same(self) -> None:
        """403 M_FORBIDDEN with the same words."""
        wrong, unknown = self.login(self.alice.localpart, "guess"), self.login("nobody", "guess")

        self.assertEqual(wrong.error, (403, "M_FORBIDDEN"))
        self.assertEqual(unknown.error, wrong.error)
        self.assertEqual(unknown.json["error"], wrong.json["error"])

    def test_users_of_other_servers_cannot_log_in(self) -> None:
        """403 M_FORBIDDEN."""
        self.assertEqual(self.login(f"@{self.alice.localpart}:elsewhere.example").error, (403, "M_FORBIDDEN"))

    def test_an_unknown_login_type_is_refused(self) -> None:
        """400 M_UNKNOWN."""
        self.assertEqual(self.server.refusal("POST", "/login", {"type": "m.login.unheard_of"}), (400, "M_UNKNOWN"))

    def test_what_is_missing_is_told(self) -> None:
        """No type, no password, a user that is no text."""
        identifier = {"type": "m.id.user", "user": "x"}
        for body in ({}, {"type": "m.login.password", "identifier": identifier}):
            self.assertEqual(self.server.refusal("POST", "/login", body), (400, "M_MISSING_PARAM"))
        self.assertEqual(self.login(7).error[0], 400)

    def test_a_login_that_names_a_device_ends_its_old_token(self) -> None:
        """The device stays one; the token of before is no longer good."""
        again = self.alice.log_in_again(device_id=self.alice.device_id)

        self.assertEqual(self.alice.refusal("GET", "/account/whoami"), UNKNOWN_TOKEN)
        self.assertEqual([one["device_id"] for one in again.get("/devices")["devices"]], [self.alice.device_id])

    def test_logout_ends_this_session_alone(self) -> None:
        """The token and its device go; another device stays."""
        phone = self.alice.log_in_again(initial_device_display_name="Phone")

        self.alice.post("/logout")

        self.assertEqual(self.alice.refusal("GET", "/account/whoami"), UNKNOWN_TOKEN)
        self.assertEqual([one["device_id"] for one in phone.get("/devices")["devices"]], [phone.device_id])

    def test_logout_all_ends_every_session(self) -> None:
        """Both tokens are unknown; the password still logs in."""
        phone = self.alice.log_in_again()

        phone.post("/logout/all")

        for device in (self.alice, phone):
            self.assertEqual(device.refusal("GET", "/account/whoami"), UNKNOWN_TOKEN)
        self.login(self.alice.localpart).ok()

    def test_a_request_without_a_token_is_told_so(self) -> None:
        """401 M_MISSING_TOKEN."""
        self.assertEqual(self.server.refusal("GET", "/account/whoami"), (401, "M_MISSING_TOKEN"))
        self.assertEqual(self.server.refusal("GET", "/sync"), (401, "M_MISSING_TOKEN"))

    def test_an_unknown_token_is_no_soft_logout(self) -> None:
        """401 M_UNKNOWN_TOKEN; the client forgets its device."""
        answer = Client(self.server.url, "made up").request("GET", "/account/whoami")

        self.assertEqual(answer.error, UNKNOWN_TOKEN)
        self.assertFalse(answer.json.get("soft_logout"))

    def test_a_token_in_the_query_is_good_too(self) -> None:
        """The older way to send it."""
        who = self.server.get("/account/whoami", {"access_token": self.alice.token})
        self.assertEqual(who["user_id"], self.alice.user_id)

    def test_refresh_tokens_are_exchanged_and_the_old_token_ends(self) -> None:
        """A new pair for the refresh token; the access token of before ends once the new one is used."""
        login = self.login(self.alice.localpart, refresh_token=True).ok()
        self.assertGreater(login["expires_in_ms"], 0)

        fresh = self.server.post("/refresh", {"refresh_token": login["refresh_token"]})

        Client(self.server.url, fresh["access_token"]).get("/account/whoami")
        old = Client(self.server.url, login["access_token"])
        self.assertEqual(old.refusal("GET", "/account/whoami"), UNKNOWN_TOKEN)
        self.assertEqual(
            self.server.refusal("POST", "/refresh", {"refresh_token": login["refresh_token"]}), UNKNOWN_TOKEN
        )

    def test_a_refresh_whose_answer_was_lost_is_asked_for_again(self) -> None:
        """Until one of the new tokens is used."""
        login = self.login(self.alice.localpart, refresh_token=True).ok()
        lost = self.server.post("/refresh", {"refresh_token": login["refresh_token"]})

        again = self.server.post("/refresh", {"refresh_token": login["refresh_token"]})

        self.assertNotEqual(again["access_token"], lost["access_token"])
        Client(self.server.url, again["access_token"]).get("/account/whoami")
        self.assertEqual(self.server.refusal("POST", "/refresh", {"refresh_token": "made up"}), UNKNOWN_TOKEN)


class ExpiringTokenTest(HomeserverCase):
    """A server where access tokens with a refresh token last an instant."""

    settings = {"refreshable_access_token_lifetime": 1}  # noqa: RUF012

    def test_an_expired_token_is_a_soft_logout(self) -> None:
        """401 M_UNKNOWN_TOKEN with `soft_logout`: the device is still there, and the refresh token renews it."""
        alice = self.new_user("alice")
        session = alice.log_in_again(refresh_token=True)

        answers = [session.request("GET", "/account/whoami") for _ in range(20)]

        answer = answers[-1]
        self.assertEqual(answer.error, UNKNOWN_TOKEN)
        self.assertIs(answer.json["soft_logout"], True)
        self.assertIn(session.device_id, [one["device_id"] for one in alice.get("/devices")["devices"]])
        self.assertIn("v1.11", session.get("/_matrix/client/versions")["versions"])


class PasswordChangeTest(HomeserverCase):
    """Changing one's password."""

    def change(self, user: Any, **body: Any) -> Any:
        """One request, with the old password where it is given."""
        return user.request("POST", "/account/password", {"new_password": "quite another one", **body})

    def auth(self, user: Any, session: str, password: str = PASSWORD) -> Any:
        """The stage m.login.password."""
        identifier = {"type": "m.id.user", "user": user.user_id}
        return {"type": "m.login.password", "identifier": identifier, "password": password, "session": session}

    def test_the_old_password_is_asked_for(self) -> None:
        """401 with the password stage; a wrong password stays 401 and says why."""
        alice = self.new_user("alice")
        asked = self.change(alice)
        self.assertEqual(asked.status, 401)
        self.assertIn({"stages": ["m.login.password"]}, asked.json["flows"])

        wrong = self.change(alice, auth=self.auth(alice, asked.json["session"], "guess"))

        self.assertEqual(wrong.error, (401, "M_FORBIDDEN"))

    def test_the_new_password_logs_in_and_other_sessions_end(self) -> None:
        """The session that changed it goes on."""
        alice = self.new_user("alice")
        phone = alice.log_in_again()
        session = self.change(alice).json["session"]

        self.change(alice, auth=self.auth(alice, session)).ok()

        alice.get("/account/whoami")
        self.assertEqual(phone.refusal("GET", "/account/whoami"), UNKNOWN_TOKEN)
        alice.password = "quite another one"
        alice.log_in_again()
        alice.password = PASSWORD
        with self.assertRaisesRegex(AssertionError, "M_FORBIDDEN"):
            alice.log_in_again()

    def test_other_sessions_go_on_where_that_is_wanted(self) -> None:
        """`logout_devices: false`."""
        alice = self.new_user("alice")
        phone = alice.log_in_again()
        session = self.change(alice, logout_devices=False).json["session"]

        self.change(alice, logout_devices=False, auth=self.auth(alice, session)).ok()

        phone.get("/account/whoami")

    def test_a_deactivated_account_is_gone_for_good(self) -> None:
        """Its tokens end, its rooms are left, nobody logs in or registers by its name."""
        alice, bob = self.new_user("alice"), self.new_user("bob")
        room = bob.create_room(preset="public_chat")
        alice.join(room)
        session = alice.request("POST", "/account/deactivate", {}).json["session"]

        alice.post("/account/deactivate", {"auth": self.auth(alice, session)})

        self.assertEqual(alice.refusal("GET", "/account/whoami"), UNKNOWN_TOKEN)
        with self.assertRaises(AssertionError):
            alice.log_in_again()
        self.assertEqual(
            self.server.refusal("POST", "/register", {"username": alice.localpart, "password": PASSWORD}),
            (400, "M_USER_IN_USE"),
        )
        bob.sync_until(lambda _: bob.state(room, "m.room.member", alice.user_id)["membership"] == "leave")


LoggingInTestOnPostgres = on_postgres(LoggingInTest)
ExpiringTokenTestOnPostgres = on_postgres(ExpiringTokenTest)
PasswordChangeTestOnPostgres = on_postgres(PasswordChangeTest)
