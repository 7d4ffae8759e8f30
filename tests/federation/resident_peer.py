"""A peer that has a room, lets others in, and answers for every event of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs, quote, urlsplit

from homeserver.protocol.events import Event, parse_event
from tests.federation.room_peer import FEDERATION, Json, RoomPeer
from tests.support.api_client import User
from tests.support.peer_server import Exchange


class ResidentPeer:
    """The peer's part as a resident server. The room is a chain of events but for what tests put beside it; `last` is
    its end. `before_letting_in` is called when a join has arrived and is not answered yet."""

    def __init__(self, peer: RoomPeer, version: str = "11") -> None:
        self.peer = peer
        self.room_id = peer.found(version)
        self.before_letting_in: Callable[[Event], object] = lambda join: None
        self._events = {event.event_id: event for event in peer.state.values()}
        assert peer.join_event is not None
        self.last = peer.join_event
        room = quote(self.room_id, safe="")
        ids = self._state_ids
        peer.answers["GET", f"{FEDERATION}/state_ids/{room}"] = lambda exchange: peer.reply(exchange, ids())
        peer.answers["POST", f"{FEDERATION}/get_missing_events/{room}"] = self._give_missing
        peer.answers["GET", f"{FEDERATION}/backfill/{room}"] = self._give_history
        peer.answers_below[f"{FEDERATION}/event/"] = self._give_event
        peer.answers_below[f"/_matrix/federation/v2/send_join/{room}/"] = self._let_in

    def note(self, event: Event) -> Event:
        """Have the peer answer for an event."""
        self._events[event.event_id] = event
        return event

    def say(self, text: str) -> Event:
        """A message after the last event."""
        self.last = self.note(self.peer.message(text, **self.after_last()))
        return self.last

    def set_state(self, event_type: str, content: Json) -> Event:
        """A piece of state after the last event."""
        self.last = self.note(self.peer.build(event_type, content, state_key="", **self.after_last()))
        self.peer.state[event_type, ""] = self.last
        return self.last

    def after_last(self) -> Json:
        """The place after the last event."""
        return {"prev_events": [self.last.event_id], "depth": self.last.depth + 1}

    def offer(self, user: User, **content: str) -> None:
        """Let a user join, after what is the last event now; `content`: what the template has beside `membership`."""
        member = {"membership": "join", **content}
        place = self.after_last()
        join = self.peer.build("m.room.member", member, sender=user.user_id, state_key=user.user_id, **place)
        template = {key: value for key, value in join.pdu.items() if key not in ("hashes", "signatures")}
        path = f"{FEDERATION}/make_join/{quote(self.room_id, safe='')}/{quote(user.user_id, safe='')}"
        self.peer.on("GET", path, {"event": template, "room_version": self.peer.version.version})

    def _let_in(self, exchange: Exchange) -> None:
        pdu = self.peer.identity.sign_event(json.loads(exchange.request_body), self.peer.version)
        join = self.note(parse_event(pdu, self.peer.version))
        state: list[Json] = [event.pdu for event in self.peer.state.values()]
        self.peer.join_event = join
        self.before_letting_in(join)
        chain = [event.pdu for event in self._auth_chain()]
        self.peer.reply(exchange, {"state": state, "auth_chain": chain, "event": join.pdu, "origin": self.peer.name})

    def chain_of(self, events: Iterable[Event]) -> list[Event]:
        """What authorises some events."""
        chain: dict[str, Event] = {}
        front = list(events)
        while front:
            for event_id in front.pop().auth_events:
                if event_id not in chain:
                    chain[event_id] = self._events[event_id]
                    front.append(chain[event_id])
        return list(chain.values())

    def _state_ids(self) -> Json:
        ids = [event.event_id for event in self.peer.state.values()]
        return {"pdu_ids": ids, "auth_chain_ids": [event.event_id for event in self._auth_chain()]}

    def _auth_chain(self) -> list[Event]:
        chain: dict[str, Event] = {}
        front = list(self.peer.state.values())
        while front:
            event = front.pop()
            chain[event.event_id] = event
            front += [self._events[one] for one in event.auth_events if one not in chain]
        return list(chain.values())

    def _give_missing(self, exchange: Exchange) -> None:
        asked = json.loads(exchange.request_body)
        found = self._before(asked["latest_events"], {*asked["earliest_events"]}, asked["limit"])
        self.peer.reply(exchange, {"events": [event.pdu for event in found]})

    def _give_history(self, exchange: Exchange) -> None:
        query = parse_qs(urlsplit(exchange.path).query)
        own = [self._events[event_id] for event_id in query["v"]]
        found = [*own, *self._before(query["v"], set(), int(query["limit"][0]) - len(own))]
        self.peer.reply(exchange, {"origin": self.peer.name, "pdus": [event.pdu for event in found]})

    def _give_event(self, exchange: Exchange) -> None:
        event = next(one for one in self._events.values() if quote(one.event_id, safe="") in exchange.path)
        self.peer.reply(exchange, {"origin": self.peer.name, "pdus": [event.pdu]})

    def _before(self, event_ids: list[str], stop: set[str], limit: int) -> list[Event]:
        found: list[Event] = []
        front = [one for event_id in event_ids for one in self._events[event_id].prev_events]
        while front and len(found) < limit:
            event_id = front.pop(0)
            if event_id not in stop and event_id in self._events and self._events[event_id] not in found:
                found.append(self._events[event_id])
                front += self._events[event_id].prev_events
        return found
