"""A homeserver of a test's that is in a room of a real one, and sends it what it likes, correctly signed or not."""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any
from urllib.parse import quote, urlsplit

from homeserver.commands.certificates import Authority, write_issued
from homeserver.federation.authentication import RequestSigner
from homeserver.federation.identity import Identity
from homeserver.protocol.auth_rules import auth_state_keys
from homeserver.protocol.canonical_json import encode_lax
from homeserver.protocol.events import Event, NewEvent, StateKey, new_event, parse_event
from homeserver.protocol.room_versions import ROOM_VERSIONS, RoomVersion
from tests.support.api_client import Answer
from tests.support.homeserver import Homeserver
from tests.support.peer_homeserver import MovingClock, PeerHomeserver, new_key
from tests.support.peer_server import Exchange, PeerServer, Received

FEDERATION = "/_matrix/federation/v1"
ADDRESS = "127.0.0.1"

Json = dict[str, Any]


class RoomPeer:
    """A homeserver called `127.0.0.1:PORT`, with the user `@mallory:127.0.0.1:PORT`.

    `answers` are those to requests: by method and path, as of a `PeerHomeserver`; `answers_below` by the beginning of
    the path, of which whatever it is sent is taken already. `room_id`, `version`, `state` and `join_event` (what new
    events come after) are there after `join` or `found`.
    """

    _numbers = count(1)

    def __init__(self, authority: Authority, target: Homeserver) -> None:
        self._server = PeerServer(lambda exchange: None, _context(authority))
        self._homeserver = PeerHomeserver(self._server, ADDRESS, MovingClock())
        # A port, and with it a server name, may be given out again; then the server remembers keys of another peer.
        self._homeserver.keys = [new_key(self.new_txn_id())]
        self._answer_others = self._server.answer
        self._server.answer = self._answer
        self.answers = self._homeserver.answers
        self.answers_below: dict[str, Callable[[Exchange], None]] = {
            f"{FEDERATION}/send/": lambda exchange: self.reply(exchange, {"pdus": {}})
        }
        self.reply = self._homeserver.reply
        self.name = self._homeserver.name
        self.identity = self._homeserver.identity
        self.user_id = f"@mallory:{self.name}"
        self.on = self._homeserver.on
        self.requests_of = self._homeserver.requests_of
        self.close = self._server.close
        self._target = target
        self.room_id = ""
        self.version: RoomVersion = ROOM_VERSIONS["12"]
        self.state: dict[StateKey, Event] = {}
        self.join_event: Event | None = None

    def received(self) -> list[Received]:
        """The requests that have come."""
        return list(self._server.received)

    def join(self, room_id: str) -> Event:
        """Join a room of the server."""
        return self.send_join(self.make_join(room_id))

    def make_join(self, room_id: str) -> Event:
        """Ask for a template and sign the join; nothing has come of it yet."""
        user = quote(self.user_id, safe="")
        versions = "&".join(f"ver={version}" for version in ROOM_VERSIONS)
        made = self.ask("GET", f"{FEDERATION}/make_join/{quote(room_id)}/{user}?{versions}").ok()
        self.version = ROOM_VERSIONS[made["room_version"]]
        template = made["event"]
        self.room_id = room_id
        return self.build(
            "m.room.member",
            {"membership": "join"},
            state_key=self.user_id,
            prev_events=template["prev_events"],
            auth_events=template["auth_events"],
            depth=template["depth"],
        )

    def send_join(self, event: Event) -> Event:
        """Have the server take the join."""
        path = f"/_matrix/federation/v2/send_join/{quote(self.room_id)}/{quote(event.event_id, safe='')}"
        answer = self.ask("PUT", path, event.pdu).ok()
        events = [parse_event(pdu, self.version) for pdu in answer["state"]]
        self.state = {one.key: one for one in [*events, event]}
        self.join_event = event
        return event

    def found(self, version: str = "11") -> str:
        """Make a public room of its own; the room's id."""
        self.version = ROOM_VERSIONS[version]
        self.room_id = f"!{self.new_txn_id()}:{self.name}"
        self.state = {}
        self.join_event = None
        states: list[tuple[str, str, Json]] = [
            ("m.room.create", "", {"room_version": version, "creator": self.user_id}),
            ("m.room.member", self.user_id, {"membership": "join"}),
            ("m.room.power_levels", "", {"users": {self.user_id: 100}}),
            ("m.room.join_rules", "", {"join_rule": "public"}),
        ]
        for event_type, state_key, content in states:
            place: Json = {} if self.state else {"prev_events": [], "depth": 1}
            self.join_event = self.build(event_type, content, state_key=state_key, **place)
            self.state[event_type, state_key] = self.join_event
        return self.room_id

    def build(self, event_type: str, content: Json, identity: Identity | None = None, **fields: Any) -> Event:
        """An event of the room, signed by this peer or by another `identity`. It comes after the join unless the
        `fields` of a `NewEvent` say otherwise, and cites what authorises it as of the join."""
        signer = identity or self.identity
        sender = fields.setdefault("sender", self.user_id)
        keys = auth_state_keys(event_type, fields.get("state_key"), sender, content, self.version)
        fields.setdefault("auth_events", [self.state[key].event_id for key in sorted(keys) if key in self.state])
        if self.join_event is not None:
            fields.setdefault("prev_events", [self.join_event.event_id])
            fields.setdefault("depth", self.join_event.depth + 1)
        draft = NewEvent(
            room_id=fields.pop("room_id", self.room_id),
            type=event_type,
            content=content,
            origin_server_ts=time.time_ns() // 1_000_000,
            **fields,
        )
        return new_event(draft, self.version, lambda pdu: signer.sign_event(pdu, self.version))

    def message(self, text: str, **fields: Any) -> Event:
        """A text message."""
        return self.build("m.room.message", {"msgtype": "m.text", "body": text}, **fields)

    def send(self, pdus: Sequence[Any] = (), edus: Sequence[Json] = (), txn_id: str | None = None) -> Answer:
        """A transaction of these PDUs (events, or what shall pass for some) and EDUs."""
        body = {
            "origin": self.name,
            "origin_server_ts": time.time_ns() // 1_000_000,
            "pdus": [pdu.pdu if isinstance(pdu, Event) else pdu for pdu in pdus],
            "edus": list(edus),
        }
        return self.ask("PUT", f"{FEDERATION}/send/{txn_id or self.new_txn_id()}", body)

    def new_txn_id(self) -> str:
        """A transaction id that was not used before."""
        return f"t{next(self._numbers)}"

    def ask(self, method: str, uri: str, body: Any = None, raw: bytes | None = None) -> Answer:
        """A signed request; `raw` in place of a JSON body."""
        content = raw if raw is not None else None if body is None else encode_lax(body)
        authorization = RequestSigner(self.identity).authorization(self._target.name, method, uri, content)
        return self.ask_unsigned(method, uri, content, {"Authorization": authorization})

    def ask_unsigned(self, method: str, uri: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        """A request with just these header fields."""
        connection = http.client.HTTPConnection(urlsplit(self._target.url).netloc, timeout=60)
        try:
            connection.request(method, uri, content, {"Content-Type": "application/json", **headers})
            response = connection.getresponse()
            text = response.read()
            fields = {name.lower(): value for name, value in response.getheaders()}
        finally:
            connection.close()
        try:
            return Answer(response.status, json.loads(text), fields)
        except ValueError:
            return Answer(response.status, None, fields)

    def _answer(self, exchange: Exchange) -> None:
        for prefix, answer in self.answers_below.items():
            if exchange.path.startswith(prefix):
                answer(exchange)
                return
        self._answer_others(exchange)


def _context(authority: Authority) -> SSLContext:
    with tempfile.TemporaryDirectory() as folder:
        paths = (Path(folder) / "tls.crt", Path(folder) / "tls.key")
        write_issued(authority, [ADDRESS], *paths)
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*paths)
    return context
