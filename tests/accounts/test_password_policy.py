"""What new passwords must have."""

from __future__ import annotations

import unittest
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from homeserver.accounts.passwords import check_strength
from homeserver.config.accounts import PasswordPolicy
from homeserver.protocol.errors import MatrixError
from tests.slices.threepids.email_case import EmailCase
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, HomeserverCase

WEAK = (400, "M_WEAK_PASSWORD")
GOOD = "Long enough, with 1 of each"
DUMMY = {"type": "m.login.dummy"}
POLICY = {
    "enabled": True,
    "minimum_length": 10,
    "require_digit": True,
    "require_symbol": True,
    "require_lowercase": True,
    "require_uppercase": True,
}


class PolicyTest(HomeserverCase):
    """A server with all conditions."""

    settings = {"password_config": {"policy": POLICY}}  # noqa: RUF012

    def register(self, name: str, password: str, **body: Any) -> Any:
        """One attempt, however it is answered."""
        return self.server.request("POST", "/register", {"username": name, "password": password, **body})

    def test_clients_are_told_the_conditions(self) -> None:
        """Also under the older path."""
        expected = {f"m.{name}": value for name, value in POLICY.items() if name != "enabled"}

        self.assertEqual(self.server.get("/password_policy"), expected)
        self.assertEqual(self.server.get("/_matrix/client/r0/password_policy"), expected)

    def test_a_weak_password_is_refused_before_anything_is_asked(self) -> None:
        """400 M_WEAK_PASSWORD, with what it lacks; the good one goes on to the stages."""
        for password, lacks in (
            ("Ab1!", "10 characters"),
            ("Abcdefghij!", "a digit"),
            ("Abcdefghij1", "a symbol"),
            ("ABCDEFGHIJ1!", "a lower-case letter"),
            ("abcdefghij1!", "a capital letter"),
            ("", "10 characters, a digit, a symbol, a lower-case letter, a capital letter"),
        ):
            with self.subTest(password):
                refused = self.register("anna", password)
                self.assertEqual(refused.error, WEAK)
                self.assertIn(lacks, refused.json["error"])
        self.assertEqual(self.register("anna", GOOD).status, 401)
        self.register("anna", GOOD, auth=DUMMY).ok()

    def test_a_weak_password_replaces_no_good_one(self) -> None:
        """400 M_WEAK_PASSWORD, and the old one still logs in."""
        self.register("bert", GOOD, auth=DUMMY).ok()
        identifier = {"type": "m.id.user", "user": "bert"}
        login = {"type": "m.login.password", "identifier": identifier, "password": GOOD}
        user = self.server.post("/login", login)

        refused = self.server.request(
            "POST", "/account/password", {"new_password": "weak"}, {"access_token": user["access_token"]}
        )

        self.assertEqual(refused.error, WEAK)
        self.server.post("/login", login)


class ResetPolicyTest(EmailCase):
    """A server with a condition, where passwords are set by mail."""

    extra = {"password_config": {"policy": {"enabled": True, "minimum_length": 10}}}  # noqa: RUF012

    def test_a_weak_password_uses_up_no_link(self) -> None:
        """400 M_WEAK_PASSWORD; then a good one with the same confirmed address."""
        alice = self.new_user("alice")
        credentials = self.validated("account/password", self.add_address(alice))
        auth = {"type": "m.login.email.identity", "threepid_creds": credentials}

        body = {"new_password": "weak", "auth": auth}
        self.assertEqual(self.server.refusal("POST", "/account/password", body), WEAK)

        self.server.post("/account/password", {"new_password": GOOD, "auth": auth})
        alice.password = GOOD
        alice.log_in_again()


class WithoutPolicyTest(HomeserverCase):
    """A server without conditions, as it is by default."""

    settings = {"password_config": {"policy": {**POLICY, "enabled": False}}}  # noqa: RUF012

    def test_any_password_will_do(self) -> None:
        """Up to 512 characters."""
        self.assertEqual(self.server.get("/password_policy"), {})
        self.server.register("carl", "x")
        body = {"username": "cora", "password": "x" * 513, "auth": DUMMY}
        self.assertEqual(self.server.refusal("POST", "/register", body), (400, "M_INVALID_PARAM"))


class PasswordsOffTest(HomeserverCase):
    """A server without passwords."""

    settings = {"password_config": {"enabled": False}}  # noqa: RUF012

    def test_there_is_nothing_to_change(self) -> None:
        """No login by password, no change, and the capability says so."""
        user = self.new_user("dora")

        self.assertNotIn("m.login.password", [flow["type"] for flow in self.server.get("/login")["flows"]])
        self.assertEqual(user.refusal("POST", "/account/password", {"new_password": PASSWORD}), (403, "M_FORBIDDEN"))
        self.assertEqual(user.get("/capabilities")["capabilities"]["m.change_password"], {"enabled": False})


class StrengthTest(unittest.TestCase):
    """The rule."""

    @given(st.text(max_size=40), st.integers(0, 40), st.booleans(), st.booleans())
    def test_a_stricter_policy_lets_no_more_pass(self, password: str, length: int, digit: bool, symbol: bool) -> None:
        """What passes a policy passes each of its conditions alone."""

        def passes(policy: PasswordPolicy) -> bool:
            try:
                check_strength(password, policy)
            except MatrixError:
                return False
            return True

        parts = [PasswordPolicy(length), PasswordPolicy(require_digit=digit), PasswordPolicy(require_symbol=symbol)]
        whole = PasswordPolicy(length, require_digit=digit, require_symbol=symbol)
        self.assertEqual(passes(whole), all(passes(part) for part in parts))


PolicyTestOnPostgres = on_postgres(PolicyTest)
