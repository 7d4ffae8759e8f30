"""Requests to make an invite of a third-party invite that are not what they should be.

https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1exchange_third_party_inviteroomid
"""

from __future__ import annotations

import json
from urllib.parse import quote

from homeserver.protocol.signing import sign_json, signing_key_from_seed
from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import FEDERATION, Json
from tests.support.peer_server import Exchange

_KEY = signing_key_from_seed("0", bytes(range(32)))
_OTHER_KEY = signing_key_from_seed("0", bytes(32))
FORBIDDEN = (403, "M_FORBIDDEN")


class HostileExchangeTest(HostileCase):
    """Alice has offered a place, with a key that is good for ever, to whoever shows its signature."""

    def setUp(self) -> None:
        super().setUp()
        self.token = self.peer.new_txn_id()
        offer = {"display_name": "p...", "public_key": _KEY.verify_key.encoded}
        self.alice.set_state(self.room_id, "m.room.third_party_invite", offer, self.token)
        self.guest = f"@guest:{self.peer.name}"

    def signed(self, **changes: str) -> Json:
        """What the identity server would sign."""
        return sign_json({"mxid": self.guest, "token": self.token, **changes}, "id.example", _KEY)

    def event(self, signed: Json | None = None, content: Json | None = None, **changes: object) -> Json:
        """The partial event."""
        invite = {"display_name": "p...", "signed": self.signed() if signed is None else signed}
        return {
            "type": "m.room.member",
            "room_id": self.room_id,
            "sender": self.alice.user_id,
            "state_key": self.guest,
            "content": {"membership": "invite", "third_party_invite": invite, **(content or {})},
            **changes,
        }

    def exchange(self, body: Json, room_id: str | None = None) -> tuple[int, str]:
        """Ask for it."""
        path = quote(room_id or self.room_id, safe="")
        return self.peer.ask("PUT", f"{FEDERATION}/exchange_third_party_invite/{path}", body).error

    def test_what_is_no_exchange_is_refused(self) -> None:
        """Nobody is invited."""
        other = self.new_peer()
        elsewhere = self.alice.create_room()
        changed = {**self.signed(), "mxid": f"@thief:{self.peer.name}"}
        wrong = sign_json({"mxid": self.guest, "token": self.token}, "id.example", _OTHER_KEY)
        for_other = self.signed(mxid=f"@guest:{other.name}")
        cases: dict[str, tuple[Json, tuple[int, str]]] = {
            "of another room": (self.event(room_id=elsewhere), (400, "M_INVALID_PARAM")),
            "no member event": (self.event(type="m.room.name"), (400, "M_INVALID_PARAM")),
            "no invite": (self.event(content={"membership": "join"}), (400, "M_INVALID_PARAM")),
            "without an invite": (self.event(content={"third_party_invite": None}), (400, "M_BAD_JSON")),
            "not signed": (self.event(signed={"mxid": self.guest, "token": self.token}), (400, "M_BAD_JSON")),
            "an endless token": (self.event(signed=self.signed(token="t" * 256)), (400, "M_INVALID_PARAM")),
            "for somebody else": (self.event(state_key=f"@thief:{self.peer.name}"), FORBIDDEN),
            "changed after it was signed": (self.event(signed=changed, state_key=changed["mxid"]), FORBIDDEN),
            "signed by another key": (self.event(signed=wrong), FORBIDDEN),
            "with a token that nobody gave": (self.event(signed=self.signed(token="x")), FORBIDDEN),
            "in the name of another sender": (self.event(sender=self.peer.user_id), FORBIDDEN),
            "for another server's user": (self.event(signed=for_other, state_key=for_other["mxid"]), FORBIDDEN),
        }
        for what, (body, error) in cases.items():
            with self.subTest(what):
                self.assertEqual(self.exchange(body), error)
        nowhere = "!nowhere:example.org"
        self.assertEqual(self.exchange(self.event(room_id=nowhere), nowhere), (404, "M_NOT_FOUND"))
        members = [one["state_key"] for one in self.alice.get(f"/rooms/{self.room_id}/members")["chunk"]]
        self.assertEqual(set(members), {self.alice.user_id, self.peer.user_id})

    def test_a_server_that_the_room_shuts_out_is_refused(self) -> None:
        """By its access control list."""
        acl = {"allow": ["*"], "deny": [self.peer.name.partition(":")[0]]}
        self.alice.set_state(self.room_id, "m.room.server_acl", acl)

        self.assertEqual(self.exchange(self.event()), FORBIDDEN)

    def test_an_invite_that_the_invited_server_does_not_sign_is_not_made(self) -> None:
        """All is well but for the peer, which knows none, or answers with another event, or one that cannot be."""
        self.assertGreaterEqual(self.exchange(self.event())[0], 400)
        self.peer.answers_below["/_matrix/federation/v2/invite/"] = lambda exchange: exchange.reply(
            200, json.dumps({"event": self.peer.message("no invite").pdu}).encode()
        )
        self.assertEqual(self.exchange(self.event()), (502, "M_UNKNOWN"))
        self.peer.answers_below["/_matrix/federation/v2/invite/"] = _answer_with_a_float
        self.assertEqual(self.exchange(self.event()), (400, "M_BAD_JSON"))

        answer = self.alice.request("GET", f"/rooms/{self.room_id}/state/m.room.member/{self.guest}")
        self.assertEqual(answer.status, 404)


def _answer_with_a_float(exchange: Exchange) -> None:
    """The invite that was sent, with what no event of the room's version may hold."""
    event = {**json.loads(exchange.request_body)["event"], "bad": 1.5}
    exchange.reply(200, json.dumps({"event": event}).encode())
