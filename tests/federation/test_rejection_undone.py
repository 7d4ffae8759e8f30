"""Events that are rejected for what authorises them, and what becomes of them when that has another verdict.

https://spec.matrix.org/v1.19/server-server-api/#rejection
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from urllib.parse import quote

from homeserver.protocol.events import Event, parse_event
from tests.federation.hostile_case import HostileCase
from tests.federation.resident_peer import ResidentPeer
from tests.federation.room_peer import FEDERATION, Json
from tests.support.api_client import PATIENCE_S
from tests.support.databases import on_postgres
from tests.support.peer_server import Exchange


class RejectionTest(HostileCase):
    """Messages that cite what is rejected, then or now."""

    def wait(self, what: str, is_so: Callable[[], bool]) -> None:
        """Wait for a condition."""
        until_s = time.monotonic() + PATIENCE_S
        while not is_so():
            self.assertLess(time.monotonic(), until_s, what)
            time.sleep(0.02)

    def is_shown(self, event: Event) -> bool:
        """Whether Alice can read an event."""
        return self.alice.request("GET", f"/rooms/{self.room_id}/event/{event.event_id}").status == 200

    def test_what_cites_an_event_that_turns_out_to_be_rejected_is_rejected_too(self) -> None:
        """The peer cites power levels that it is told to have been allowed to make, and was not when it made them."""
        self.alice.set_state(self.room_id, "m.room.power_levels", self.levels(100))
        raised = self.wait_for_levels()
        self.alice.set_state(self.room_id, "m.room.power_levels", self.levels(0))
        lowered = self.wait_for_levels(raised)
        self.peer.state["m.room.power_levels", ""] = raised
        place: Json = {"prev_events": [lowered.event_id], "depth": lowered.depth + 1}
        taken = self.peer.build("m.room.power_levels", self.levels(100), state_key="", **place)
        self.peer.answers_below[f"{FEDERATION}/event_auth/"] = lambda exchange: self.peer.reply(
            exchange, {"auth_chain": [taken.pdu]}
        )
        self.peer.state["m.room.power_levels", ""] = taken
        citing = self.peer.message("by these levels", **place)
        self.peer.send([citing]).ok()
        self.alice.wait_for_event(self.room_id, citing.event_id)
        self.peer.state["m.room.power_levels", ""] = lowered
        after = self.peer.message("by the true ones", prev_events=[citing.event_id], depth=citing.depth + 1)
        self.peer.send([after]).ok()
        self.alice.wait_for_event(self.room_id, after.event_id)

        self.peer.send([taken]).ok()

        self.wait("the message that cites it stays", lambda: not self.is_shown(citing))
        self.assertTrue(self.is_shown(after))
        self.assertEqual(self.state_ids()["m.room.power_levels", ""], lowered.event_id)
        again = self.alice.send(self.room_id, "afterwards")
        self.alice.wait_for_event(self.room_id, again)

    def levels(self, of_peer: int) -> Json:
        """Power levels that give the peer's user so much; Alice, who made the room, needs none."""
        return {"users": {self.peer.user_id: of_peer}}

    def wait_for_levels(self, before: Event | None = None) -> Event:
        """The power levels that the server has sent the peer after others."""
        found: list[Event] = []

        def is_there() -> bool:
            pdus = [
                parse_event(pdu, self.peer.version)
                for received in self.peer.received()
                if received.path.startswith(f"{FEDERATION}/send/")
                for pdu in json.loads(received.body)["pdus"]
            ]
            found[:] = [one for one in pdus if one.type == "m.room.power_levels"]
            return bool(found) and (before is None or found[-1].event_id != before.event_id)

        self.wait("the power levels are not sent", is_there)
        return found[-1]


RejectionTestOnPostgres = on_postgres(RejectionTest)


class ToldWronglyTest(HostileCase):
    """A third server's user is in the room, of which the server has not heard. The peer passes on a message of theirs,
    keeps back what came before it, and tells a state there that lacks the user."""

    def setUp(self) -> None:
        """What the third server's user did: a join and three messages, the first of which is kept back."""
        super().setUp()
        self.third = self.new_peer()
        self.third.room_id, self.third.version = self.room_id, self.peer.version
        self.third.state, self.third.join_event = dict(self.peer.state), self.peer.join_event
        join = self.third.build("m.room.member", {"membership": "join"}, state_key=self.third.user_id)
        self.join = self.third.join_event = self.third.state["m.room.member", self.third.user_id] = join
        self.earlier = self.third.message("kept back")
        self.first = self.third.message("first", **_after(self.earlier))
        self.second = self.third.message("second", **_after(self.first))
        room = quote(self.room_id, safe="")
        self.missing = f"{FEDERATION}/get_missing_events/{room}"
        false = {"pdu_ids": [one.event_id for one in self.peer.state.values()], "auth_chain_ids": []}
        self.peer.answers["POST", self.missing] = self._tell_first
        self.peer.on("GET", f"{FEDERATION}/state_ids/{room}", false)
        self.peer.answers_below[f"{FEDERATION}/event_auth/"] = lambda exchange: self.peer.reply(
            exchange, {"auth_chain": [self.join.pdu]}
        )
        self.peer.answers_below[f"{FEDERATION}/event/"] = lambda exchange: self.peer.reply(
            exchange, {"origin": self.peer.name, "pdus": [self.earlier.pdu]}
        )

    def _tell_first(self, exchange: Exchange) -> None:
        """Without what was before: the state there has to be told."""
        self.peer.reply(exchange, {"events": [self.first.pdu]})

    def test_a_state_told_wrongly_is_put_right_by_what_comes(self) -> None:
        """What was rejected for it is shown when the events before it have come, and so is what follows."""
        self.peer.send([self.second]).ok()
        self.assertFalse({self.first.event_id, self.second.event_id} & self.shown().keys())

        self.third.send([self.join, self.earlier]).ok()

        self.alice.wait_for_event(self.room_id, self.second.event_id)
        self.assertLessEqual({self.first.event_id, self.second.event_id}, self.shown().keys())
        self.assertEqual(self.state_ids()["m.room.member", self.third.user_id], self.join.event_id)
        last = self.third.message("last", **_after(self.second))
        self.third.send([last]).ok()
        self.alice.wait_for_event(self.room_id, last.event_id)


def _after(event: Event) -> Json:
    return {"prev_events": [event.event_id], "depth": event.depth + 1}


ToldWronglyTestOnPostgres = on_postgres(ToldWronglyTest)


class TamperedEventTest(HostileCase):
    """A third server's user comes into the peer's room by its restricted join rule. The peer passes the join on with
    something added: what is left of it, without what is not signed, is not allowed (room version 8)."""

    def setUp(self) -> None:
        """Alice is in the room; the join, and a message of the third server's user that cites it."""
        self.peer = self.new_peer()
        self.resident = ResidentPeer(self.peer, "8")
        self.room_id = self.resident.room_id
        self.resident.offer(self.alice)
        self.alice.join(self.room_id, via=self.peer.name)
        join = self.peer.join_event
        assert join is not None
        self.resident.last = join
        rule = {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": "!other:example.org"}]}
        self.resident.set_state("m.room.join_rules", rule)
        self.peer.send([self.resident.last]).ok()
        self.alice.wait_for_event(self.room_id, self.resident.last.event_id)
        self.third = self.new_peer()
        self.third.room_id, self.third.version = self.room_id, self.peer.version
        self.third.state = dict(self.peer.state)
        self.third.join_event = self.resident.last
        content = {"membership": "join", "join_authorised_via_users_server": self.peer.user_id}
        self.join = self.third.build("m.room.member", content, state_key=self.third.user_id)
        signed = self.peer.identity.sign_event(self.join.pdu, self.peer.version)
        self.join = self.resident.note(parse_event(signed, self.peer.version))
        self.third.join_event = self.third.state["m.room.member", self.third.user_id] = self.join
        self.message = self.resident.note(self.third.message("hello"))

    def test_an_event_that_came_tampered_with_is_taken_in_when_it_comes_whole(self) -> None:
        """And with it what was rejected for its sake."""
        tampered = {**self.join.pdu, "content": {**self.join.pdu["content"], "displayname": "Mallory"}}
        self.peer.send([tampered]).ok()
        self.peer.send([self.message]).ok()
        self.peer.join_event = self.resident.last
        self.assertFalse({self.join.event_id, self.message.event_id} & self.shown().keys())

        self.third.send([self.join]).ok()
        self.peer.send([self.join]).ok()

        self.alice.wait_for_event(self.room_id, self.message.event_id)
        member = self.alice.state(self.room_id, "m.room.member", self.third.user_id)
        self.assertEqual(member, self.join.content)
        later = self.third.message("still here", prev_events=[self.message.event_id], depth=self.message.depth + 1)
        self.third.send([later]).ok()
        self.alice.wait_for_event(self.room_id, later.event_id)

    def test_what_a_redaction_took_away_does_not_come_back(self) -> None:
        """Whoever sends the whole event."""
        self.peer.send([self.join, self.message]).ok()
        self.alice.wait_for_event(self.room_id, self.message.event_id)
        redaction = self.third.build(
            "m.room.redaction",
            {},
            redacts=self.message.event_id,
            prev_events=[self.message.event_id],
            depth=self.message.depth + 1,
        )
        self.third.send([redaction]).ok()
        self.alice.wait_for_event(self.room_id, redaction.event_id)

        self.peer.send([self.message]).ok()

        self.assertEqual(self.shown()[self.message.event_id]["content"], {})


TamperedEventTestOnPostgres = on_postgres(TamperedEventTest)
