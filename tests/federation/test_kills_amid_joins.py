"""A server is killed while it is joining a large room: before its members are there, and while they come in."""

from __future__ import annotations

import sqlite3
import tempfile
import time
import unittest
from contextlib import closing
from pathlib import Path

from homeserver.commands.certificates import write_authority
from tests.federation.two_servers import history, texts, wait_for_membership
from tests.support.api_client import User
from tests.support.databases import Place, fresh_database
from tests.support.homeserver import Homeserver
from tests.support.large_rooms import add_members
from tests.support.server_process import process_of

_MEMBERS = 600
_SOME = 200
_RETRY = {"destination_min_retry_interval": 100, "destination_max_retry_interval": 300}
_PATIENCE_S = 120.0


class KilledAmidJoinTest(unittest.TestCase):
    """Alice's server has the room; Bob's is a process of its own."""

    def setUp(self) -> None:
        """Both servers, and the room."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hearth-killed-")))
        authority = write_authority("Test authority", folder / "ca.crt")
        for name in ("here", "there"):
            (folder / name).mkdir()
        own = self.enterContext(fresh_database("sqlite"))
        self.place: Place = self.enterContext(fresh_database("sqlite"))
        self.here = Homeserver(folder / "here", own.config, authority, federation=_RETRY)
        self.there = Homeserver(folder / "there", self.place.config, authority, federation=_RETRY)
        self.here.start()
        self.addCleanup(lambda: self.here.stop())
        self.process = process_of(self.there)
        self.addCleanup(self.process.kill)
        self.process.start()
        self.alice, self.bob = self.here.new_user("alice"), self.there.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat", name="Large")
        self.here.stop()
        self.members = add_members(self.here.config, self.room, _MEMBERS)
        self.here.start()

    def known(self) -> int:
        """How many members Bob's server knows, read where it keeps them: it itself tells no half-truths."""
        with closing(sqlite3.connect(f"file:{self.place.location}?mode=ro", uri=True, timeout=60)) as connection:
            (count,) = connection.execute("SELECT COUNT(*) FROM memberships").fetchone()
        return int(count)

    def restart(self, while_down: str) -> str:
        """Kill Bob's server; Alice says something meanwhile, which is returned."""
        self.process.kill()
        self.alice.send(self.room, while_down)
        self.process.start()
        return while_down

    def joined(self) -> set[str]:
        """Who is in the room, once that is known; clients ask again where it takes long."""
        until_s = time.monotonic() + _PATIENCE_S
        while (answer := self.bob.request("GET", f"/rooms/{self.room}/joined_members")).status == 504:
            self.assertLess(time.monotonic(), until_s, "the room does not become whole")
        return set(answer.ok()["joined"])

    def state(self, user: User) -> set[str]:
        """The room's state, once all of it is known."""
        return {event["event_id"] for event in user.get(f"/rooms/{self.room}/state")}

    def test_the_room_becomes_whole_and_nothing_is_lost(self) -> None:
        """What was acknowledged is there, and what others said; everybody is a member, on both sides."""
        self.alice.send(self.room, "before")
        self.bob.join(self.room, self.here.name)
        self.bob.send(self.room, "at once")
        said = ["before", "at once", self.restart("before any member")]
        until_s = time.monotonic() + _PATIENCE_S
        while self.known() < _SOME:
            self.assertLess(time.monotonic(), until_s, "no members come")
            time.sleep(0.002)
        said.append(self.restart("amid the members"))
        said.append("afterwards")
        last = self.alice.send(self.room, "afterwards")

        self.assertEqual(self.joined(), {*self.members, self.alice.user_id, self.bob.user_id})
        self.bob.wait_for_event(self.room, last)
        wait_for_membership(self.alice, self.room, self.bob, "join")
        self.assertEqual(sorted(texts(history(self.bob, self.room))), sorted(said))
        self.alice.wait_for_event(self.room, self.bob.send(self.room, "from here"))
        self.assertEqual(sorted(texts(history(self.alice, self.room))), sorted([*said, "from here"]))
        self.assertEqual(self.state(self.alice), self.state(self.bob))


if __name__ == "__main__":
    unittest.main()
