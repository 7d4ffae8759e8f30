"""What another server sends of a room at the edges of this server's stay: while it joins, and after it has left.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

import json
from urllib.parse import quote

from homeserver.protocol.events import Event, parse_event
from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import FEDERATION, Json
from tests.support.databases import on_postgres
from tests.support.peer_server import Exchange


class RoomBeingJoinedTest(HostileCase):
    """The peer has a room, which Alice joins through it."""

    def setUp(self) -> None:
        """The peer's room, and its part in a join."""
        self.peer = self.new_peer()
        self.room_id = self.peer.found()
        user = quote(self.alice.user_id, safe="")
        room = quote(self.room_id, safe="")
        path = f"{FEDERATION}/make_join/{room}/{user}"
        join = self.peer.build(
            "m.room.member", {"membership": "join"}, sender=self.alice.user_id, state_key=self.alice.user_id
        )
        template = {key: value for key, value in join.pdu.items() if key not in ("hashes", "signatures")}
        self.peer.on("GET", path, {"event": template, "room_version": self.peer.version.version})
        self.peer.answers_below[f"/_matrix/federation/v2/send_join/{room}/"] = self.let_in
        self.news: list[Event] = []
        self.has_news = self.is_refused = False

    def let_in(self, exchange: Exchange) -> None:
        """Answer `send_join`; the room goes on before the answer arrives."""
        join = parse_event(json.loads(exchange.request_body), self.peer.version)
        if self.has_news:
            self.news.append(self.peer.message("news", prev_events=[join.event_id], depth=join.depth + 1))
            self.peer.send(self.news).ok()
        if self.is_refused:
            self.peer.reply(exchange, {"errcode": "M_FORBIDDEN", "error": "no"}, 403)
            return
        self.peer.join_event = join
        state: list[Json] = [event.pdu for event in self.peer.state.values()]
        self.peer.reply(exchange, {"state": state, "auth_chain": state, "event": join.pdu, "origin": self.peer.name})

    def test_what_comes_before_the_join_is_done_is_not_lost(self) -> None:
        """To the other server this one is in the room as soon as it has let it in."""
        self.has_news = True
        self.alice.join(self.room_id, via=self.peer.name)

        self.alice.wait_for_event(self.room_id, self.news[0].event_id)

    def test_what_came_for_a_join_that_failed_is_forgotten(self) -> None:
        """And a later join has no trouble with it."""
        self.has_news = self.is_refused = True
        self.assertEqual(self.alice.refusal("POST", f"/join/{self.room_id}", {}, {"via": self.peer.name})[0], 403)
        self.has_news = self.is_refused = False
        self.alice.join(self.room_id, via=self.peer.name)

        self.assertNotIn(self.news[0].event_id, self.shown())

    def test_what_comes_after_everybody_left_is_not_taken_in(self) -> None:
        """The server has no part in the room any more; it has again after another join."""
        self.alice.join(self.room_id, via=self.peer.name)
        self.alice.change(self.room_id, "leave")
        late = self.peer.message("late")
        self.assertEqual(self.peer.send([late]).ok(), {"pdus": {}})
        self.alice.join(self.room_id, via=self.peer.name)

        self.assertNotIn(late.event_id, self.shown())


RoomBeingJoinedTestOnPostgres = on_postgres(RoomBeingJoinedTest)
