"""Messages of the server's operators to its users.

https://spec.matrix.org/v1.19/client-server-api/#server-notices
"""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.administrators import new_administrator
from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

PATH = "/_synapse/admin/v1/send_server_notice"
TEXT = {"msgtype": "m.text", "body": "The server moves on Sunday."}
FORBIDDEN = (403, "M_FORBIDDEN")


class NoticeCase(HomeserverCase):
    """An administrator, and Alice."""

    settings: ClassVar[dict[str, Any]] = {
        "server_notices": {
            "system_mxid_localpart": "notices",
            "system_mxid_display_name": "Your server",
            "room_name": "Notices",
            "room_topic": "What you should know",
        }
    }

    def setUp(self) -> None:
        self.admin, self.alice = new_administrator(self.server), self.new_user("alice")
        self.sender = f"@notices:{self.server.name}"

    def notify(self, **body: Any) -> str:
        """Send Alice a notice."""
        event_id: str = self.admin.post(PATH, {"user_id": self.alice.user_id, "content": TEXT, **body})["event_id"]
        return event_id

    def invited_to(self, user: User | None = None) -> str:
        """The room of the only invite."""
        (room,) = (user or self.alice).sync()["rooms"]["invite"]
        return str(room)


class ServerNoticesTest(NoticeCase):
    """Users are invited to the room of their notices."""

    def test_a_notice_is_read_in_a_room_of_its_own(self) -> None:
        """Which is named, and tagged, and in which the user says nothing."""
        event_id = self.notify()
        room = self.invited_to()
        self.alice.join(room)

        event = self.alice.get(f"/rooms/{room}/event/{event_id}")
        self.assertEqual((event["sender"], event["content"]), (self.sender, TEXT))
        self.assertEqual(self.alice.state(room, "m.room.name"), {"name": "Notices"})
        self.assertEqual(self.alice.state(room, "m.room.member", self.sender)["displayname"], "Your server")
        tags = self.alice.get(f"/user/{self.alice.user_id}/rooms/{room}/tags")["tags"]
        self.assertEqual(tags, {"m.server_notice": {}})
        self.assertEqual(self.alice.refusal("PUT", f"/rooms/{room}/send/m.room.message/x", TEXT), FORBIDDEN)

    def test_all_notices_come_to_the_same_room(self) -> None:
        """And those of somebody else to another."""
        self.notify()
        room = self.invited_to()
        self.alice.join(room)
        second = self.notify()
        bob = self.new_user("bob")
        self.admin.post(PATH, {"user_id": bob.user_id, "content": TEXT})

        self.alice.wait_for_event(room, second)
        self.assertNotIn("invite", self.alice.sync()["rooms"])
        self.assertNotEqual(self.invited_to(bob), room)

    def test_the_invite_cannot_be_refused_and_one_may_leave(self) -> None:
        """The next notice invites again."""
        self.notify()
        room = self.invited_to()
        refused = self.alice.refusal("POST", f"/rooms/{room}/leave", {})
        self.assertEqual(refused, (403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM"))
        self.assertEqual(self.invited_to(), room)
        self.alice.join(room)
        self.alice.change(room, "leave")
        self.notify()

        self.assertEqual(self.invited_to(), room)

    def test_a_repeated_request_sends_nothing_more(self) -> None:
        """By its transaction id."""
        body = {"user_id": self.alice.user_id, "content": TEXT}
        first, again = (self.admin.put(f"{PATH}/once", body)["event_id"] for _ in range(2))

        self.assertEqual(first, again)

    def test_state_can_be_set(self) -> None:
        """Such as what is pinned."""
        event_id = self.notify()
        self.notify(type="m.room.pinned_events", state_key="", content={"pinned": [event_id]})
        room = self.invited_to()
        self.alice.join(room)

        self.assertEqual(self.alice.state(room, "m.room.pinned_events"), {"pinned": [event_id]})

    def test_no_setting_keeps_notices_out(self) -> None:
        """Neither taking no invites nor ignoring the sender."""
        data: list[tuple[str, Json]] = [
            ("m.invite_permission_config", {"default_action": "block"}),
            ("m.ignored_user_list", {"ignored_users": {self.sender: {}}}),
        ]
        for name, content in data:
            self.alice.put(f"/user/{self.alice.user_id}/account_data/{name}", content)
        self.notify()

        self.invited_to()

    def test_what_is_asked_must_be_whole_and_by_an_administrator(self) -> None:
        """404 for a user who is not there."""
        body = {"user_id": self.alice.user_id, "content": TEXT}
        self.assertEqual(self.alice.refusal("POST", PATH, body), FORBIDDEN)
        refused: list[tuple[Json, tuple[int, str]]] = [
            ({"content": TEXT}, (400, "M_MISSING_PARAM")),
            ({"user_id": self.alice.user_id}, (400, "M_MISSING_PARAM")),
            ({**body, "content": "text"}, (400, "M_BAD_JSON")),
            ({**body, "state_key": 1}, (400, "M_BAD_JSON")),
            ({**body, "user_id": "alice"}, (400, "M_INVALID_PARAM")),
            ({**body, "user_id": f"@nobody:{self.server.name}"}, (404, "M_NOT_FOUND")),
        ]
        for wrong, expected in refused:
            with self.subTest(wrong):
                self.assertEqual(self.admin.refusal("POST", PATH, wrong), expected)
        self.assertNotIn("rooms", self.alice.sync())


class JoinedNoticesTest(NoticeCase):
    """Users are put into the room of their notices."""

    settings: ClassVar[dict[str, Any]] = {"server_notices": {"system_mxid_localpart": "news", "auto_join": True}}

    def test_the_user_is_in_the_room_at_once(self) -> None:
        """And reads what came with it."""
        event_id = self.notify()
        (room,) = self.alice.sync()["rooms"]["join"]

        self.assertEqual(self.alice.get(f"/rooms/{room}/event/{event_id}")["content"], TEXT)


class NameOfSomebodyTest(NoticeCase):
    """The configured name is that of a user."""

    def test_nobody_gets_notices_in_the_name_of_a_user(self) -> None:
        """400, which says so."""
        self.server.register("notices")

        refused = self.admin.refusal("POST", PATH, {"user_id": self.alice.user_id, "content": TEXT})
        self.assertEqual(refused, (400, "M_UNKNOWN"))


class NoNoticesTest(HomeserverCase):
    """Where they are not configured."""

    def test_it_is_said_so(self) -> None:
        """400."""
        admin = new_administrator(self.server)
        body = {"user_id": admin.user_id, "content": TEXT}

        self.assertEqual(admin.refusal("POST", PATH, body), (400, "M_UNKNOWN"))


ServerNoticesTestOnPostgres = on_postgres(ServerNoticesTest)
