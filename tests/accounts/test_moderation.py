"""Locking and suspending accounts, and looking users up, as administrators and users see it."""

from __future__ import annotations

from typing import Any

from tests.support.administrators import new_administrator
from tests.support.api_client import Client, User
from tests.support.crypto_device import CrossSigner, CryptoDevice
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

V1 = "/_matrix/client/v1/admin"
SUSPENDED = (403, "M_USER_SUSPENDED")
LOCKED = (401, "M_USER_LOCKED")


class ModerationTest(HomeserverCase):
    """An administrator, Alice and Bob."""

    admin: User

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.admin = new_administrator(cls.server)

    def setUp(self) -> None:
        """Anew for each test."""
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")

    def suspend(self, user: User, value: bool = True) -> None:
        """By the administrator."""
        self.assertEqual(self.admin.put(f"{V1}/suspend/{user.user_id}", {"suspended": value}), {"suspended": value})

    def lock(self, user: User, value: bool = True) -> None:
        """By the administrator."""
        self.assertEqual(self.admin.put(f"{V1}/lock/{user.user_id}", {"locked": value}), {"locked": value})

    def test_a_locked_user_is_told_so_and_nothing_else(self) -> None:
        """401 M_USER_LOCKED, with soft_logout; neither login nor refresh helps; another user is not concerned."""
        fresh = self.alice.log_in_again(refresh_token=True)
        login = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": self.alice.user_id}}
        self.alice.get("/account/whoami")

        self.lock(self.alice)

        for path in ("/account/whoami", "/sync", "/capabilities"):
            answer = self.alice.request("GET", path)
            self.assertEqual(answer.error, LOCKED)
            self.assertIs(answer.json["soft_logout"], True)
        body = {**login, "password": self.alice.password}
        self.assertEqual(self.server.request("POST", "/login", body).error, LOCKED)
        self.assertEqual(fresh.refusal("GET", "/devices"), LOCKED)
        self.bob.get("/account/whoami")

    def test_a_locked_user_refreshes_no_token(self) -> None:
        """401 M_USER_LOCKED; once unlocked the same refresh token is good."""
        identifier = {"type": "m.id.user", "user": self.alice.user_id}
        login = {"type": "m.login.password", "identifier": identifier, "password": self.alice.password}
        refresh_token = self.server.post("/login", {**login, "refresh_token": True})["refresh_token"]
        self.lock(self.alice)

        self.assertEqual(self.server.refusal("POST", "/refresh", {"refresh_token": refresh_token}), LOCKED)

        self.lock(self.alice, False)
        self.server.post("/refresh", {"refresh_token": refresh_token})

    def test_an_unlocked_user_goes_on_with_the_same_token(self) -> None:
        """And the administrator sees both states."""
        path = f"{V1}/lock/{self.alice.user_id}"
        self.assertEqual(self.admin.get(path), {"locked": False})
        self.lock(self.alice)
        self.assertEqual(self.admin.get(path), {"locked": True})
        self.alice.refusal("GET", "/account/whoami")

        self.lock(self.alice, False)

        self.alice.get("/account/whoami")

    def test_a_locked_user_may_log_out(self) -> None:
        """For good."""
        phone = self.alice.log_in_again()
        self.lock(self.alice)

        self.alice.post("/logout")

        self.assertEqual(self.alice.refusal("GET", "/account/whoami"), (401, "M_UNKNOWN_TOKEN"))
        phone.post("/logout/all")
        self.assertEqual(phone.refusal("GET", "/account/whoami"), (401, "M_UNKNOWN_TOKEN"))

    def test_what_needs_no_token_is_there_for_locked_users(self) -> None:
        """`/versions` with the token."""
        self.lock(self.alice)

        self.assertIn("v1.11", Client(self.server.url, self.alice.token).get("/_matrix/client/versions")["versions"])

    def test_a_suspended_user_reads_leaves_and_logs_in(self) -> None:
        """Also redacts what they sent, and lifts the suspension the administrator alone."""
        room_id = self.bob.create_room(preset="public_chat")
        self.alice.join(room_id)
        own = self.alice.send(room_id, "mine")
        self.suspend(self.alice)

        said = self.bob.send(room_id, "hello")
        self.assertEqual(self.alice.get(f"/rooms/{room_id}/event/{said}")["content"]["body"], "hello")
        self.alice.log_in_again().sync()
        self.alice.put(f"/rooms/{room_id}/redact/{own}/t1", {})
        self.alice.put(f"/rooms/{room_id}/send/m.room.redaction/t2", {"redacts": own})
        self.alice.change(room_id, "leave")
        self.suspend(self.alice, False)
        self.alice.join(room_id)
        self.alice.send(room_id, "back")

    def test_a_suspended_user_keeps_keys_and_turns_away(self) -> None:
        """Key backup, keys of devices and of cross-signing, refusing an invite, ending a device."""
        room_id = self.bob.create_room(invite=[self.alice.user_id])
        phone = self.alice.log_in_again()
        self.suspend(self.alice)

        version = {"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": {}}
        self.alice.put("/room_keys/keys", {"rooms": {}}, self.alice.post("/room_keys/version", version))
        CryptoDevice(self.alice).upload()
        CrossSigner(self.alice).upload()
        self.alice.post(f"/rooms/{room_id}/leave")
        phone.post("/logout")

    def test_a_suspended_user_does_nothing_others_would_notice(self) -> None:
        """403 M_USER_SUSPENDED, from the next request on."""
        mine, other = self.alice.create_room(), self.bob.create_room(preset="public_chat")
        said = self.alice.send(mine, "mine")
        self.bob.change(other, "invite", self.alice)
        self.alice.change(mine, "invite", self.bob)
        self.bob.join(mine)
        of_bob = self.bob.send(mine, "yours")
        user = f"/profile/{self.alice.user_id}"
        later = "/_matrix/client/unstable/org.matrix.msc4140"
        alias = f"%23{self.alice.localpart}:{self.server.name}"
        self.alice.put(f"/directory/room/{alias}", {"room_id": mine})
        self.suspend(self.alice)

        requests: tuple[tuple[str, str, Any], ...] = (
            ("PUT", f"/rooms/{mine}/send/m.room.message/t1", {"msgtype": "m.text", "body": "x"}),
            ("PUT", f"/rooms/{mine}/state/m.room.name", {"name": "x"}),
            ("PUT", f"/rooms/{mine}/redact/{of_bob}/t2", {}),
            ("PUT", f"/rooms/{mine}/send/m.room.redaction/t3", {"redacts": of_bob}),
            ("POST", f"/join/{other}", {}),
            ("POST", f"/rooms/{other}/join", {}),
            ("POST", f"/knock/{other}", {}),
            ("POST", f"/rooms/{mine}/invite", {"user_id": self.admin.user_id}),
            ("POST", f"/rooms/{mine}/kick", {"user_id": self.bob.user_id}),
            ("POST", f"/rooms/{mine}/ban", {"user_id": self.bob.user_id}),
            ("POST", f"/rooms/{mine}/upgrade", {"new_version": "11"}),
            ("POST", "/createRoom", {}),
            ("PUT", f"{user}/displayname", {"displayname": "x"}),
            ("DELETE", f"{user}/displayname", None),
            ("PUT", f"{later}/rooms/{mine}/delayed_event/m.room.message/t5", {"delay_ms": 5000, "content": {}}),
            ("PUT", f"/rooms/{mine}/typing/{self.alice.user_id}", {"typing": True}),
            ("PUT", f"/presence/{self.alice.user_id}/status", {"presence": "online", "status_msg": "x"}),
            ("PUT", f"/directory/room/%23x:{self.server.name}", {"room_id": mine}),
            ("DELETE", f"/directory/room/{alias}", None),
            ("PUT", f"/directory/list/room/{mine}", {"visibility": "public"}),
            ("POST", "/account/3pid/unbind", {"medium": "email", "address": "alice@example.org"}),
        )
        for method, path, body in requests:
            with self.subTest(f"{method} {path}"):
                self.assertEqual(self.alice.refusal(method, path, body), SUSPENDED)
        query = {"org.matrix.msc4140.delay": 5000}
        refused = self.alice.refusal("PUT", f"/rooms/{mine}/send/m.room.message/t4", {"body": "x"}, query)
        self.assertEqual(refused, SUSPENDED)
        self.assertEqual(self.bob.get(f"/rooms/{mine}/event/{said}")["content"]["body"], "mine")

    def test_administrators_are_let_alone(self) -> None:
        """403 M_FORBIDDEN for other administrators and oneself."""
        other = new_administrator(self.server)
        for target in (other, self.admin):
            for flag, name in (("suspend", "suspended"), ("lock", "locked")):
                path = f"{V1}/{flag}/{target.user_id}"
                self.assertEqual(self.admin.refusal("PUT", path, {name: True}), (403, "M_FORBIDDEN"))
                self.assertEqual(self.admin.refusal("GET", path), (403, "M_FORBIDDEN"))

    def test_who_is_no_administrator_learns_nothing(self) -> None:
        """The same 403 for users who are there and who are not, before anything else."""
        for user in (self.bob.user_id, f"@nobody:{self.server.name}", "@far:away.example"):
            for flag in ("suspend", "lock"):
                self.assertEqual(self.alice.refusal("GET", f"{V1}/{flag}/{user}"), (403, "M_FORBIDDEN"))
                self.assertEqual(self.alice.refusal("PUT", f"{V1}/{flag}/{user}", {}), (403, "M_FORBIDDEN"))

    def test_impossible_targets_are_told_apart(self) -> None:
        """400 for other servers' users, 404 for nobody, 400 for a body that says nothing."""
        nobody = f"@nobody:{self.server.name}"
        for flag, name in (("suspend", "suspended"), ("lock", "locked")):
            put = f"{V1}/{flag}"
            self.assertEqual(
                self.admin.refusal("PUT", f"{put}/@far:away.example", {name: True}), (400, "M_INVALID_PARAM")
            )
            self.assertEqual(self.admin.refusal("PUT", f"{put}/{nobody}", {name: True}), (404, "M_NOT_FOUND"))
            path = f"{put}/{self.alice.user_id}"
            self.assertEqual(self.admin.refusal("PUT", path, {}), (400, "M_MISSING_PARAM"))
            self.assertEqual(self.admin.refusal("PUT", path, {name: "yes"}), (400, "M_BAD_JSON"))

    def test_administrators_know_that_they_may(self) -> None:
        """The capability `m.account_moderation`, which others do not see."""
        asked = [user.get("/capabilities")["capabilities"] for user in (self.admin, self.alice)]

        self.assertEqual(asked[0]["m.account_moderation"], {"suspend": True, "lock": True})
        self.assertNotIn("m.account_moderation", asked[1])

    def test_whois_shows_devices_to_oneself_and_to_administrators(self) -> None:
        """The address that the test's requests come from; nothing to others."""
        self.alice.get("/account/whoami")
        path = f"/admin/whois/{self.alice.user_id}"

        for asking in (self.alice, self.admin):
            found = asking.get(path)
            self.assertEqual(found["user_id"], self.alice.user_id)
            connection = found["devices"][self.alice.device_id]["sessions"][0]["connections"][0]
            self.assertEqual(connection["ip"], "127.0.0.1")
            self.assertGreater(connection["last_seen"], 1_600_000_000_000)
        self.assertEqual(self.bob.refusal("GET", path), (403, "M_FORBIDDEN"))
        self.assertEqual(self.admin.refusal("GET", "/admin/whois/@nobody:here"), (404, "M_NOT_FOUND"))


ModerationTestOnPostgres = on_postgres(ModerationTest)
