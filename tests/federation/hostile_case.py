"""A server, a room of its user Alice's, and a peer in the room that means no good."""

from __future__ import annotations

import tempfile
import time
import unittest
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from homeserver.commands.certificates import Authority, write_authority
from homeserver.protocol.events import Event
from tests.federation.room_peer import RoomPeer
from tests.support.api_client import PATIENCE_S, User
from tests.support.databases import fresh_database
from tests.support.homeserver import Homeserver

Json = dict[str, Any]


class HostileCase(unittest.TestCase):
    """The server and `alice` are there for all tests of a class; each has its own `room_id` and `peer`."""

    engine = "sqlite"
    server: ClassVar[Homeserver]
    authority: ClassVar[Authority]
    alice: ClassVar[User]
    _numbers = count(1)

    @classmethod
    def setUpClass(cls) -> None:
        """A server that federates."""
        super().setUpClass()
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="hearth-test-")))
        cls.authority = write_authority("Test authority", folder / "ca.crt")
        own = folder / "own"
        own.mkdir()
        place = cls.enterClassContext(fresh_database(cls.engine))
        cls.server = Homeserver(own, place.config, cls.authority)
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        cls.alice = cls.server.new_user("alice")

    def setUp(self) -> None:
        """A public room that the peer has joined."""
        self.room_id = self.alice.create_room(preset="public_chat")
        self.peer = self.new_peer()
        self.peer.join(self.room_id)

    def new_peer(self) -> RoomPeer:
        """Another homeserver, in no room."""
        peer = RoomPeer(self.authority, self.server)
        self.addCleanup(peer.close)
        return peer

    def shown(self, room_id: str | None = None) -> dict[str, Json]:
        """What Alice is shown of the room, by event id, after everything sent before was worked on."""
        self.land(self.peer, room_id)
        chunk = self.alice.get(f"/rooms/{room_id or self.room_id}/messages", {"dir": "b", "limit": 500})["chunk"]
        return {event["event_id"]: event for event in chunk}

    def land(self, peer: RoomPeer, room_id: str | None = None) -> Event:
        """Send a good message and wait until Alice sees it: it is worked on after all that came before."""
        good = peer.message(f"good {next(self._numbers)}")
        self.assertEqual(peer.send([good]).ok(), {"pdus": {good.event_id: {}}})
        path = f"/rooms/{room_id or self.room_id}/event/{good.event_id}"
        until_s = time.monotonic() + PATIENCE_S
        while self.alice.request("GET", path).status != 200:
            self.assertLess(time.monotonic(), until_s, "the good message does not arrive")
            time.sleep(0.02)
        return good

    def state_ids(self) -> dict[tuple[str, str], str]:
        """The room's current state as Alice is told."""
        events = self.alice.get(f"/rooms/{self.room_id}/state")
        return {(event["type"], event["state_key"]): event["event_id"] for event in events}
