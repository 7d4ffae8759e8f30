"""A user who was made to leave comes back through a server that has not heard of that.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase
from tests.federation.resident_peer import ResidentPeer
from tests.federation.room_peer import Json
from tests.federation.two_servers import wait_for_section
from tests.support.databases import on_postgres


class ComingBackUnheardTest(HostileCase):
    """Alice is in the peer's room; the join is the last that the resident knows of."""

    def setUp(self) -> None:
        """The room, and Alice in it."""
        self.peer = self.new_peer()
        self.resident = ResidentPeer(self.peer)
        self.room_id = self.resident.room_id

    def enter(self) -> Event:
        """Alice joins; her join."""
        self.resident.offer(self.alice)
        self.alice.join(self.room_id, via=self.peer.name)
        join = self.peer.join_event
        assert join is not None
        self.peer.state["m.room.member", self.alice.user_id] = join
        self.resident.last = join
        return join

    def end(self, join: Event, membership: str) -> Event:
        """Alice is kicked or banned, and hears of it; the resident goes on as if it had not."""
        place: Json = {"prev_events": [join.event_id], "depth": join.depth + 1}
        end = self.peer.build("m.room.member", {"membership": membership}, state_key=self.alice.user_id, **place)
        self.peer.send([end]).ok()
        wait_for_section(self.alice, "leave", self.room_id)
        self.resident.say("nobody was kicked")
        self.resident.offer(self.alice)
        return end

    def test_who_was_kicked_from_a_public_room_is_in_it_again(self) -> None:
        """And what both sides say goes on from both."""
        join = self.enter()
        end = self.end(join, "leave")

        self.alice.join(self.room_id, via=self.peer.name)

        again = self.peer.join_event
        assert again is not None
        both = self.peer.message("both", prev_events=[end.event_id, again.event_id], depth=again.depth + 1)
        self.peer.send([both]).ok()
        self.alice.wait_for_event(self.room_id, both.event_id)
        self.assertEqual(self.state_ids()["m.room.member", self.alice.user_id], again.event_id)

    def test_who_was_banned_stays_out(self) -> None:
        """Whatever the server that was asked knows."""
        self.end(self.enter(), "ban")

        answer = self.alice.request("POST", f"/join/{self.room_id}", {}, query={"via": self.peer.name})

        self.assertEqual(answer.error, (403, "M_FORBIDDEN"))
        self.assertNotIn(self.room_id, self.alice.get("/joined_rooms")["joined_rooms"])

    def test_who_was_kicked_from_a_private_room_stays_out(self) -> None:
        """Somebody has to invite them."""
        join = self.enter()
        self.resident.last = join
        rules = self.resident.set_state("m.room.join_rules", {"join_rule": "invite"})
        self.peer.send([rules]).ok()
        self.alice.wait_for_event(self.room_id, rules.event_id)
        self.end(rules, "leave")

        answer = self.alice.request("POST", f"/join/{self.room_id}", {}, query={"via": self.peer.name})

        self.assertEqual(answer.error, (403, "M_FORBIDDEN"))


ComingBackUnheardTestOnPostgres = on_postgres(ComingBackUnheardTest)
