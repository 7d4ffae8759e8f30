"""Joining a room where some of the state is signed with keys that cannot be had then.

https://spec.matrix.org/v1.19/server-server-api/#validating-hashes-and-signatures-on-received-events
"""

from __future__ import annotations

import time
from collections.abc import Callable

from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase
from tests.federation.resident_peer import ResidentPeer
from tests.federation.room_peer import RoomPeer
from tests.federation.test_large_rooms import PartialResident
from tests.support.api_client import PATIENCE_S, User
from tests.support.databases import on_postgres

KEYS = ("GET", "/_matrix/key/v2/server")


class StateWithoutKeysTest(HostileCase):
    """A third server's user is in the peer's room, and its keys are not to be had when a user joins."""

    def setUp(self) -> None:
        """The room, which Bob will join."""
        self.peer = self.new_peer()
        self.third = self.new_peer()
        self.published = self.third.answers[KEYS]
        self.third.answers[KEYS] = lambda exchange: self.third.reply(exchange, {}, 503)
        self.bob: User = self.server.new_user("bob")

    def take_in(self, resident: ResidentPeer, third: RoomPeer) -> Event:
        """The third server's user joins; the join."""
        third.room_id, third.version, third.state = resident.room_id, self.peer.version, dict(self.peer.state)
        place = resident.after_last()
        join = resident.note(third.build("m.room.member", {"membership": "join"}, state_key=third.user_id, **place))
        resident.last = third.join_event = join
        self.peer.state["m.room.member", third.user_id] = third.state["m.room.member", third.user_id] = join
        return join

    def invite(self, resident: ResidentPeer, user_id: str) -> Event:
        """The third server's user invites somebody: good as soon as the inviter is known to be in the room."""
        place = resident.after_last()
        invite = self.third.build("m.room.member", {"membership": "invite"}, state_key=user_id, **place)
        resident.last = self.third.join_event = resident.note(invite)
        self.peer.state["m.room.member", user_id] = invite
        return invite

    def join(self, resident: ResidentPeer) -> None:
        """Bob joins."""
        resident.offer(self.bob)
        self.bob.join(resident.room_id, via=self.peer.name)
        join = self.peer.join_event
        assert join is not None
        resident.last = join

    def give_keys(self) -> None:
        """The third server is there again, and says so."""
        self.third.answers[KEYS] = self.published

    def wait(self, what: str, is_so: Callable[[], bool]) -> None:
        """Wait for a condition."""
        until_s = time.monotonic() + PATIENCE_S
        while not is_so():
            self.assertLess(time.monotonic(), until_s, what)
            time.sleep(0.05)

    def members(self, room_id: str) -> dict[str, str]:
        """User to membership."""
        chunk = self.bob.get(f"/rooms/{room_id}/members")["chunk"]
        return {event["state_key"]: event["content"]["membership"] for event in chunk}

    def test_members_are_there_once_their_keys_can_be_had(self) -> None:
        """The join succeeds without them; those whom they invited come with them, and what they say is shown."""
        resident = ResidentPeer(self.peer)
        self.take_in(resident, self.third)
        guest = "@guest:elsewhere.example"
        self.invite(resident, guest)
        self.join(resident)
        room_id = resident.room_id
        self.assertNotIn(self.third.user_id, self.members(room_id))
        early = self.bob.send(room_id, "anybody here?")

        self.give_keys()

        self.wait("the members do not come", lambda: guest in self.members(room_id))
        self.assertEqual(self.members(room_id)[self.third.user_id], "join")
        self.assertEqual(self.members(room_id)[guest], "invite")
        at = self.bob.get(f"/rooms/{room_id}/context/{early}")["state"]
        self.assertIn(guest, [event["state_key"] for event in at])
        place = {"prev_events": [resident.last.event_id], "depth": resident.last.depth + 1}
        said = self.third.message("here", **place)
        self.third.send([said]).ok()
        self.bob.wait_for_event(room_id, said.event_id)

    def test_it_goes_on_after_a_restart(self) -> None:
        """What was not checked is not forgotten."""
        resident = ResidentPeer(self.peer)
        self.take_in(resident, self.third)
        self.join(resident)
        self.server.stop()
        self.give_keys()
        self.server.start()

        self.wait("the member does not come", lambda: self.third.user_id in self.members(resident.room_id))

    def test_members_that_were_left_out_at_the_join_are_there_once_their_keys_can_be_had(self) -> None:
        """The room is whole without them meanwhile."""
        partial = PartialResident(self.peer)
        self.take_in(partial.room, self.third)
        partial.may_give.set()
        self.join(partial.room)
        room_id = partial.room.room_id
        self.assertLessEqual({str(one.state_key) for one in partial.members}, self.members(room_id).keys())

        self.give_keys()

        self.wait("the member does not come", lambda: self.third.user_id in self.members(room_id))

    def test_a_room_whose_power_levels_cannot_be_checked_is_not_joined(self) -> None:
        """It would be another room. Once they can be, it is joined."""
        resident = ResidentPeer(self.peer)
        self.take_in(resident, self.third)
        levels = {"users": {self.peer.user_id: 100, self.third.user_id: 100}}
        resident.set_state("m.room.power_levels", levels)
        self.third.state["m.room.power_levels", ""] = self.peer.state["m.room.power_levels", ""]
        place = resident.after_last()
        changed = self.third.build("m.room.power_levels", {**levels, "invite": 50}, state_key="", **place)
        resident.last = resident.note(changed)
        self.peer.state["m.room.power_levels", ""] = changed
        resident.offer(self.bob)

        answer = self.bob.request("POST", f"/join/{resident.room_id}", {}, query={"via": self.peer.name})
        self.assertEqual(answer.error, (502, "M_UNKNOWN"))
        self.assertNotIn(resident.room_id, self.bob.get("/joined_rooms")["joined_rooms"])

        self.give_keys()

        def is_in() -> bool:
            path = f"/join/{resident.room_id}"
            return self.bob.request("POST", path, {}, query={"via": self.peer.name}).status == 200

        self.wait("the room is not joined", is_in)
        self.assertEqual(self.members(resident.room_id)[self.third.user_id], "join")


StateWithoutKeysTestOnPostgres = on_postgres(StateWithoutKeysTest)
