"""What other servers read of a room: each reading endpoint, by what the server is in the room and history visibility.

https://spec.matrix.org/v1.19/server-server-api/
"""

from __future__ import annotations

import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from homeserver.commands.certificates import write_authority
from tests.api.readers import VISIBILITIES
from tests.federation.room_peer import FEDERATION, RoomPeer
from tests.support.api_client import Answer, Json, User
from tests.support.databases import fresh_database, on_postgres
from tests.support.homeserver import Homeserver

KINDS = ("in", "left", "banned", "never")
#: Whether a server that is in reads the text of the messages of before its user joined, of then, and of later.
TEXTS = {"world_readable": "YYY", "shared": "YYY", "invited": "-YY", "joined": "-YY"}
WHEN = ("before", "then", "later")
REFUSALS = [(403, "M_FORBIDDEN"), (404, "M_NOT_FOUND")]


class ServerMatrixTest(unittest.TestCase):
    """A room of each visibility; a server of each kind. Their users (but for the last) joined after the first message;
    the second was sent then, the third after those who went had gone."""

    engine = "sqlite"
    alice: ClassVar[User]
    rooms: ClassVar[dict[str, str]]
    messages: ClassVar[dict[str, list[str]]]
    peers: ClassVar[dict[tuple[str, str], RoomPeer]]

    @classmethod
    def setUpClass(cls) -> None:
        """All of it, once."""
        super().setUpClass()
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="hearth-test-")))
        authority = write_authority("Test authority", folder / "ca.crt")
        (folder / "own").mkdir()
        place = cls.enterClassContext(fresh_database(cls.engine))
        server = Homeserver(folder / "own", place.config, authority)
        server.start()
        cls.addClassCleanup(server.stop)
        cls.alice = server.new_user("alice")
        cls.rooms = {visibility: _new_room(cls.alice, visibility) for visibility in VISIBILITIES}
        cls.messages = {visibility: [] for visibility in VISIBILITIES}
        cls.peers = {}
        for visibility, room_id in cls.rooms.items():
            for kind in KINDS:
                cls.peers[visibility, kind] = RoomPeer(authority, server)
                cls.addClassCleanup(cls.peers[visibility, kind].close)
            cls._live(visibility, room_id)

    @classmethod
    def _live(cls, visibility: str, room_id: str) -> None:
        peers = {kind: cls.peers[visibility, kind] for kind in KINDS}
        for when in WHEN:
            if when == "then":
                for kind in KINDS[:-1]:
                    peers[kind].join(room_id)
            if when == "later":
                cls.alice.change(room_id, "kick", peers["left"].user_id)
                cls.alice.change(room_id, "ban", peers["banned"].user_id)
            cls.messages[visibility].append(cls.alice.send(room_id, f"text of {when}"))
        cls.alice.set_state(room_id, "m.room.join_rules", {"join_rule": "invite"})

    def test_single_events(self) -> None:
        """`/event`: for servers that are in; redacted where their users may not see it."""
        for visibility, kind, peer in self.cells():
            with self.subTest(visibility=visibility, kind=kind):
                paths = [f"event/{quote(event_id, safe='')}" for event_id in self.messages[visibility]]
                answers = [peer.ask("GET", f"{FEDERATION}/{path}") for path in paths]
                if kind == "in":
                    told = "".join(max(self.texts(answer)) for answer in answers)
                    self.assertEqual(told, TEXTS[visibility])
                else:
                    self.assertLessEqual({answer.error for answer in answers}, set(REFUSALS))

    def test_history(self) -> None:
        """`/backfill` and `/get_missing_events`: the same."""
        for visibility, kind, peer in self.cells():
            with self.subTest(visibility=visibility, kind=kind):
                room, last = quote(self.rooms[visibility]), self.messages[visibility][-1]
                back = peer.ask("GET", f"{FEDERATION}/backfill/{room}?v={quote(last, safe='')}&limit=50")
                span = {"earliest_events": [], "latest_events": [last], "limit": 50}
                missing = peer.ask("POST", f"{FEDERATION}/get_missing_events/{room}", span)
                if kind == "in":
                    self.assertEqual(self.texts(back), TEXTS[visibility])
                    self.assertEqual(self.texts(missing), TEXTS[visibility][:2] + "-", "the latest is not missing")
                else:
                    self.assertIn(back.error, REFUSALS)
                    self.assertIn(missing.error, REFUSALS)

    def test_state(self) -> None:
        """State, auth chains and events by time: for servers that are in."""
        for visibility, kind, peer in self.cells():
            room, last = quote(self.rooms[visibility]), quote(self.messages[visibility][-1], safe="")
            for path, key in (
                (f"state/{room}?event_id={last}", "pdus"),
                (f"state_ids/{room}?event_id={last}", "pdu_ids"),
                (f"event_auth/{room}/{last}", "auth_chain"),
                (f"timestamp_to_event/{room}?ts=0&dir=f", "event_id"),
                (f"hierarchy/{room}", "room"),
            ):
                with self.subTest(key, visibility=visibility, kind=kind):
                    answer = peer.ask("GET", f"{FEDERATION}/{path}")
                    may_see = kind == "in" or (key == "room" and visibility == "world_readable")
                    if may_see:
                        self.assertTrue(answer.ok()[key])
                    else:
                        self.assertIn(answer.error, REFUSALS)

    def cells(self) -> Iterator[tuple[str, str, RoomPeer]]:
        """(visibility, kind, the server of that kind)."""
        for (visibility, kind), peer in self.peers.items():
            yield visibility, kind, peer

    def texts(self, answer: Answer) -> str:
        """Which of the three messages are told with their text: a letter for each."""
        pdus: list[Json] = answer.ok().get("pdus") or answer.json.get("events") or []
        bodies = [pdu["content"].get("body") for pdu in pdus]
        return "".join("Y" if f"text of {when}" in bodies else "-" for when in WHEN)


def _new_room(owner: User, visibility: str) -> str:
    setting = {"type": "m.room.history_visibility", "content": {"history_visibility": visibility}}
    return owner.create_room(preset="public_chat", initial_state=[setting])


ServerMatrixTestOnPostgres = on_postgres(ServerMatrixTest)
