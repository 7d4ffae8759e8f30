"""`hearthctl room`: looking into a room whose state went back."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout

from homeserver.commands.control import main
from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import RoomPeer
from tests.support.databases import on_postgres


class RoomCommandTest(HostileCase):
    """The peer sets the topic, while a moderator on a third server bans it."""

    third: RoomPeer
    first: str
    second: Event
    ban: Event

    def setUp(self) -> None:
        """The topic is Alice's again in the end, though nobody has set it again."""
        super().setUp()
        self.third = self.new_peer()
        levels = {"users": {self.peer.user_id: 50, self.third.user_id: 100}}
        self.alice.set_state(self.room_id, "m.room.power_levels", levels)
        self.first = self.alice.set_state(self.room_id, "m.room.topic", {"topic": "Alice's"})
        self.third.join(self.room_id)
        self.peer.state, self.peer.join_event = dict(self.third.state), self.third.join_event
        self.second = self.peer.build("m.room.topic", {"topic": "Mallory's"}, state_key="")
        self.peer.send([self.second]).ok()
        self.alice.wait_for_event(self.room_id, self.second.event_id)
        self.ban = self.third.build("m.room.member", {"membership": "ban"}, state_key=self.peer.user_id)
        with self.assertLogs("homeserver.rooms.resets", "WARNING") as logs:
            self.third.send([self.ban]).ok()
            self.alice.wait_for_event(self.room_id, self.ban.event_id)
        self.log = "\n".join(logs.output)

    def control(self, *arguments: str) -> tuple[int, str]:
        """Exit status and output of `hearthctl room`."""
        output = io.StringIO()
        action, *rest = arguments
        with redirect_stdout(output), redirect_stderr(output):
            status = main(["room", action, "-c", str(self.server.write_configuration()), *rest])
        return status, output.getvalue()

    def test_an_event_is_explained(self) -> None:
        """What authorises it, the states it brought together, how they were resolved, and what came of it."""
        self.assertEqual(self.alice.state(self.room_id, "m.room.topic"), {"topic": "Alice's"})
        own = self.alice.send(self.room_id, "what was that?")

        status, text = self.control("explain", self.room_id, self.ban.event_id)
        self.assertEqual(status, 0)
        self.assertIn("accepted, shown to clients", text)
        self.assertIn(f"{self.third.state['m.room.power_levels', ''].event_id} m.room.power_levels ''", text)
        reset = f"m.room.topic '': {self.first} (m.room.topic '') (a reset: before it was {self.second.event_id}"
        self.assertIn(reset, text)

        status, text = self.control("explain", self.room_id, own)
        self.assertEqual(status, 0)
        self.assertIn(f"after {self.second.event_id}: {self.second.event_id}", text)
        self.assertIn(f"after {self.ban.event_id}: {self.first}", text)
        self.assertIn(f"resolved to: {self.first}", text)
        refused = next(line for line in text.splitlines() if self.second.event_id in line and "refused" in line)
        self.assertIn(f"refused: {self.peer.user_id} is not in the room", refused)
        self.assertIn("power event, allowed", next(line for line in text.splitlines() if "power event" in line))

    def test_resets_are_listed_and_logged(self) -> None:
        """The one that there was, with the command that explains it."""
        self.assertIn(f"hearthctl room explain {self.room_id} {self.ban.event_id}", self.log)
        status, text = self.control("resets", self.room_id)

        self.assertEqual((status, len(text.splitlines())), (0, 1))
        for one in (self.first, self.second.event_id, self.ban.event_id):
            self.assertIn(one, text)
        quiet = self.alice.create_room()
        self.alice.set_state(quiet, "m.room.topic", {"topic": "one"})
        self.alice.set_state(quiet, "m.room.topic", {"topic": "two"})
        self.assertEqual(self.control("resets", quiet), (0, "none\n"))

    def test_a_rejected_event_is_explained_by_what_refuses_it(self) -> None:
        """In the rules' own words."""
        bad = self.third.message("bad", sender=f"@nobody:{self.third.name}")
        self.third.send([bad]).ok()
        self.land(self.third)

        _, text = self.control("explain", self.room_id, bad.event_id)
        self.assertIn("rejected, not shown to clients; refused", text)

    def test_what_is_not_there_is_said(self) -> None:
        """Exit status 1."""
        other = self.alice.create_room()
        for arguments in (
            ("explain", self.room_id, "$unknown"),
            ("explain", other, self.ban.event_id),
            ("resets", "!unknown:example.org"),
        ):
            with self.subTest(arguments):
                self.assertEqual(self.control(*arguments), (1, "hearthctl: this server knows no such room or event\n"))


RoomCommandTestOnPostgres = on_postgres(RoomCommandTest)
