"""Setting, listing and removing pushers.

https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3pushersset
"""

from __future__ import annotations

from typing import Any

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.support.push_gateway import PATH, pusher

URL = f"https://push.example.org{PATH}"


class PushersTest(HomeserverCase):
    """What clients see of them."""

    def setUp(self) -> None:
        self.bob = self.new_user("bob")

    def set_pusher(self, pushkey: str = "key", user: User | None = None, **body: Any) -> None:
        """Set one that succeeds."""
        (user or self.bob).post("/pushers/set", {**pusher(URL, pushkey), **body})

    def keys(self, user: User | None = None) -> list[str]:
        """The pushkeys a user has."""
        return [one["pushkey"] for one in self.pushers(user)]

    def pushers(self, user: User | None = None) -> list[Json]:
        """All of a user's."""
        found: list[Json] = (user or self.bob).get("/pushers")["pushers"]
        return found

    def test_a_pusher_is_listed_as_it_was_set(self) -> None:
        """Custom data too; and which device set it."""
        self.set_pusher(profile_tag="tag", data={"url": URL, "format": "event_id_only", "custom": [1]})

        self.assertEqual(
            self.pushers(),
            [
                {
                    "kind": "http",
                    "app_id": "org.example.app",
                    "pushkey": "key",
                    "app_display_name": "App",
                    "device_display_name": "Phone",
                    "lang": "en",
                    "profile_tag": "tag",
                    "data": {"url": URL, "format": "event_id_only", "custom": [1]},
                    "enabled": True,
                    "org.matrix.msc3881.enabled": True,
                    "device_id": self.bob.device_id,
                    "org.matrix.msc3881.device_id": self.bob.device_id,
                }
            ],
        )

    def test_setting_it_again_changes_it(self) -> None:
        """App id and pushkey say which it is."""
        self.set_pusher()
        self.set_pusher(lang="de")
        self.set_pusher(app_id="org.example.other")

        self.assertEqual([one["lang"] for one in self.pushers()], ["de", "en"])

    def test_kind_null_removes_it(self) -> None:
        """Also where there is none."""
        self.set_pusher()
        for _ in range(2):
            self.bob.post("/pushers/set", {"kind": None, "app_id": "org.example.app", "pushkey": "key"})

        self.assertEqual(self.keys(), [])

    def test_a_pushkey_moves_with_the_device_to_another_user(self) -> None:
        """Unless it is appended: then both have it."""
        carol = self.new_user("carol")
        self.set_pusher()
        self.set_pusher(user=carol, append=True)
        self.assertEqual((self.keys(), self.keys(carol)), (["key"], ["key"]))
        self.set_pusher(user=carol)

        self.assertEqual((self.keys(), self.keys(carol)), ([], ["key"]))

    def test_it_is_disabled_and_enabled(self) -> None:
        """MSC3881, under either name; left alone where it is not said."""
        self.set_pusher(enabled=False)
        self.set_pusher(lang="de")
        self.assertIs(self.pushers()[0]["enabled"], False)
        self.bob.post("/pushers/set", {**pusher(URL), "org.matrix.msc3881.enabled": True})

        self.assertIs(self.pushers()[0]["enabled"], True)

    def test_it_goes_with_its_login(self) -> None:
        """At logout, when the device is deleted, and when the password is changed; those of others stay."""
        phone, tablet = self.bob.log_in_again(), self.bob.log_in_again()
        self.set_pusher("laptop")
        self.set_pusher("phone", phone)
        self.set_pusher("tablet", tablet)
        phone.post("/logout")
        self.assertEqual(self.keys(), ["laptop", "tablet"])
        auth = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.bob.user_id},
            "password": self.bob.password,
        }
        self.bob.post("/account/password", {"new_password": "another long passphrase", "auth": auth})

        self.assertEqual(self.keys(), ["laptop"])

    def test_it_goes_with_the_account(self) -> None:
        """What its pushkey stands for may be somebody else's tomorrow."""
        self.set_pusher()
        auth = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.bob.user_id},
            "password": self.bob.password,
        }
        self.bob.post("/account/deactivate", {"auth": auth})
        carol = self.new_user("carol")
        self.set_pusher(user=carol, append=True)

        self.assertEqual(self.keys(carol), ["key"])

    def test_there_is_an_end_to_them(self) -> None:
        """A hundred a user."""
        for number in range(100):
            self.set_pusher(f"key{number}")
        self.set_pusher("key7", lang="de")

        refused = self.bob.refusal("POST", "/pushers/set", pusher(URL, "one more"))
        self.assertEqual(refused, (400, "M_LIMIT_EXCEEDED"))

    def test_what_is_refused(self) -> None:
        """Each with the errcode that fits."""
        good = pusher(URL)
        wrong: list[tuple[Json, str]] = [
            ({"app_id": None}, "M_BAD_JSON"),
            ({"app_id": "x" * 65}, "M_INVALID_PARAM"),
            ({"app_id": "a\0b"}, "M_INVALID_PARAM"),
            ({"pushkey": "ü" * 257}, "M_INVALID_PARAM"),
            ({"pushkey": ""}, "M_INVALID_PARAM"),
            ({"lang": None}, "M_MISSING_PARAM"),
            ({"lang": 1}, "M_BAD_JSON"),
            ({"data": None}, "M_MISSING_PARAM"),
            ({"data": []}, "M_BAD_JSON"),
            ({"data": {}}, "M_MISSING_PARAM"),
            ({"data": {"url": 1}}, "M_BAD_JSON"),
            ({"data": {"url": URL, "x": "y" * 20_000}}, "M_INVALID_PARAM"),
            ({"data": {"url": URL, "x": "\0"}}, "M_INVALID_PARAM"),
            ({"kind": "carrier pigeon"}, "M_INVALID_PARAM"),
            ({"kind": 1}, "M_INVALID_PARAM"),
            ({"kind": "email"}, "M_INVALID_PARAM"),
            ({"append": "yes"}, "M_BAD_JSON"),
            ({"enabled": "yes"}, "M_BAD_JSON"),
        ]
        urls = [
            f"http://push.example.org{PATH}",
            "https://push.example.org/",
            "https://push.example.org/_matrix/push/v1/notify/more",
            f"https://{PATH}",
            f"https://user:secret@push.example.org{PATH}",
            f"https://push.example.org{PATH}#fragment",
            f"https://push.example.org:port{PATH}",
            f"https://push.example.org\r\nHost:x{PATH}",
            f"https://[::1{PATH}",
            "ftp://push.example.org",
        ]
        wrong += [({"data": {"url": url}}, "M_INVALID_PARAM") for url in urls]
        for change, errcode in wrong:
            with self.subTest(change):
                self.assertEqual(self.bob.refusal("POST", "/pushers/set", {**good, **change}), (400, errcode))
        for name in ("kind", "app_id", "pushkey", "app_display_name", "device_display_name", "lang", "data"):
            with self.subTest(name):
                body = {key: value for key, value in good.items() if key != name}
                self.assertEqual(self.bob.refusal("POST", "/pushers/set", body), (400, "M_MISSING_PARAM"))
        self.assertEqual(self.keys(), [])


PushersTestOnPostgres = on_postgres(PushersTest)
