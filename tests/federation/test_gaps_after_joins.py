"""What comes after a join of this server's and cites what it never had: from beside the join, or from before it.

https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events
"""

from __future__ import annotations

import json
from urllib.parse import parse_qs, quote, urlsplit

from homeserver.protocol.events import Event, parse_event
from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import FEDERATION, Json
from tests.federation.two_servers import history, texts
from tests.support.databases import on_postgres
from tests.support.peer_server import Exchange

_HISTORY = 120


class GapAfterJoinTest(HostileCase):
    """The peer has a room with a long history, which Alice joins through it. It answers for all its events."""

    def setUp(self) -> None:
        """The peer's room and its part in the join."""
        self.peer = self.new_peer()
        self.room_id = self.peer.found()
        self.events: dict[str, Event] = {}
        self.last = self.note(self.peer.join_event)
        self.topic = self.note(self.peer.build("m.room.topic", {"topic": "old"}, state_key="", **self.after_last()))
        self.peer.state["m.room.topic", ""] = self.last = self.topic
        for number in range(_HISTORY):
            self.last = self.note(self.peer.message(f"old {number}", **self.after_last()))
        self.serve()
        self.alice.join(self.room_id, via=self.peer.name)
        self.since = self.alice.sync()["next_batch"]

    def test_an_event_from_beside_the_join_arrives_alone(self) -> None:
        """What it cites is history, not news."""
        crossed = self.note(self.peer.message("crossed", **self.after_last()))
        self.peer.send([crossed]).ok()

        self.assertEqual(self.news(crossed), [crossed.event_id])

    def test_events_missing_between_the_join_and_an_event_arrive_with_it(self) -> None:
        """And nothing of what was before the join. The state among them counts."""
        topic = self.peer.build("m.room.topic", {"topic": "new"}, state_key="", **self.after_last())
        self.last = self.note(topic)
        crossed = self.last = self.note(self.peer.message("crossed", **self.after_last()))
        join = self.peer.join_event
        assert join is not None
        prev_events = [join.event_id, crossed.event_id]
        latest = self.note(self.peer.message("both", prev_events=prev_events, depth=crossed.depth + 1))
        self.peer.send([latest]).ok()

        self.assertEqual(self.news(latest), [topic.event_id, crossed.event_id, latest.event_id])
        self.assertEqual(self.alice.state(self.room_id, "m.room.topic"), {"topic": "new"})

    def test_the_history_is_read_whole_after_something_came_from_beside_the_join(self) -> None:
        """It is fetched when it is read."""
        crossed = self.note(self.peer.message("crossed", **self.after_last()))
        self.peer.send([crossed]).ok()
        self.news(crossed)

        expected = [*(f"old {number}" for number in range(_HISTORY)), "crossed"]
        self.assertEqual(texts(history(self.alice, self.room_id)), expected)

    def news(self, until: Event) -> list[str]:
        """The ids of what Alice is told since the join, up to an event."""
        found: list[str] = []

        def look(answer: Json) -> bool:
            room = answer.get("rooms", {}).get("join", {}).get(self.room_id, {})
            found.extend(event["event_id"] for event in room.get("timeline", {}).get("events", []))
            return until.event_id in found

        self.alice.sync_until(look, self.since, filter={"room": {"timeline": {"limit": 500}}})
        return found

    def note(self, event: Event | None) -> Event:
        """Have the peer answer for an event."""
        assert event is not None
        self.events[event.event_id] = event
        return event

    def after_last(self) -> Json:
        """The place after the last event that was noted before."""
        return {"prev_events": [self.last.event_id], "depth": self.last.depth + 1}

    def serve(self) -> None:
        """The peer's answers about the room."""
        room, user = quote(self.room_id, safe=""), quote(self.alice.user_id, safe="")
        join = self.peer.build(
            "m.room.member",
            {"membership": "join"},
            sender=self.alice.user_id,
            state_key=self.alice.user_id,
            **self.after_last(),
        )
        template = {key: value for key, value in join.pdu.items() if key not in ("hashes", "signatures")}
        offer = {"event": template, "room_version": self.peer.version.version}
        self.peer.on("GET", f"{FEDERATION}/make_join/{room}/{user}", offer)
        self.peer.answers_below[f"/_matrix/federation/v2/send_join/{room}/"] = self.let_in
        ids = [event.event_id for event in self.peer.state.values()]
        self.peer.on("GET", f"{FEDERATION}/state_ids/{room}", {"pdu_ids": ids, "auth_chain_ids": ids})
        self.peer.answers["POST", f"{FEDERATION}/get_missing_events/{room}"] = self.give_missing
        self.peer.answers["GET", f"{FEDERATION}/backfill/{room}"] = self.give_history
        self.peer.answers_below[f"{FEDERATION}/event/"] = self.give_event

    def let_in(self, exchange: Exchange) -> None:
        """Answer `send_join`."""
        join = self.note(parse_event(json.loads(exchange.request_body), self.peer.version))
        self.peer.join_event = join
        state = [event.pdu for event in self.peer.state.values()]
        self.peer.reply(exchange, {"state": state, "auth_chain": state, "event": join.pdu, "origin": self.peer.name})

    def give_missing(self, exchange: Exchange) -> None:
        """Answer `get_missing_events`."""
        asked = json.loads(exchange.request_body)
        found = self.before(asked["latest_events"], {*asked["earliest_events"]}, asked["limit"])
        self.peer.reply(exchange, {"events": [event.pdu for event in found]})

    def give_history(self, exchange: Exchange) -> None:
        """Answer `backfill`."""
        query = parse_qs(urlsplit(exchange.path).query)
        own = [self.events[event_id] for event_id in query["v"]]
        found = [*own, *self.before(query["v"], set(), int(query["limit"][0]) - len(own))]
        self.peer.reply(exchange, {"origin": self.peer.name, "pdus": [event.pdu for event in found]})

    def give_event(self, exchange: Exchange) -> None:
        """Answer `event`."""
        event = next(one for one in self.events.values() if quote(one.event_id, safe="") in exchange.path)
        self.peer.reply(exchange, {"origin": self.peer.name, "pdus": [event.pdu]})

    def before(self, event_ids: list[str], stop: set[str], limit: int) -> list[Event]:
        """Events before some others, the nearest first."""
        found: list[Event] = []
        front = [one for event_id in event_ids for one in self.events[event_id].prev_events]
        while front and len(found) < limit:
            event_id = front.pop(0)
            if event_id not in stop and event_id in self.events and self.events[event_id] not in found:
                found.append(self.events[event_id])
                front += self.events[event_id].prev_events
        return found


GapAfterJoinTestOnPostgres = on_postgres(GapAfterJoinTest)
