"""Gaps that are too large to be filled at once: what `/sync` says of the room, and that the rest is found by paging.

https://spec.matrix.org/v1.19/client-server-api/#syncing
"""

from __future__ import annotations

import json
import time
from urllib.parse import quote

from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase
from tests.federation.resident_peer import ResidentPeer
from tests.federation.room_peer import FEDERATION, Json
from tests.support.api_client import PATIENCE_S
from tests.support.databases import on_postgres
from tests.support.peer_server import Exchange

_MISSED = 260
_GIVEN = 3


class GapInTimelineTest(HostileCase):
    """Alice joined the peer's room; of what was said since, the peer gives only the end when asked what is missing."""

    def setUp(self) -> None:
        """The room, what Alice has seen, and what this server missed."""
        self.peer = self.new_peer()
        self.resident = ResidentPeer(self.peer)
        self.room_id = self.resident.room_id
        self.resident.offer(self.alice)
        self.alice.join(self.room_id, via=self.peer.name)
        assert self.peer.join_event is not None
        self.resident.last = self.peer.join_event
        seen = self.resident.say("seen")
        self.peer.send([seen]).ok()
        self.alice.wait_for_event(self.room_id, seen.event_id)
        self.since = self.alice.sync()["next_batch"]
        self.missed = [self.resident.say(str(number)) for number in range(_MISSED)]
        self.topic = self.resident.set_state("m.room.topic", {"topic": "set while nobody looked"})
        self.given = [self.resident.say(f"given {number}") for number in range(_GIVEN)]
        room = quote(self.room_id, safe="")
        self.peer.answers["POST", f"{FEDERATION}/get_missing_events/{room}"] = self.give_the_end
        self.latest = self.resident.say("latest")
        self.peer.send([self.latest]).ok()
        self.alice.wait_for_event(self.room_id, self.latest.event_id)

    def give_the_end(self, exchange: Exchange) -> None:
        """Nothing beyond what is given anyway, as a server that does not go further back."""
        asked = json.loads(exchange.request_body)
        found = self.given if self.latest.event_id in asked["latest_events"] else []
        self.peer.reply(exchange, {"events": [event.pdu for event in found]})

    def room(self, since: str | None, limit: int = 100) -> Json:
        """The room in an answer to Alice."""
        found: Json = self.alice.sync(since, filter={"room": {"timeline": {"limit": limit}}})["rooms"]["join"]
        room: Json = found[self.room_id]
        return room

    def test_the_timeline_is_limited_and_begins_after_the_gap(self) -> None:
        """The state that was set in the gap is told with it."""
        room = self.room(self.since)

        expected = [event.event_id for event in (*self.given, self.latest)]
        self.assertEqual([event["event_id"] for event in room["timeline"]["events"]], expected)
        self.assertIs(room["timeline"]["limited"], True)
        self.assertEqual([event["event_id"] for event in room["state"]["events"]], [self.topic.event_id])

    def test_what_was_seen_before_is_not_shown_as_if_it_were_next_to_it(self) -> None:
        """A first sync begins after the gap as well."""
        room = self.room(None)

        expected = [event.event_id for event in (*self.given, self.latest)]
        self.assertEqual([event["event_id"] for event in room["timeline"]["events"]], expected)
        self.assertIs(room["timeline"]["limited"], True)

    def test_paging_back_from_there_finds_everything_in_order(self) -> None:
        """It is fetched from the other server, however large the page."""
        for limit in (50, 1_000):
            start = self.room(self.since)["timeline"]["prev_batch"]
            found: list[str] = []
            token: str | None = start
            while token is not None and len(found) < _MISSED + 5:
                page = self.alice.get(f"/rooms/{self.room_id}/messages", {"dir": "b", "from": token, "limit": limit})
                found += [event["event_id"] for event in page["chunk"]]
                token = page.get("end")
            expected = [event.event_id for event in (*self.missed, self.topic)][::-1]
            self.assertEqual(found[: len(expected)], expected)

    def test_the_next_timeline_is_whole_again(self) -> None:
        """A gap is told once."""
        since = self.alice.sync(self.since)["next_batch"]
        after: Event = self.resident.say("after")
        self.peer.send([after]).ok()
        self.alice.wait_for_event(self.room_id, after.event_id)
        timeline = self.room(since)["timeline"]

        self.assertEqual([event["event_id"] for event in timeline["events"]], [after.event_id])
        self.assertIs(timeline["limited"], False)


class ManyServersCase(HostileCase):
    """Alice is in a room of many servers, of which one alone is up and has what was said before she came."""

    def setUp(self) -> None:
        """The others joined after her, and have a proxy before them that is up. The one that is there comes last in the
        order of names."""
        *gone, here = sorted((self.new_peer() for _ in range(6)), key=lambda peer: peer.name)
        self.here, self.gone = here, gone
        self.resident = ResidentPeer(here)
        self.share_power()
        self.room_id = self.resident.room_id
        self.said = [self.resident.say(f"before {number}").event_id for number in range(3)]
        self.resident.offer(self.alice)
        self.alice.join(self.room_id, via=here.name)
        self.backfill = ("GET", f"{FEDERATION}/backfill/{quote(self.room_id, safe='')}")
        for peer in gone:
            peer.join(self.room_id)
            peer.on(*self.backfill, {}, 503)

    def share_power(self) -> None:
        """Who made the room keeps it for themselves."""

    def page(self, **query: str) -> tuple[list[str], str | None]:
        """(messages, newest first; where the page ends) of a large page backwards."""
        page = self.alice.get(f"/rooms/{self.room_id}/messages", {"dir": "b", "limit": 100, **query})
        return [event["event_id"] for event in page["chunk"] if event["type"] == "m.room.message"], page.get("end")


class ServersThatAreGoneTest(ManyServersCase):
    """Those that are gone are asked first."""

    def share_power(self) -> None:
        """Everybody is as powerful as who made the room, so that they go by their names."""
        users = {peer.user_id: 100 for peer in (self.here, *self.gone)}
        self.resident.set_state("m.room.power_levels", {"users": users})

    def test_history_is_found_at_the_server_that_is_up(self) -> None:
        """However many are asked first that are not."""
        self.assertEqual(self.page()[0], self.said[::-1])

    def test_a_token_finds_later_what_could_not_be_had(self) -> None:
        """The page is empty, and does not say that the history begins there."""
        found = self.here.answers[self.backfill]
        self.here.on(*self.backfill, {}, 503)
        messages, token = self.page()
        assert token is not None
        self.assertEqual((messages, self.page(**{"from": token})), ([], ([], token)))

        self.here.answers[self.backfill] = found

        until_s = time.monotonic() + PATIENCE_S
        while not messages:
            self.assertLess(time.monotonic(), until_s, "what was said is not found")
            messages = self.page(**{"from": token})[0]
            time.sleep(0.1)
        self.assertEqual(messages, self.said[::-1])


class LikelyServersTest(ManyServersCase):
    """Who made the room is the only one with power."""

    def test_the_most_likely_server_is_asked_first(self) -> None:
        """Nobody else is asked, though their names come before."""
        self.assertEqual(self.page()[0], self.said[::-1])

        asked = [peer.name for peer in (*self.gone, self.here) if peer.requests_of(self.backfill[1])]
        self.assertEqual(asked, [self.here.name])


GapInTimelineTestOnPostgres = on_postgres(GapInTimelineTest)
