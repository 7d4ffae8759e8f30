"""EDUs that speak for others, and servers that a room shuts out.

https://spec.matrix.org/v1.19/server-server-api/#edus
https://spec.matrix.org/v1.19/server-server-api/#server-access-control-lists-acls
"""

from __future__ import annotations

from urllib.parse import quote

from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import ADDRESS, FEDERATION, Json
from tests.support.api_client import User
from tests.support.databases import on_postgres

FORBIDDEN = (403, "M_FORBIDDEN")


class HostileEduTest(HostileCase):
    """The peer is `127.0.0.1:PORT`, which an access control list calls `127.0.0.1`."""

    def setUp(self) -> None:
        """Bob is in the room too, and Alice has seen it so far."""
        super().setUp()
        self.bob: User = self.server.new_user("bob")
        self.bob.join(self.room_id)
        self.since = self.alice.sync()["next_batch"]

    def typing(self, user_id: str) -> Json:
        """An EDU that says that a user types."""
        return {"edu_type": "m.typing", "content": {"room_id": self.room_id, "user_id": user_id, "typing": True}}

    def receipt(self, user_id: str, event_id: str) -> Json:
        """An EDU that says that a user has read up to an event."""
        entry = {user_id: {"event_ids": [event_id], "data": {"ts": 1}}}
        return {"edu_type": "m.receipt", "content": {self.room_id: {"m.read": entry}}}

    def presence(self, user_id: str) -> Json:
        """An EDU that says what a user is up to."""
        return {
            "edu_type": "m.presence",
            "content": {"push": [{"user_id": user_id, "presence": "online", "status_msg": "forged"}]},
        }

    def told(self) -> Json:
        """What Alice was told of the room beside events and of presence since the test began."""
        answer = self.alice.sync(self.since)
        room = answer["rooms"].get("join", {}).get(self.room_id, {})
        return {"ephemeral": room.get("ephemeral", {}).get("events", []), "presence": answer.get("presence", {})}

    def test_what_a_server_says_of_its_own_users_is_told(self) -> None:
        """So that the tests below show something."""
        good = self.land(self.peer)
        user_id = self.peer.user_id
        edus = [self.typing(user_id), self.receipt(user_id, good.event_id), self.presence(user_id)]
        self.assertEqual(self.peer.send(edus=edus).ok(), {"pdus": {}})

        told = self.told()
        self.assertEqual({event["type"] for event in told["ephemeral"]}, {"m.typing", "m.receipt"})
        self.assertIn("forged", str(told["presence"]))

    def test_what_a_server_says_of_other_servers_users_is_ignored(self) -> None:
        """Of local users, of a third server's, and of what is no user."""
        good = self.land(self.peer)
        third = self.new_peer()
        third.join(self.room_id)
        self.since = self.alice.sync()["next_batch"]
        others = [self.bob.user_id, third.user_id, f"@mallory:{self.peer.name}.example", self.peer.name, ""]
        edus = [
            edu
            for user_id in others
            for edu in (self.typing(user_id), self.receipt(user_id, good.event_id), self.presence(user_id))
        ]
        self.assertEqual(self.peer.send(edus=edus).ok(), {"pdus": {}})

        self.shown()
        self.assertEqual(self.told()["ephemeral"], [])
        self.assertNotIn("forged", str(self.told()["presence"]))

    def test_edus_that_are_none_do_not_hold_up_others(self) -> None:
        """Unknown kinds and wrong shapes are passed over."""
        rubbish: list[Json] = [
            {},
            {"edu_type": "m.typing"},
            {"edu_type": "m.typing", "content": {"room_id": 1, "user_id": []}},
            {"edu_type": "m.receipt", "content": {self.room_id: [], "!x": {"m.read": {self.peer.user_id: 1}}}},
            {"edu_type": "m.receipt", "content": {self.room_id: {"m.read": {self.peer.user_id: {"event_ids": [1]}}}}},
            {"edu_type": "m.presence", "content": {"push": [1, {}, {"user_id": 1, "presence": "online"}]}},
            {"edu_type": "org.example.unknown", "content": {}},
            {"edu_type": ["m.typing"], "content": {}},
        ]
        self.assertEqual(self.peer.send(edus=[*rubbish, self.typing(self.peer.user_id)]).ok(), {"pdus": {}})

        self.assertIn(self.peer.user_id, str(self.told()["ephemeral"]))

    def test_a_server_that_the_room_shuts_out_cannot_say_anything_there(self) -> None:
        """Its PDUs get an error each, what it says of typing and reading is ignored, all else is 403."""
        good = self.land(self.peer)
        outsider = self.new_peer()
        acl = {"allow": ["*"], "deny": [ADDRESS], "allow_ip_literals": True}
        self.alice.set_state(self.room_id, "m.room.server_acl", acl)
        self.since = self.alice.sync()["next_batch"]
        event = self.peer.message("shut out")
        edus = [self.typing(self.peer.user_id), self.receipt(self.peer.user_id, good.event_id)]
        answer = self.peer.send([event], edus).ok()

        self.assertEqual(list(answer["pdus"]), [event.event_id])
        self.assertTrue(answer["pdus"][event.event_id]["error"])
        self.bob.send(self.room_id, "still here")
        chunk = self.alice.get(f"/rooms/{self.room_id}/messages", {"dir": "b", "limit": 100})["chunk"]
        self.assertNotIn(event.event_id, [one["event_id"] for one in chunk])
        self.assertEqual(self.told()["ephemeral"], [])
        room, user = quote(self.room_id), quote(outsider.user_id, safe="")
        at = f"event_id={quote(good.event_id, safe='')}"
        paths = [
            f"{FEDERATION}/make_join/{room}/{user}?ver={self.peer.version.version}",
            f"{FEDERATION}/make_leave/{room}/{user}",
            f"{FEDERATION}/make_knock/{room}/{user}?ver={self.peer.version.version}",
            f"{FEDERATION}/state/{room}?{at}",
            f"{FEDERATION}/state_ids/{room}?{at}",
            f"{FEDERATION}/backfill/{room}?limit=10&v={quote(good.event_id, safe='')}",
            f"{FEDERATION}/event_auth/{room}/{quote(good.event_id, safe='')}",
        ]
        for path in paths:
            with self.subTest(path):
                self.assertEqual(outsider.ask("GET", path).error, FORBIDDEN)

        body = {"earliest_events": [], "latest_events": [good.event_id]}
        self.assertEqual(self.peer.ask("POST", f"{FEDERATION}/get_missing_events/{room}", body).error, FORBIDDEN)

    def invite(self, user_id: str) -> tuple[str, Json]:
        """(path, body) of an invite to the room by the peer's user."""
        event = self.peer.build("m.room.member", {"membership": "invite"}, state_key=user_id)
        path = f"/_matrix/federation/v2/invite/{quote(self.room_id)}/{quote(event.event_id, safe='')}"
        create = self.peer.state["m.room.create", ""]
        state = [create.pdu]
        return path, {"event": event.pdu, "room_version": self.peer.version.version, "invite_room_state": state}

    def test_an_invite_does_not_undo_a_membership(self) -> None:
        """Alice is in the room and stays there, whatever another server says beside the room's events."""
        path, body = self.invite(self.alice.user_id)
        self.peer.ask("PUT", path, body)

        self.assertIn(self.room_id, self.alice.get("/joined_rooms")["joined_rooms"])
        self.alice.send(self.room_id, "still here")

    def test_an_invite_to_a_room_of_a_made_up_version_is_refused(self) -> None:
        """400 M_INCOMPATIBLE_ROOM_VERSION, and whom it was for syncs on."""
        carol = self.server.new_user("carol")
        path, body = self.invite(carol.user_id)

        answer = self.peer.ask("PUT", path, {**body, "room_version": "org.example.made-up"})

        self.assertEqual(answer.error, (400, "M_INCOMPATIBLE_ROOM_VERSION"))
        self.assertNotIn(self.room_id, str(carol.sync()))

    def test_a_server_that_the_room_shuts_out_cannot_invite_to_it(self) -> None:
        """403."""
        acl = {"allow": ["*"], "deny": [ADDRESS], "allow_ip_literals": True}
        self.alice.set_state(self.room_id, "m.room.server_acl", acl)
        carol = self.server.new_user("carol")
        path, body = self.invite(carol.user_id)

        self.assertEqual(self.peer.ask("PUT", path, body).error, FORBIDDEN)
        self.assertNotIn(self.room_id, str(carol.sync()))


HostileEduTestOnPostgres = on_postgres(HostileEduTest)
