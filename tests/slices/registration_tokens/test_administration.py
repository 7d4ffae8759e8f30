"""The admin API for registration tokens."""

from __future__ import annotations

import unittest
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from homeserver.slices.registration_tokens.records import is_token, new_token
from tests.support.administrators import new_administrator
from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

ADMIN = "/_synapse/admin/v1/registration_tokens"
FAR_MS = 4_000_000_000_000


class RegistrationTokenAdminTest(HomeserverCase):
    """An administrator, and somebody else."""

    admin: User

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.admin = new_administrator(cls.server)

    def create(self, **body: Any) -> Any:
        """A new token, as it is shown."""
        return self.admin.post(f"{ADMIN}/new", body)

    def test_a_token_is_made_as_it_is_wished(self) -> None:
        """Its text, its limits; nothing used yet."""
        wished = {"token": "for-Anna_1.~", "uses_allowed": 3, "expiry_time": FAR_MS}

        made = self.create(**wished)

        self.assertEqual(made, {**wished, "pending": 0, "completed": 0})
        self.assertEqual(self.admin.get(f"{ADMIN}/for-Anna_1.~"), made)

    def test_without_wishes_it_is_random_and_unlimited(self) -> None:
        """16 characters, or as many as asked for."""
        made = self.create()

        self.assertEqual((len(made["token"]), made["uses_allowed"], made["expiry_time"]), (16, None, None))
        self.assertEqual(len(self.create(length=64)["token"]), 64)
        self.assertNotEqual(self.create()["token"], made["token"])

    def test_a_text_is_given_once(self) -> None:
        """400 M_INVALID_PARAM; the first keeps its limits."""
        self.create(token="once", uses_allowed=1)

        body = {"token": "once", "uses_allowed": 9}
        self.assertEqual(self.admin.refusal("POST", f"{ADMIN}/new", body), (400, "M_INVALID_PARAM"))
        self.assertEqual(self.admin.get(f"{ADMIN}/once")["uses_allowed"], 1)

    def test_impossible_wishes_are_refused(self) -> None:
        """400 M_INVALID_PARAM for each."""
        wrong: list[dict[str, Any]] = [
            {"token": "a b"},
            {"token": ""},
            {"token": "x" * 65},
            {"token": 7},
            {"length": 0},
            {"length": 65},
            {"uses_allowed": -1},
            {"uses_allowed": "many"},
            {"uses_allowed": True},
            {"uses_allowed": 1.5},
            {"expiry_time": 1},
        ]
        for body in wrong:
            with self.subTest(body):
                self.assertEqual(self.admin.refusal("POST", f"{ADMIN}/new", body), (400, "M_INVALID_PARAM"))

    def test_a_change_leaves_the_rest(self) -> None:
        """What is left out stays; null takes a limit away."""
        token = self.create(uses_allowed=3, expiry_time=FAR_MS)["token"]

        self.assertEqual(self.admin.put(f"{ADMIN}/{token}", {"uses_allowed": 5})["expiry_time"], FAR_MS)
        changed = self.admin.put(f"{ADMIN}/{token}", {"expiry_time": None})

        self.assertEqual((changed["uses_allowed"], changed["expiry_time"]), (5, None))
        self.assertEqual(self.admin.get(f"{ADMIN}/{token}"), changed)
        self.assertEqual(self.admin.put(f"{ADMIN}/{token}", {"uses_allowed": None})["uses_allowed"], None)

    def test_the_list_can_be_of_valid_or_of_other_tokens(self) -> None:
        """All of them without a wish."""
        good, spent = self.create()["token"], self.create(uses_allowed=0)["token"]

        def listed(**query: Any) -> set[str]:
            return {each["token"] for each in self.admin.get(ADMIN, query)["registration_tokens"]}

        self.assertEqual(listed() & {good, spent}, {good, spent})
        self.assertEqual(listed(valid="true") & {good, spent}, {good})
        self.assertEqual(listed(valid="false") & {good, spent}, {spent})

    def test_what_is_not_there_is_not_found(self) -> None:
        """404 for looking, changing and deleting."""
        for method, body in (("GET", None), ("PUT", {"uses_allowed": 1}), ("DELETE", None)):
            self.assertEqual(self.admin.refusal(method, f"{ADMIN}/nowhere", body), (404, "M_NOT_FOUND"))
            self.assertEqual(self.admin.refusal(method, f"{ADMIN}/no%20where", body), (404, "M_NOT_FOUND"))

    def test_nobody_else_has_a_say(self) -> None:
        """403 M_FORBIDDEN, for tokens that are there and those that are not."""
        token, alice = self.create()["token"], self.new_user("alice")
        requests = (
            ("GET", ADMIN),
            ("POST", f"{ADMIN}/new"),
            *((method, f"{ADMIN}/{name}") for method in ("GET", "PUT", "DELETE") for name in (token, "nowhere")),
        )
        for method, path in requests:
            with self.subTest(f"{method} {path}"):
                self.assertEqual(alice.refusal(method, path, {}), (403, "M_FORBIDDEN"))
                self.assertEqual(self.server.refusal(method, path, {}), (401, "M_MISSING_TOKEN"))


class TokenTextTest(unittest.TestCase):
    """The grammar."""

    @given(st.integers(min_value=1, max_value=64))
    def test_random_tokens_are_tokens(self, length: int) -> None:
        """Of the length that was asked for."""
        token = new_token(length)

        self.assertTrue(is_token(token))
        self.assertEqual(len(token), length)


RegistrationTokenAdminTestOnPostgres = on_postgres(RegistrationTokenAdminTest)
