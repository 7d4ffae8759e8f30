"""Registering, as clients see it."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, SHARED_SECRET, HomeserverCase

DUMMY = {"type": "m.login.dummy"}


class RegisteringTest(HomeserverCase):
    """Everybody may register on this server."""

    def test_the_first_answer_names_the_stages_and_the_second_request_registers(self) -> None:
        """401 with flows and a session; the session with the dummy stage makes the user."""
        body = {"username": "carol", "password": PASSWORD, "device_id": "PHONE"}
        asked = self.server.request("POST", "/register", body)
        self.assertEqual(asked.status, 401)
        self.assertEqual(asked.json["flows"], [{"stages": ["m.login.dummy"]}])

        made = self.server.post("/register", {**body, "auth": {**DUMMY, "session": asked.json["session"]}})

        self.assertEqual(made["user_id"], f"@carol:{self.server.name}")
        self.assertEqual(made["device_id"], "PHONE")
        who = User(self.server.url, made).get("/account/whoami")
        self.assertEqual((who["user_id"], who["device_id"]), (made["user_id"], "PHONE"))

    def test_a_session_registers_what_it_was_begun_for(self) -> None:
        """Another user name in the second request does not slip past the first."""
        asked = self.server.request("POST", "/register", {"username": "dora", "password": PASSWORD}).json
        auth = {**DUMMY, "session": asked["session"]}

        answer = self.server.request("POST", "/register", {"username": "eve", "password": PASSWORD, "auth": auth})

        self.assertNotEqual(answer.json.get("user_id"), f"@eve:{self.server.name}")

    def test_a_poll_of_the_session_says_what_is_still_to_do(self) -> None:
        """`auth` with a session alone is no failure."""
        body = {"username": "fred", "password": PASSWORD}
        session = self.server.request("POST", "/register", body).json["session"]

        polled = self.server.request("POST", "/register", {**body, "auth": {"session": session}})

        self.assertEqual((polled.status, polled.json["session"]), (401, session))
        self.assertNotIn("errcode", polled.json)

    def test_a_name_is_given_once(self) -> None:
        """400 M_USER_IN_USE, also for another case of letters, and before any authentication."""
        self.server.register("gina")
        for name in ("gina", "GINA"):
            self.assertEqual(
                self.server.refusal("POST", "/register", {"username": name, "password": PASSWORD}),
                (400, "M_USER_IN_USE"),
            )

    def test_names_with_other_characters_are_refused(self) -> None:
        """400 M_INVALID_USERNAME."""
        for name in ("Ünal", "two words", "a:b", "@at", "", "x" * 300):
            with self.subTest(name):
                body = {"username": name, "password": PASSWORD, "auth": DUMMY}
                self.assertEqual(self.server.refusal("POST", "/register", body), (400, "M_INVALID_USERNAME"))

    def test_without_a_name_the_server_chooses_one(self) -> None:
        """Twice, and they differ."""
        first, second = (
            self.server.post("/register", {"password": PASSWORD, "auth": DUMMY})["user_id"] for _ in range(2)
        )
        self.assertNotEqual(first, second)

    def test_available_answers_for_free_taken_and_impossible_names(self) -> None:
        """`/register/available`."""
        self.server.register("hugo")
        path = "/register/available"

        self.assertEqual(self.server.get(path, {"username": "ida"}), {"available": True})
        self.assertEqual(self.server.refusal("GET", path, query={"username": "hugo"}), (400, "M_USER_IN_USE"))
        self.assertEqual(self.server.refusal("GET", path, query={"username": "Ü"}), (400, "M_INVALID_USERNAME"))
        self.assertEqual(self.server.refusal("GET", path), (400, "M_MISSING_PARAM"))

    def test_inhibit_login_makes_a_user_without_a_session(self) -> None:
        """No token in the answer, and the password works."""
        body = {"username": "jana", "password": PASSWORD, "inhibit_login": True, "auth": DUMMY}

        made = self.server.post("/register", body)

        self.assertNotIn("access_token", made)
        identifier = {"type": "m.id.user", "user": "jana"}
        self.server.post("/login", {"type": "m.login.password", "identifier": identifier, "password": PASSWORD})

    def test_guests_are_refused_where_there_are_none(self) -> None:
        """403 M_FORBIDDEN."""
        self.assertEqual(self.server.refusal("POST", "/register", {}, {"kind": "guest"}), (403, "M_FORBIDDEN"))

    def test_bad_bodies_are_told_apart(self) -> None:
        """No JSON, JSON of the wrong shape."""
        self.assertEqual(self.server.request("POST", "/register", raw=b"{nonsense").error, (400, "M_NOT_JSON"))
        self.assertEqual(self.server.request("POST", "/register", raw=b'"text"').error, (400, "M_BAD_JSON"))
        self.assertEqual(
            self.server.refusal("POST", "/register", {"username": 7, "password": PASSWORD}), (400, "M_BAD_JSON")
        )


class SharedSecretTest(HomeserverCase):
    """Registering by shared secret, on a server where registration is closed."""

    settings = {"enable_registration": False, "enable_registration_without_verification": False}  # noqa: RUF012

    def register(self, name: str, secret: str = SHARED_SECRET, is_admin: bool = False, **body: Any) -> Any:
        """One registration, however it is answered."""
        nonce = self.server.get("/_synapse/admin/v1/register")["nonce"]
        signed = "\0".join([nonce, name, PASSWORD, "admin" if is_admin else "notadmin"])
        mac = hmac.new(secret.encode(), signed.encode(), hashlib.sha1).hexdigest()
        wanted = {"nonce": nonce, "username": name, "password": PASSWORD, "admin": is_admin, "mac": mac, **body}
        return self.server.request("POST", "/_synapse/admin/v1/register", wanted)

    def test_who_knows_the_secret_registers_users(self) -> None:
        """A user who is logged in."""
        made = self.register("alice").ok()

        self.assertEqual(User(self.server.url, made).get("/account/whoami")["user_id"], f"@alice:{self.server.name}")

    def test_a_wrong_secret_registers_nobody(self) -> None:
        """403 M_FORBIDDEN."""
        self.assertEqual(self.register("bob", "another secret").error, (403, "M_FORBIDDEN"))
        self.register("bob").ok()

    def test_the_mac_covers_whether_it_is_an_admin(self) -> None:
        """A MAC for an ordinary user makes no administrator."""
        self.assertEqual(self.register("carol", admin=True).error, (403, "M_FORBIDDEN"))

    def test_a_nonce_is_good_for_one_registration(self) -> None:
        """The same request again is refused."""
        nonce = self.server.get("/_synapse/admin/v1/register")["nonce"]
        answers = []
        for name in ("dave", "erin"):
            signed = "\0".join([nonce, name, PASSWORD, "notadmin"])
            mac = hmac.new(SHARED_SECRET.encode(), signed.encode(), hashlib.sha1).hexdigest()
            body = {"nonce": nonce, "username": name, "password": PASSWORD, "admin": False, "mac": mac}
            answers.append(self.server.request("POST", "/_synapse/admin/v1/register", body).status)
        self.assertEqual(answers, [200, 400])

    def test_nobody_registers_without_it(self) -> None:
        """403 M_FORBIDDEN, at the first request already."""
        body = {"username": "frank", "password": PASSWORD}
        self.assertEqual(self.server.refusal("POST", "/register", body), (403, "M_FORBIDDEN"))
        self.assertEqual(self.server.refusal("POST", "/register", {**body, "auth": DUMMY}), (403, "M_FORBIDDEN"))


RegisteringTestOnPostgres = on_postgres(RegisteringTest)
SharedSecretTestOnPostgres = on_postgres(SharedSecretTest)
