"""What the server says of itself."""

from __future__ import annotations

import unittest
from dataclasses import replace
from typing import Any

from homeserver.accounts.records import User
from homeserver.config.accounts import AccountsConfig, CaptchaConfig, PasswordConfig, RegistrationConfig, SessionConfig
from homeserver.protocol.errors import MatrixError
from homeserver.slices.discovery.service import Capabilities, Discovery, DiscoverySettings
from tests.support.own_reactor import run

OPEN = AccountsConfig(RegistrationConfig(), PasswordConfig(), SessionConfig(), CaptchaConfig(), None)


class DiscoveryTest(unittest.TestCase):
    """Documents that need no user."""

    def support(self, contact: str | None) -> Any:
        """`/.well-known/matrix/support`."""
        return Discovery(DiscoverySettings("https://our.example/", contact)).support()

    def test_every_version_up_to_the_latest_is_spoken(self) -> None:
        """v1.1 to v1.19, in order."""
        versions = Discovery(DiscoverySettings("https://our.example/")).versions()["versions"]

        self.assertEqual(list(versions), [f"v1.{minor}" for minor in range(1, 20)])

    def test_clients_find_the_server(self) -> None:
        """Further content cannot put another address in its place."""
        extra = {"m.homeserver": {"base_url": "https://other.example"}, "org.example.x": {"y": 1}}

        self.assertEqual(
            Discovery(DiscoverySettings("https://matrix.our.example/", extra_well_known=extra)).client_well_known(),
            {"m.homeserver": {"base_url": "https://matrix.our.example"}, "org.example.x": {"y": 1}},
        )

    def test_whom_to_turn_to(self) -> None:
        """An address, a user or a page; else nothing is there."""
        mail = {"contacts": [{"role": "m.role.admin", "email_address": "admin@our.example"}]}
        self.assertEqual(self.support("mailto:admin@our.example"), mail)
        self.assertEqual(self.support("admin@our.example"), mail)
        self.assertEqual(self.support("https://our.example/help"), {"support_page": "https://our.example/help"})
        self.assertEqual(
            self.support("@admin:our.example"),
            {"contacts": [{"role": "m.role.admin", "matrix_id": "@admin:our.example"}]},
        )
        for unclear in (None, "", "ask around"):
            with self.assertRaises(MatrixError) as caught:
                self.support(unclear)
            self.assertEqual(caught.exception.status, 404)


class CapabilitiesTest(unittest.TestCase):
    """What users may do."""

    def capabilities(self, config: AccountsConfig = OPEN, *offered: str, has_password: bool = True) -> dict[str, Any]:
        """Those of a user."""

        async def find_user(user_id: str) -> User | None:
            return User(user_id, 1, has_password=has_password)

        return run(Capabilities(config, "12", find_user, frozenset(offered)).of_user("@alice:our.example"))

    def test_all_room_versions_are_stable(self) -> None:
        """1 to 12; new rooms have the configured one."""
        self.assertEqual(
            self.capabilities()["m.room_versions"],
            {"default": "12", "available": {str(number): "stable" for number in range(1, 13)}},
        )

    def test_a_password_is_changed_by_who_has_one(self) -> None:
        """And where passwords are used at all."""
        without = replace(OPEN, passwords=PasswordConfig(is_enabled=False))

        self.assertEqual(self.capabilities()["m.change_password"], {"enabled": True})
        self.assertEqual(self.capabilities(has_password=False)["m.change_password"], {"enabled": False})
        self.assertEqual(self.capabilities(without)["m.change_password"], {"enabled": False})

    def test_fields_that_users_may_not_change_are_named(self) -> None:
        """In the list of profile fields, and under the older name."""
        closed = replace(OPEN, registration=RegistrationConfig(enable_set_displayname=False))
        found = self.capabilities(closed)

        self.assertEqual(found["m.profile_fields"], {"enabled": True, "disallowed": ["displayname"]})
        self.assertEqual(found["m.set_displayname"], {"enabled": False})
        self.assertEqual(found["m.set_avatar_url"], {"enabled": True})
        self.assertEqual(self.capabilities()["m.profile_fields"], {"enabled": True})

    def test_what_is_not_offered_is_said_to_be_off(self) -> None:
        """Clients would assume otherwise of some."""
        found = self.capabilities(OPEN, "m.get_login_token")

        self.assertEqual(found["m.get_login_token"], {"enabled": True})
        self.assertEqual(found["m.3pid_changes"], {"enabled": False})
