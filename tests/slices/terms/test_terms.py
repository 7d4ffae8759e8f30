"""Terms: registering by consent alone, and what is remembered of it."""

from __future__ import annotations

from typing import Any

from homeserver.slices.terms.service import AcceptedPolicies
from homeserver.slices.terms.tables import TABLES
from tests.support.database_case import DatabaseCase
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, HomeserverCase
from tests.support.own_reactor import run

TERMS = "m.login.terms"
ALICE, BOB = "@alice:here", "@bob:here"


class ConsentTest(HomeserverCase):
    """A server where anybody registers who consents."""

    settings = {  # noqa: RUF012
        "policies": [{"id": "terms", "version": "1", "languages": {"en": {"name": "T", "url": "https://a.example/"}}}]
    }

    def test_consent_is_asked_for_and_enough(self) -> None:
        """The documents in the first answer, the account after the second; without consent there is none."""
        body: dict[str, Any] = {"username": "alice", "password": PASSWORD}
        asked = self.server.request("POST", "/register", body).json
        self.assertEqual(asked["flows"], [{"stages": [TERMS]}])
        document = {"version": "1", "en": {"name": "T", "url": "https://a.example/"}}
        self.assertEqual(asked["params"], {TERMS: {"policies": {"terms": document}}})
        dummy = {"type": "m.login.dummy", "session": asked["session"]}
        self.assertEqual(self.server.request("POST", "/register", {**body, "auth": dummy}).status, 401)

        self.server.post("/register", {**body, "auth": {"type": TERMS, "session": asked["session"]}})


class AcceptanceTest(DatabaseCase):
    """What was accepted."""

    tables = TABLES

    def setUp(self) -> None:
        """At a time that the test sets."""
        super().setUp()
        self.now_ms = 1000
        self.accepted = AcceptedPolicies(self.database, lambda: self.now_ms)

    def sign_up(self, user_id: str, result: Any) -> None:
        """With this result of the stage."""
        run(self.database.transact(self.accepted.signed_up, user_id, result))

    def test_the_version_is_remembered(self) -> None:
        """For each user and document; the newest last."""
        self.sign_up(ALICE, {"versions": {"terms": "1", "privacy": "7"}})
        self.sign_up(BOB, None)
        self.now_ms = 2000
        self.sign_up(ALICE, {"versions": {"terms": "2"}})

        self.assertEqual(run(self.accepted.accepted_by(ALICE)), {"terms": "2", "privacy": "7"})
        self.assertEqual(run(self.accepted.accepted_by(BOB)), {})

    def test_erasing_an_account_forgets_it_and_ending_one_does_not(self) -> None:
        """The user's alone."""
        for user_id in (ALICE, BOB):
            self.sign_up(user_id, {"versions": {"terms": "1"}})

        run(self.database.transact(self.accepted.deactivate, ALICE, True))
        run(self.database.transact(self.accepted.deactivate, BOB, False))

        self.assertEqual(run(self.accepted.accepted_by(ALICE)), {})
        self.assertEqual(run(self.accepted.accepted_by(BOB)), {"terms": "1"})


ConsentTestOnPostgres = on_postgres(ConsentTest)
