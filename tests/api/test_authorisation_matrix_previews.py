"""Who sees a room from outside: its summary and its place in a space, by join rule, history visibility and reader.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1room_summaryroomidoralias
"""

from __future__ import annotations

from typing import ClassVar

from tests.support.api_client import Client, Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

V1 = "/_matrix/client/v1"
VISIBILITIES = ("world_readable", "shared", "invited", "joined")
READERS = ("never", "invited", "joined", "left", "banned", "member of the allowed room", "without account")
#: One letter for each reader: who sees a room that not everybody may read.
SEEN = {
    "public": "YYYYYYY",
    "knock": "YYYYYYY",
    "knock_restricted": "YYYYYYY",
    "restricted": "-YY--Y-",
    "invite": "-YY----",
}


class PreviewMatrixTest(HomeserverCase):
    """A space with a room of every join rule and history visibility."""

    owner: ClassVar[User]
    users: ClassVar[dict[str, User]]
    rooms: ClassVar[dict[tuple[str, str], str]]
    allowed: ClassVar[str]
    space: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        """All rooms and readers."""
        super().setUpClass()
        cls.owner = cls.server.new_user("owner")
        cls.users = {reader: cls.server.new_user("reader") for reader in READERS[:-1]}
        cls.allowed = cls.owner.create_room()
        cls.owner.change(cls.allowed, "invite", cls.users["member of the allowed room"])
        cls.users["member of the allowed room"].join(cls.allowed)
        cls.rooms = {(rule, setting): cls._new_room(rule, setting) for rule in SEEN for setting in VISIBILITIES}
        cls.space = cls.owner.create_room(creation_content={"type": "m.space"}, preset="public_chat")
        for room_id in cls.rooms.values():
            cls.owner.set_state(cls.space, "m.space.child", {"via": [cls.server.name]}, room_id)

    @classmethod
    def _new_room(cls, join_rule: str, setting: str) -> str:
        rule: Json = {"join_rule": join_rule}
        if join_rule.endswith("restricted"):
            rule["allow"] = [{"type": "m.room_membership", "room_id": cls.allowed}]
        visibility = {"type": "m.room.history_visibility", "content": {"history_visibility": setting}}
        room_id = cls.owner.create_room(
            preset="private_chat",
            name="Secret",
            initial_state=[{"type": "m.room.join_rules", "content": rule}, visibility],
        )
        for reader in ("invited", "joined", "left"):
            cls.owner.change(room_id, "invite", cls.users[reader])
        for reader in ("joined", "left"):
            cls.users[reader].change(room_id, "join")
        cls.users["left"].change(room_id, "leave")
        cls.owner.change(room_id, "ban", cls.users["banned"])
        return room_id

    def sees(self, reader: str, rule: str, setting: str) -> bool:
        """By the table."""
        return setting == "world_readable" or SEEN[rule][READERS.index(reader)] == "Y"

    def test_summaries(self) -> None:
        """`/room_summary`: what may not be seen is not there."""
        for (rule, setting), room_id in self.rooms.items():
            for reader in READERS:
                with self.subTest(rule=rule, setting=setting, reader=reader):
                    client = self.users.get(reader) or Client(self.server.url)
                    answer = client.request("GET", f"{V1}/room_summary/{room_id}")
                    if self.sees(reader, rule, setting):
                        self.assertEqual(answer.ok()["name"], "Secret")
                    else:
                        self.assertEqual(answer.error, (404, "M_NOT_FOUND"))

    def test_the_hierarchy_of_the_space(self) -> None:
        """`/hierarchy`: exactly the rooms that may be seen; asked for one that may not be, it refuses."""
        for reader, user in self.users.items():
            with self.subTest(reader=reader):
                expected = {room_id for place, room_id in self.rooms.items() if self.sees(reader, *place)}
                shown = user.get(f"{V1}/rooms/{self.space}/hierarchy", {"limit": 50})["rooms"]
                self.assertEqual({room["room_id"] for room in shown}, {self.space, *expected})
                for room_id in set(self.rooms.values()) - expected:
                    refusal = user.refusal("GET", f"{V1}/rooms/{room_id}/hierarchy")
                    self.assertEqual(refusal, (403, "M_FORBIDDEN"))


PreviewMatrixTestOnPostgres = on_postgres(PreviewMatrixTest)
