"""Replacing a room by one of another version.

https://spec.matrix.org/v1.19/client-server-api/#room-upgrades
"""

from __future__ import annotations

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

FORBIDDEN = (403, "M_FORBIDDEN")


def _upgrade(user: User, room_id: str, version: str = "12", **body: object) -> str:
    new_room_id: str = user.post(f"/rooms/{room_id}/upgrade", {"new_version": version, **body})["replacement_room"]
    return new_room_id


class UpgradeTest(HomeserverCase):
    """A public room with a moderator, a banned user and names."""

    def setUp(self) -> None:
        self.alice, self.bob, self.carol = (self.new_user(name) for name in ("alice", "bob", "carol"))
        self.localpart = f"tea-{self.alice.localpart}"
        self.old = self._room(room_alias_name=self.localpart)

    def _room(self, **body: object) -> str:
        room = self.alice.create_room(preset="public_chat", room_version="10", name="Tea", topic="Leaves", **body)
        self.bob.join(room)
        self.alice.change(room, "ban", self.carol, reason="coffee")
        levels = self.alice.state(room, "m.room.power_levels")
        levels["users"][self.bob.user_id] = 50
        self.alice.set_state(room, "m.room.power_levels", levels)
        self.alice.set_state(room, "m.room.history_visibility", {"history_visibility": "joined"})
        return room

    def _content(self, room: str, event_type: str, state_key: str = "") -> Json:
        return self.alice.state(room, event_type, state_key)

    def test_the_new_room_is_like_the_old_one(self) -> None:
        """Name, topic, join rule, visibility and the moderator's power are carried over."""
        for version in ("1", "9", "11", "12"):
            with self.subTest(version):
                old = self._room()
                new = _upgrade(self.alice, old, version)

                self.assertEqual(self._content(new, "m.room.create")["room_version"], version)
                self.assertEqual(self._content(new, "m.room.name"), {"name": "Tea"})
                self.assertEqual(self._content(new, "m.room.topic")["topic"], "Leaves")
                self.assertEqual(self._content(new, "m.room.join_rules")["join_rule"], "public")
                self.assertEqual(self._content(new, "m.room.history_visibility"), {"history_visibility": "joined"})
                self.assertEqual(self._content(new, "m.room.power_levels")["users"][self.bob.user_id], 50)

    def test_each_room_names_the_other(self) -> None:
        """The tombstone leads on, the create event back."""
        new = _upgrade(self.alice, self.old)

        self.assertEqual(self._content(self.old, "m.room.tombstone")["replacement_room"], new)
        self.assertEqual(self._content(new, "m.room.create")["predecessor"], {"room_id": self.old})

    def test_up_to_version_11_a_room_names_the_tombstone_before_it(self) -> None:
        """With its event id; later versions do not."""
        new = _upgrade(self.alice, self.old, "11")

        events = self.alice.get(f"/rooms/{self.old}/state")
        (tombstone,) = (event for event in events if event["type"] == "m.room.tombstone")
        predecessor = self._content(new, "m.room.create")["predecessor"]
        self.assertEqual(predecessor, {"room_id": self.old, "event_id": tombstone["event_id"]})
        self.assertEqual(tombstone["content"]["replacement_room"], new)

    def test_the_banned_stay_out(self) -> None:
        """With the reason that was given."""
        new = _upgrade(self.alice, self.old)

        self.assertEqual(self._content(new, "m.room.member", self.carol.user_id)["reason"], "coffee")
        self.assertEqual(self.carol.refusal("POST", f"/join/{new}", {}), FORBIDDEN)

    def test_aliases_move(self) -> None:
        """The alias leads to the new room, which names it; the old one does so no more."""
        new = _upgrade(self.alice, self.old)
        alias = f"#{self.localpart}:{self.server.name}"

        self.assertEqual(self.alice.get(f"/directory/room/{alias}")["room_id"], new)
        self.assertEqual(self._content(new, "m.room.canonical_alias"), {"alias": alias})
        self.assertNotIn("alias", self._content(self.old, "m.room.canonical_alias"))

    def test_nobody_writes_in_the_old_room(self) -> None:
        """Only moderators do."""
        dave = self.new_user("dave")
        dave.join(self.old)
        _upgrade(self.alice, self.old)

        message = {"msgtype": "m.text", "body": "hello?"}
        self.assertEqual(dave.refusal("PUT", f"/rooms/{self.old}/send/m.room.message/1", message), FORBIDDEN)

    def test_nobody_has_another_level_in_the_old_room(self) -> None:
        """Not even for a moment, though the new room's creator has none there."""
        before = self._content(self.old, "m.room.power_levels")["users"]
        start = self.alice.sync()["next_batch"]
        _upgrade(self.alice, self.old)

        query = {"dir": "f", "from": start, "limit": 100}
        events = self.alice.get(f"/rooms/{self.old}/messages", query)["chunk"]
        self.assertIn("m.room.tombstone", [event["type"] for event in events])
        for event in events:
            if event["type"] == "m.room.power_levels":
                self.assertEqual(event["content"]["users"], before)
        self.assertEqual(self._content(self.old, "m.room.power_levels")["users"], before)

    def test_creators_have_all_power_and_no_level(self) -> None:
        """In room version 12 creators are not in the power levels, those named with the upgrade among them."""
        new = _upgrade(self.alice, self.old, additional_creators=[self.bob.user_id])

        self.assertEqual(self._content(new, "m.room.create")["additional_creators"], [self.bob.user_id])
        self.assertEqual(self._content(new, "m.room.power_levels")["users"], {})

    def test_back_from_privileged_creators(self) -> None:
        """A creator of a room of version 12 keeps full power in a room of an earlier version."""
        newer = _upgrade(self.alice, self.old)

        older = _upgrade(self.alice, newer, "11")

        self.assertEqual(self._content(older, "m.room.power_levels")["users"][self.alice.user_id], 100)

    def test_own_settings_come_along(self) -> None:
        """Tags, direct chats and mute rules, for who upgrades and for who follows."""
        user = f"/user/{self.bob.user_id}"
        self.bob.put(f"{user}/rooms/{self.old}/tags/m.favourite", {})
        self.bob.put(f"{user}/account_data/m.direct", {self.alice.user_id: [self.old]})
        self.bob.put(f"/pushrules/global/room/{self.old}", {"actions": []})

        new = _upgrade(self.alice, self.old)
        self.bob.join(new)

        self.assertEqual(self.bob.get(f"{user}/rooms/{new}/tags")["tags"], {"m.favourite": {}})
        self.assertEqual(self.bob.get(f"{user}/account_data/m.direct"), {self.alice.user_id: [self.old, new]})
        self.assertEqual(self.bob.get(f"/pushrules/global/room/{new}")["actions"], [])

    def test_who_may_not(self) -> None:
        """A room is ended by those with the power to, and nothing is left of an attempt."""
        self.assertEqual(self.bob.refusal("POST", f"/rooms/{self.old}/upgrade", {"new_version": "12"}), FORBIDDEN)
        self.assertEqual(self.carol.refusal("POST", f"/rooms/{self.old}/upgrade", {"new_version": "12"}), FORBIDDEN)
        unknown = f"!nowhere:{self.server.name}"
        refused = self.alice.refusal("POST", f"/rooms/{unknown}/upgrade", {"new_version": "12"})
        self.assertEqual(refused, (404, "M_NOT_FOUND"))
        self.assertEqual(len(self.bob.get("/joined_rooms")["joined_rooms"]), 1)

    def test_a_room_does_not_replace_itself(self) -> None:
        """Clients would follow it for ever."""
        content = {"body": "", "replacement_room": self.old}
        for path in ("state/m.room.tombstone", "send/m.room.tombstone/t1"):
            refused = self.alice.refusal("PUT", f"/rooms/{self.old}/{path}", content)
            self.assertEqual(refused, (400, "M_INVALID_PARAM"))

    def test_wrong_requests(self) -> None:
        """Unknown versions and misshapen bodies."""
        path = f"/rooms/{self.old}/upgrade"
        for body, error in (
            ({}, "M_MISSING_PARAM"),
            ({"new_version": "1 0"}, "M_UNSUPPORTED_ROOM_VERSION"),
            ({"new_version": 12}, "M_UNSUPPORTED_ROOM_VERSION"),
            ({"new_version": "12", "additional_creators": "@x:y"}, "M_BAD_JSON"),
            ({"new_version": "12", "additional_creators": ["nobody"]}, "M_INVALID_PARAM"),
        ):
            with self.subTest(body):
                self.assertEqual(self.alice.refusal("POST", path, body), (400, error))


UpgradeTestOnPostgres = on_postgres(UpgradeTest)
