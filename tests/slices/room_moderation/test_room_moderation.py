"""Administrators block rooms, and close them to the users of their server.

https://element-hq.github.io/synapse/latest/admin_api/rooms.html
"""

from __future__ import annotations

import time
from typing import Any

from tests.support.administrators import new_administrator
from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase, HomeserverCase

V1 = "/_synapse/admin/v1/rooms"
V2 = "/_synapse/admin/v2/rooms"
FORBIDDEN = (403, "M_FORBIDDEN")
PATIENCE_S = 60


def membership(reader: User, room: str, user: User) -> str:
    """What a user is in a room, as a reader of it sees it."""
    content: dict[str, Any] = reader.state(room, "m.room.member", user.user_id)
    return str(content["membership"])


class BlockingTest(HomeserverCase):
    """Alice has a public room; Bob is not in it."""

    def setUp(self) -> None:
        self.admin = new_administrator(self.server)
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.path = f"{V1}/{self.room}/block"

    def test_nobody_comes_into_a_blocked_room(self) -> None:
        """Neither by joining nor by being invited; who is in it stays, and speaks."""
        self.assertEqual(self.admin.get(self.path), {"block": False})
        self.assertEqual(self.admin.put(self.path, {"block": True}), {"block": True})

        self.assertEqual(self.admin.get(self.path), {"block": True, "user_id": self.admin.user_id})
        self.assertEqual(self.bob.refusal("POST", f"/join/{self.room}", {}), FORBIDDEN)
        invite = {"user_id": self.bob.user_id}
        self.assertEqual(self.alice.refusal("POST", f"/rooms/{self.room}/invite", invite), FORBIDDEN)
        self.alice.send(self.room, "still here")

    def test_it_can_be_unblocked(self) -> None:
        """As if nothing had been."""
        self.admin.put(self.path, {"block": True})
        self.admin.put(self.path, {"block": False})

        self.assertEqual(self.admin.get(self.path), {"block": False})
        self.bob.join(self.room)

    def test_a_block_outlives_a_restart(self) -> None:
        """It is on disk."""
        self.admin.put(self.path, {"block": True})
        self.server.stop()
        self.server.start()

        self.assertEqual(self.bob.refusal("POST", f"/join/{self.room}", {}), FORBIDDEN)

    def test_what_is_asked_must_be_whole_and_by_an_administrator(self) -> None:
        """403 for anybody else, 400 for what says nothing; nothing is blocked by that."""
        refused: list[tuple[User, str, str, Any, tuple[int, str]]] = [
            (self.alice, "GET", self.path, None, FORBIDDEN),
            (self.alice, "PUT", self.path, {"block": True}, FORBIDDEN),
            (self.alice, "DELETE", f"{V1}/{self.room}", {"block": True}, FORBIDDEN),
            (self.alice, "DELETE", f"{V2}/{self.room}", {"block": True}, FORBIDDEN),
            (self.alice, "GET", f"{V2}/{self.room}/delete_status", None, FORBIDDEN),
            (self.alice, "GET", f"{V2}/delete_status/x", None, FORBIDDEN),
            (self.admin, "PUT", self.path, {}, (400, "M_MISSING_PARAM")),
            (self.admin, "PUT", self.path, {"block": "yes"}, (400, "M_BAD_JSON")),
            (self.admin, "PUT", f"{V1}/room/block", {"block": True}, (400, "M_INVALID_PARAM")),
            (self.admin, "DELETE", f"{V1}/{self.room}", {"purge": True}, (400, "M_INVALID_PARAM")),
            (self.admin, "DELETE", f"{V1}/{self.room}", {"message": 1}, (400, "M_BAD_JSON")),
            (self.admin, "DELETE", f"{V1}/{self.room}", {"new_room_user_id": "@no:x"}, (400, "M_INVALID_PARAM")),
            (self.admin, "DELETE", f"{V1}/!unknown:x", {}, (404, "M_NOT_FOUND")),
            (self.admin, "GET", f"{V2}/{self.room}/delete_status", None, (404, "M_NOT_FOUND")),
            (self.admin, "GET", f"{V2}/delete_status/x", None, (404, "M_NOT_FOUND")),
        ]
        for user, method, path, body, expected in refused:
            with self.subTest(method=method, path=path, body=body):
                self.assertEqual(user.refusal(method, path, body), expected)

        self.assertEqual(self.admin.get(self.path), {"block": False})
        self.assertEqual(membership(self.alice, self.room, self.alice), "join")


class ClosingTest(HomeserverCase):
    """Alice's listed room with an alias, in which Bob is too, and Carol invited."""

    def setUp(self) -> None:
        self.admin = new_administrator(self.server)
        self.alice, self.bob, self.carol = (self.new_user(name) for name in ("alice", "bob", "carol"))
        self.alias = f"#{self.alice.localpart}:{self.server.name}"
        self.room = self.alice.create_room(
            preset="public_chat",
            visibility="public",
            room_alias_name=self.alice.localpart,
            invite=[self.carol.user_id],
        )
        self.bob.join(self.room)
        self.inside = sorted(user.user_id for user in (self.alice, self.bob, self.carol))

    def close(self, **body: Any) -> dict[str, Any]:
        """Close the room."""
        closed: dict[str, Any] = self.admin.request("DELETE", f"{V1}/{self.room}", body).ok()
        return closed

    def test_everybody_leaves_and_nobody_comes_back(self) -> None:
        """Invites end too; the room is listed no more."""
        closed = self.close(block=True)

        self.assertEqual(
            closed,
            {"kicked_users": self.inside, "failed_to_kick_users": [], "local_aliases": [], "new_room_id": None},
        )
        for user in (self.alice, self.bob):
            self.assertEqual(membership(user, self.room, user), "leave")
            self.assertEqual(user.refusal("PUT", f"/rooms/{self.room}/send/m.room.message/x", {"body": ""}), FORBIDDEN)
            self.assertEqual(user.refusal("POST", f"/join/{self.room}", {}), FORBIDDEN)
        self.assertNotIn(self.room, self.carol.sync().get("rooms", {}).get("invite", {}))
        self.assertNotIn(self.room, [room["room_id"] for room in self.alice.get("/publicRooms")["chunk"]])

    def test_they_are_told_in_a_room_of_their_own(self) -> None:
        """The alias leads there; they read it, and say nothing in it."""
        closed = self.close(new_room_user_id=self.admin.user_id, room_name="Gone", message="It had to be.")

        told = closed["new_room_id"]
        self.assertEqual((closed["kicked_users"], closed["local_aliases"]), (self.inside, [self.alias]))
        self.assertEqual(self.alice.get(f"/directory/room/{self.alias.replace('#', '%23')}")["room_id"], told)
        for user in (self.alice, self.bob, self.carol):
            self.assertEqual(user.state(told, "m.room.name"), {"name": "Gone"})
            chunk = user.get(f"/rooms/{told}/messages", {"dir": "b", "limit": 20})["chunk"]
            said = [event["content"]["body"] for event in chunk if event["type"] == "m.room.message"]
            self.assertEqual(said, ["It had to be."])
            self.assertEqual(user.refusal("PUT", f"/rooms/{told}/send/m.room.message/x", {"body": ""}), FORBIDDEN)

    def test_it_is_done_in_the_background_and_asked_for(self) -> None:
        """By the id of the closing, and by the room."""
        delete_id = self.admin.request("DELETE", f"{V2}/{self.room}", {"block": True}).ok()["delete_id"]

        until_s = time.monotonic() + PATIENCE_S
        while (status := self.admin.get(f"{V2}/delete_status/{delete_id}"))["status"] == "active":
            self.assertLess(time.monotonic(), until_s, "it does not end")
            time.sleep(0.05)
        self.assertEqual(status["status"], "complete")
        self.assertEqual(status["shutdown_room"]["kicked_users"], self.inside)
        (result,) = self.admin.get(f"{V2}/{self.room}/delete_status")["results"]
        self.assertEqual(result, {"delete_id": delete_id, **status})
        self.server.stop()
        self.server.start()
        self.assertEqual(self.admin.get(f"{V2}/delete_status/{delete_id}"), status)

    def test_a_room_is_blocked_before_anybody_here_knows_it(self) -> None:
        """There is nobody to leave it."""
        room = "!elsewhere:elsewhere.example"
        closed = self.admin.request("DELETE", f"{V1}/{room}", {"block": True}).ok()

        self.assertEqual(closed["kicked_users"], [])
        self.assertEqual(self.bob.refusal("POST", f"/join/{room}", {}), FORBIDDEN)


class BlockedElsewhereTest(FederationCase):
    """A room of another server is blocked here."""

    def test_others_cannot_invite_into_it(self) -> None:
        """Their server is told; it can go on without users of this one."""
        admin = new_administrator(self.here)
        alice, dora = self.here.new_user("alice"), self.there.new_user("dora")
        room = dora.create_room(preset="public_chat")
        alice.join(room, via=self.there.name)

        closed = admin.request("DELETE", f"{V1}/{room}", {"block": True}).ok()

        self.assertEqual(closed["kicked_users"], [alice.user_id])
        invite = {"user_id": alice.user_id}
        self.assertEqual(dora.refusal("POST", f"/rooms/{room}/invite", invite), FORBIDDEN)
        self.assertEqual(alice.refusal("POST", f"/join/{room}", {}, query={"via": self.there.name}), FORBIDDEN)
        dora.send(room, "alone")


BlockingTestOnPostgres = on_postgres(BlockingTest)
ClosingTestOnPostgres = on_postgres(ClosingTest)
