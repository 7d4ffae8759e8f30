"""Registering with a token, as people and administrators see it."""

from __future__ import annotations

from typing import Any

from tests.support.administrators import new_administrator
from tests.support.api_client import Answer, User
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, HomeserverCase

STAGE = "m.login.registration_token"
VALIDITY = f"/_matrix/client/v1/register/{STAGE}/validity"
ADMIN = "/_synapse/admin/v1/registration_tokens"


class TokenRegistrationTest(HomeserverCase):
    """A server where one registers with a token."""

    settings = {  # noqa: RUF012
        "enable_registration_without_verification": False,
        "registration_requires_token": True,
    }
    admin: User

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.admin = new_administrator(cls.server)

    def new_token(self, **body: Any) -> str:
        """A token with these limits."""
        token: str = self.admin.post(f"{ADMIN}/new", body)["token"]
        return token

    def register(self, name: str, token: str, session: str | None = None) -> Answer:
        """One attempt, however it is answered."""
        auth = {"type": STAGE, "token": token, **({"session": session} if session else {})}
        return self.server.request("POST", "/register", {"username": name, "password": PASSWORD, "auth": auth})

    def counts(self, token: str) -> tuple[int, int]:
        """Registrations under way, and those that succeeded."""
        found = self.admin.get(f"{ADMIN}/{token}")
        return found["pending"], found["completed"]

    def is_valid(self, token: str) -> bool:
        """What the server says to anybody."""
        valid: bool = self.server.get(VALIDITY, {"token": token})["valid"]
        return valid

    def test_the_token_is_what_is_asked_for(self) -> None:
        """One flow, with the token's stage."""
        asked = self.server.request("POST", "/register", {"username": "asker", "password": PASSWORD})

        self.assertEqual(asked.json["flows"], [{"stages": [STAGE]}])

    def test_who_has_a_token_registers(self) -> None:
        """A user who is logged in; the use is counted."""
        token = self.new_token(uses_allowed=2)
        session = self.server.request("POST", "/register", {"username": "anna", "password": PASSWORD}).json["session"]

        made = self.register("anna", token, session).ok()

        self.assertEqual(made["user_id"], f"@anna:{self.server.name}")
        self.assertEqual(self.counts(token), (0, 1))
        self.assertTrue(self.is_valid(token))

    def test_a_token_is_used_as_often_as_it_may_be(self) -> None:
        """The second registration with a token for one is refused, and may try another token."""
        token = self.new_token(uses_allowed=1)
        self.register("bert", token).ok()

        refused = self.register("bruno", token)

        self.assertEqual(refused.error, (401, "M_UNAUTHORIZED"))
        self.assertFalse(self.is_valid(token))
        self.register("bruno", self.new_token(), refused.json["session"]).ok()

    def test_an_unknown_token_registers_nobody(self) -> None:
        """Neither one that was made up, nor what cannot be a token, nor none."""
        for token in ("made-up", "a b", "x" * 65, ""):
            with self.subTest(token):
                self.assertEqual(self.register("carl", token).error, (401, "M_UNAUTHORIZED"))
                self.assertFalse(self.is_valid(token))
        self.assertEqual(self.register("carl", "nul\0l").error, (401, "M_UNAUTHORIZED"))
        body = {"username": "carl", "password": PASSWORD, "auth": {"type": STAGE}}
        self.assertEqual(self.server.request("POST", "/register", body).error, (401, "M_MISSING_PARAM"))

    def test_another_stage_does_not_do(self) -> None:
        """The dummy stage is no way around the token."""
        body = {"username": "dan", "password": PASSWORD, "auth": {"type": "m.login.dummy"}}

        answer = self.server.request("POST", "/register", body)

        self.assertEqual((answer.status, answer.json["flows"]), (401, [{"stages": [STAGE]}]))

    def test_a_registration_under_way_holds_its_use(self) -> None:
        """A name that is taken stops the first registration after it has shown the token; the use stays pending."""
        token = self.new_token(uses_allowed=1)
        body = {"username": "emil", "auth": {"type": STAGE, "token": token}}
        self.assertEqual(self.server.refusal("POST", "/register", body), (400, "M_MISSING_PARAM"))

        self.assertEqual(self.counts(token), (1, 0))
        self.assertEqual(self.register("erna", token).error, (401, "M_UNAUTHORIZED"))

    def test_a_token_that_was_deleted_is_good_no_more(self) -> None:
        """404 for its administrator, invalid for all."""
        token = self.new_token()

        self.assertEqual(self.admin.delete(f"{ADMIN}/{token}"), {})

        self.assertEqual(self.admin.refusal("GET", f"{ADMIN}/{token}"), (404, "M_NOT_FOUND"))
        self.assertEqual(self.register("fritz", token).error, (401, "M_UNAUTHORIZED"))


class ClosedRegistrationTest(HomeserverCase):
    """A server where nobody registers."""

    settings = {"enable_registration": False, "enable_registration_without_verification": False}  # noqa: RUF012

    def test_no_token_is_valid(self) -> None:
        """403 M_FORBIDDEN, also for one that an administrator made."""
        token = new_administrator(self.server).post(f"{ADMIN}/new")["token"]

        self.assertEqual(self.server.refusal("GET", VALIDITY, query={"token": token}), (403, "M_FORBIDDEN"))


class ValidityLimitTest(HomeserverCase):
    """A server that counts guesses."""

    settings = {"rc_registration_token_validity": {"per_second": 0.001, "burst_count": 3}}  # noqa: RUF012

    def test_guessing_is_limited(self) -> None:
        """429 after a few."""
        answers = [self.server.request("GET", VALIDITY, query={"token": "guess"}).status for _ in range(4)]

        self.assertEqual(answers, [200, 200, 200, 429])


TokenRegistrationTestOnPostgres = on_postgres(TokenRegistrationTest)
