"""Events whose past is missing, and peers that do not give it, give it late, or give rubbish.

https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events
"""

from __future__ import annotations

import json
import threading
from urllib.parse import quote

from homeserver.protocol.events import Event, parse_event
from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import FEDERATION, Json
from tests.support.api_client import Answer
from tests.support.databases import on_postgres
from tests.support.peer_homeserver import PeerHomeserver
from tests.support.peer_server import Exchange

UNKNOWN = "$" + "a" * 43


class HostileGapTest(HostileCase):
    """The peer is asked for what it refers to."""

    def path(self, name: str) -> str:
        """A path of the peer's that names the room."""
        return f"{FEDERATION}/{name}/{quote(self.room_id, safe='')}"

    def refuse(self, name: str, method: str = "GET", status: int = 404) -> None:
        """Have the peer refuse a request about the room."""
        self.peer.on(method, self.path(name), {"errcode": "M_NOT_FOUND", "error": "no"}, status)

    def test_an_event_after_one_that_nobody_has_does_not_hold_up_anything(self) -> None:
        """What comes after it lands, here and in other rooms."""
        second = self.alice.create_room(preset="public_chat")
        other = self.new_peer()
        other.join(second)
        self.refuse("get_missing_events", "POST")
        self.refuse("state_ids")
        bad = self.peer.message("bad", prev_events=[UNKNOWN])
        good, elsewhere = self.peer.message("good"), other.message("elsewhere")
        answer = self.peer.send([bad, good]).ok()
        other.send([elsewhere]).ok()

        self.assertEqual(answer["pdus"][good.event_id], {})
        self.alice.wait_for_event(self.room_id, good.event_id)
        self.alice.wait_for_event(second, elsewhere.event_id)
        self.assertNotIn(bad.event_id, self.shown())

    def test_a_peer_that_never_answers_holds_up_nobody_else(self) -> None:
        """Neither other servers in its room nor itself in another room."""
        second = self.alice.create_room(preset="public_chat")
        other = self.new_peer()
        other.join(self.room_id)
        is_over = threading.Event()
        self.addCleanup(is_over.set)
        self.peer.answers["POST", self.path("get_missing_events")] = lambda exchange: _hang(exchange, is_over)
        self.peer.send([self.peer.message("bad", prev_events=[UNKNOWN])]).ok()
        self.land(other)
        self.peer.join(second)

        self.land(self.peer, second)

    def test_missing_events_are_fetched(self) -> None:
        """In order, and shown."""
        first = self.peer.message("first")
        second = self.after(first, "second")
        third = self.after(second, "third")
        self.give_missing([second, first])
        self.peer.send([third]).ok()

        self.alice.wait_for_event(self.room_id, third.event_id)
        shown = list(self.shown())
        expected = [third.event_id, second.event_id, first.event_id]
        self.assertEqual([one for one in shown if one in expected], expected)

    def test_a_gap_larger_than_one_answer_is_filled(self) -> None:
        """The peer is asked again for what is before the oldest, and clients are told all of it, in order."""
        events = [self.peer.message("0")]
        for number in range(1, 130):
            events.append(self.after(events[-1], str(number)))

        def answer(exchange: Exchange) -> None:
            asked = json.loads(exchange.request_body)
            last = min(number for number, event in enumerate(events) if event.event_id in asked["latest_events"])
            given = events[max(0, last - asked["limit"]) : last]
            PeerHomeserver.reply(exchange, {"events": [event.pdu for event in given]})

        self.peer.answers["POST", self.path("get_missing_events")] = answer
        since = self.alice.sync()["next_batch"]
        self.peer.send([events[-1]]).ok()
        self.land(self.peer)

        room_filter = {"room": {"timeline": {"limit": 200}}}
        timeline = self.alice.sync(since, filter=room_filter)["rooms"]["join"][self.room_id]["timeline"]["events"]
        self.assertEqual([one["event_id"] for one in timeline[:-1]], [event.event_id for event in events])

    def test_an_event_lands_though_its_past_could_not_be_fetched_at_first(self) -> None:
        """It was acknowledged, so it is tried again once the peer can answer."""
        first = self.peer.message("first")
        second = self.after(first, "second")
        is_up = threading.Event()

        def answer(exchange: Exchange) -> None:
            if is_up.is_set():
                PeerHomeserver.reply(exchange, {"events": [first.pdu]})
            else:
                PeerHomeserver.reply(exchange, {}, 502)

        self.peer.answers["POST", self.path("get_missing_events")] = answer
        self.refuse("state_ids", status=502)
        self.assertEqual(self.peer.send([second]).ok(), {"pdus": {second.event_id: {}}})
        self.land(self.peer)
        is_up.set()

        self.alice.wait_for_event(self.room_id, second.event_id)
        self.assertLessEqual({first.event_id, second.event_id}, self.shown().keys())

    def test_missing_events_are_fetched_from_others_where_the_sender_has_none(self) -> None:
        """Another server in the room is asked."""
        other = self.new_peer()
        other.join(self.room_id)
        first = other.message("first")
        second = self.after(first, "second")
        self.refuse("get_missing_events", "POST", 403)
        self.refuse("state_ids")
        other.on("POST", self.path("get_missing_events"), {"events": [first.pdu]})
        self.peer.send([second]).ok()

        self.alice.wait_for_event(self.room_id, second.event_id)
        self.assertIn(first.event_id, self.shown())

    def test_an_event_lands_once_what_came_before_it_was_sent_by_another(self) -> None:
        """Nobody gave it when it was asked for; the event that needs it has waited."""
        other = self.new_peer()
        other.join(self.room_id)
        first = other.message("first")
        second = self.after(first, "second")
        for name in ("get_missing_events", "state_ids"):
            self.refuse(name, "POST" if name == "get_missing_events" else "GET")
        self.peer.send([second]).ok()
        self.land(self.peer)
        self.assertNotIn(second.event_id, self.shown())
        other.send([first]).ok()

        self.alice.wait_for_event(self.room_id, second.event_id)

    def test_a_server_that_was_made_to_leave_is_told_what_came_before(self) -> None:
        """Or it could never take in that it is out; of what came later it is told nothing."""
        said = self.alice.send(self.room_id, "before")
        self.alice.change(self.room_id, "kick", self.peer.user_id)
        kick = self.alice.get(f"/rooms/{self.room_id}/messages", {"dir": "b", "limit": 1})["chunk"][0]["event_id"]
        later = [self.alice.send(self.room_id, text) for text in ("later", "last")]

        def missing(event_id: str) -> Answer:
            join = self.peer.state["m.room.member", self.peer.user_id].event_id
            span = {"earliest_events": [join], "latest_events": [event_id], "limit": 10}
            return self.peer.ask("POST", self.path("get_missing_events"), span)

        told = [parse_event(pdu, self.peer.version).event_id for pdu in missing(kick).ok()["events"]]
        self.assertEqual(told, [said])
        self.assertEqual(missing(later[1]).error, (403, "M_FORBIDDEN"))

    def test_missing_events_that_are_rubbish_are_passed_over(self) -> None:
        """Also good ones among them land."""
        first = self.peer.message("first")
        forged = self.peer.message("forged", identity=self.new_peer().identity)
        second = self.after(first, "second")
        foreign = self.peer.message("foreign", room_id=self.alice.create_room())
        self.refuse("state_ids")
        rubbish: list[Json] = [{}, {"type": 1}, forged.pdu, foreign.pdu]
        self.peer.on("POST", self.path("get_missing_events"), {"events": [*rubbish, first.pdu]})
        self.peer.send([second]).ok()

        self.alice.wait_for_event(self.room_id, second.event_id)
        self.assertTrue({forged.event_id, foreign.event_id}.isdisjoint(self.shown()))

    def test_a_forged_state_before_an_event_gives_no_power(self) -> None:
        """The peer says that it had all power before; the events it cites say otherwise."""
        levels = self.peer.build("m.room.power_levels", {"users": {self.peer.user_id: 100}}, state_key="")
        topic = self.peer.build("m.room.topic", {"topic": "mine"}, state_key="", prev_events=[UNKNOWN])
        self.refuse("get_missing_events", "POST")
        state = [event.event_id for key, event in self.peer.state.items() if key[0] != "m.room.power_levels"]
        ids = {"pdu_ids": [*state, levels.event_id], "auth_chain_ids": state}
        self.peer.on("GET", self.path("state_ids"), ids)
        self.peer.on("GET", f"{FEDERATION}/event/{quote(levels.event_id, safe='')}", {"pdus": [levels.pdu]})
        before = self.state_ids()
        self.peer.send([topic]).ok()

        shown = self.shown()
        self.assertNotIn(topic.event_id, shown)
        self.assertNotIn(levels.event_id, shown)
        self.assertEqual(self.state_ids(), before)

    def test_auth_events_that_nobody_has_authorise_nothing(self) -> None:
        """The event is never shown."""
        self.peer.on("GET", f"{self.path('event_auth')}/x", {"auth_chain": []})
        own = self.peer.state["m.room.member", self.peer.user_id]
        bad = self.peer.message("bad", auth_events=[own.event_id, UNKNOWN])
        self.peer.send([bad]).ok()

        self.assertNotIn(bad.event_id, self.shown())

    def after(self, event: Event, text: str) -> Event:
        """A message that refers to an event."""
        return self.peer.message(text, prev_events=[event.event_id], depth=event.depth + 1)

    def give_missing(self, events: list[Event]) -> None:
        """Have the peer answer for the gap."""
        self.peer.on("POST", self.path("get_missing_events"), {"events": [event.pdu for event in events]})


def _hang(exchange: Exchange, is_over: threading.Event) -> None:
    is_over.wait(30)
    PeerHomeserver.reply(exchange, {"events": []})


HostileGapTestOnPostgres = on_postgres(HostileGapTest)
