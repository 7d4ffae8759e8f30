"""Guests, as they and the members of rooms see it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, HomeserverCase

FORBIDDEN = (403, "M_GUEST_ACCESS_FORBIDDEN")
DUMMY = {"type": "m.login.dummy"}


class GuestTest(HomeserverCase):
    """A server that has guests; Alice, who has a room, and a guest."""

    settings = {"allow_guest_access": True}  # noqa: RUF012

    def setUp(self) -> None:
        """Anew for each test."""
        self.alice = self.new_user("alice")
        self.guest = User(self.server.url, self.server.post("/register", {}, {"kind": "guest"}))

    def new_room(self, guest_access: str | None = "can_join") -> str:
        """A public room of Alice's."""
        room_id = self.alice.create_room(preset="public_chat")
        if guest_access is not None:
            self.alice.set_state(room_id, "m.room.guest_access", {"guest_access": guest_access})
        return room_id

    def membership(self, room_id: str) -> Any:
        """The guest's, as Alice sees it."""
        return self.alice.state(room_id, "m.room.member", self.guest.user_id)["membership"]

    def test_a_guest_is_told_so(self) -> None:
        """`whoami`."""
        who = self.guest.get("/account/whoami")

        self.assertEqual((who["user_id"], who["is_guest"]), (self.guest.user_id, True))
        self.assertFalse(self.alice.get("/account/whoami")["is_guest"])

    def test_no_body_is_needed_and_only_the_device_name_counts(self) -> None:
        """What else a guest asks for is not given."""
        body = {"username": "famous", "password": PASSWORD, "initial_device_display_name": "Kiosk"}

        guest = User(self.server.url, self.server.post("/register", body, {"kind": "guest"}))

        self.assertNotIn("famous", guest.user_id)
        self.assertEqual(guest.get("/devices")["devices"][0]["display_name"], "Kiosk")

    def test_guests_do_not_do_what_is_not_for_them(self) -> None:
        """403 M_GUEST_ACCESS_FORBIDDEN."""
        room_id = self.new_room()
        requests: tuple[tuple[str, str, Any], ...] = (
            ("POST", "/createRoom", {}),
            ("POST", f"/rooms/{room_id}/invite", {"user_id": self.alice.user_id}),
            ("POST", "/account/password", {"new_password": PASSWORD}),
            ("PUT", f"/profile/{self.guest.user_id}/avatar_url", {"avatar_url": "mxc://a/b"}),
            ("GET", "/pushrules/", None),
            ("GET", f"/admin/whois/{self.guest.user_id}", None),
        )
        for method, path, body in requests:
            with self.subTest(path):
                self.assertEqual(self.guest.refusal(method, path, body), FORBIDDEN)

    def test_guests_do_all_that_is_for_them(self) -> None:
        """The endpoints that the specification lists for guests, each in order.

        https://spec.matrix.org/v1.19/client-server-api/#client-behaviour-11
        """
        room_id = self.new_room()
        said, me, room = self.alice.send(room_id, "hello"), self.guest.user_id, f"/rooms/{room_id}"
        media = "/_matrix/client/v1/media"
        requests: tuple[tuple[str, str, Any], ...] = (
            ("POST", f"{room}/join", {}),
            ("GET", f"{room}/state", None),
            ("GET", f"{room}/context/{said}", None),
            ("GET", f"{room}/event/{said}", None),
            ("GET", f"{room}/state/m.room.create/", None),
            ("GET", f"{room}/messages?dir=b", None),
            ("GET", f"{room}/members", None),
            ("GET", f"{room}/initialSync", None),
            ("GET", "/sync", None),
            ("GET", f"/events?room_id={room_id}&timeout=0", None),
            ("PUT", f"{room}/send/m.reaction/t1", {}),
            ("PUT", "/sendToDevice/org.example.test/t2", {"messages": {}}),
            ("PUT", f"/profile/{me}/displayname", {"displayname": "Passer-by"}),
            ("DELETE", f"/profile/{me}/displayname", None),
            ("GET", "/devices", None),
            ("GET", f"/devices/{self.guest.device_id}", None),
            ("PUT", f"/devices/{self.guest.device_id}", {"display_name": "Kiosk"}),
            ("GET", "/account/whoami", None),
            ("POST", "/keys/upload", {}),
            ("POST", "/keys/query", {"device_keys": {me: []}}),
            ("POST", "/keys/claim", {"one_time_keys": {}}),
            ("POST", f"{room}/leave", {}),
        )
        for method, path, body in requests:
            with self.subTest(f"{method} {path}"):
                bare, _, query = path.partition("?")
                answer = self.guest.request(method, bare, body, dict(parse_qsl(query)))
                self.assertEqual(answer.status, 200, answer.json)
        for path in (f"{media}/download/here/none", f"{media}/download/here/none/n", f"{media}/thumbnail/here/none"):
            answer = self.guest.request("GET", path, query={"width": 1, "height": 1})
            self.assertNotIn(answer.status, (401, 403))

    def test_a_guest_takes_part_in_a_room_that_lets_guests_in(self) -> None:
        """Joins, sends, is shown, and names themselves."""
        room_id = self.new_room()

        self.guest.join(room_id)
        event_id = self.guest.send(room_id, "hello")
        self.guest.put(f"/profile/{self.guest.user_id}/displayname", {"displayname": "Passer-by"})

        self.assertEqual(self.alice.get(f"/rooms/{room_id}/event/{event_id}")["content"]["body"], "hello")
        self.assertEqual(self.membership(room_id), "join")

    def test_rooms_without_guests_refuse_them(self) -> None:
        """Also by an invite, and whoever is no guest joins."""
        for access in (None, "forbidden"):
            with self.subTest(access):
                room_id = self.new_room(access)
                self.alice.set_state(room_id, "m.room.guest_access", {"guest_access": access or "forbidden"})
                self.assertEqual(self.guest.refusal("POST", f"/rooms/{room_id}/join", {}), FORBIDDEN)
                self.alice.change(room_id, "invite", self.guest)
                self.assertEqual(self.guest.refusal("POST", f"/join/{room_id}", {}), FORBIDDEN)
                self.new_user("bob").join(room_id)

    def test_guests_leave_when_a_room_no_longer_lets_them_in(self) -> None:
        """The guest goes, the others stay."""
        room_id = self.new_room()
        self.guest.join(room_id)
        bob = self.new_user("bob")
        bob.join(room_id)

        self.alice.set_state(room_id, "m.room.guest_access", {"guest_access": "forbidden"})

        self.alice.sync_until(lambda _: self.membership(room_id) == "leave")
        self.assertEqual(self.alice.state(room_id, "m.room.member", bob.user_id)["membership"], "join")

    def test_a_guest_becomes_a_user_of_the_same_name(self) -> None:
        """With their rooms, and a password; the guest's token is then a user's."""
        room_id = self.new_room()
        self.guest.join(room_id)
        body = {"username": self.guest.localpart, "password": PASSWORD, "guest_access_token": self.guest.token}

        made = User(self.server.url, self.server.post("/register", {**body, "auth": DUMMY}), PASSWORD)

        self.assertEqual(made.user_id, self.guest.user_id)
        self.assertFalse(made.log_in_again().get("/account/whoami")["is_guest"])
        self.assertFalse(self.guest.get("/account/whoami")["is_guest"])
        made.create_room()
        self.assertEqual(self.membership(room_id), "join")

    def test_a_guest_takes_no_other_name(self) -> None:
        """Nor does a user, or a token that was made up, pass for a guest."""
        body = {"username": "another", "password": PASSWORD, "auth": DUMMY}
        self.assertEqual(
            self.server.refusal("POST", "/register", {**body, "guest_access_token": self.guest.token}),
            (403, "M_FORBIDDEN"),
        )
        body["username"] = self.alice.localpart
        self.assertEqual(
            self.server.refusal("POST", "/register", {**body, "guest_access_token": self.alice.token}),
            (403, "M_FORBIDDEN"),
        )
        self.assertEqual(
            self.server.refusal("POST", "/register", {**body, "guest_access_token": "made up"}),
            (401, "M_UNKNOWN_TOKEN"),
        )


GuestTestOnPostgres = on_postgres(GuestTest)
