"""Transactions that are wrong as a whole, sent by a server in the room: refused, and nothing of them is done.

https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid
"""

from __future__ import annotations

from homeserver.federation.authentication import RequestSigner
from homeserver.federation.identity import Identity
from homeserver.protocol.canonical_json import encode_lax
from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import FEDERATION, Json
from tests.support.databases import on_postgres
from tests.support.peer_homeserver import new_key

UNAUTHORIZED = (401, "M_UNAUTHORIZED")


class HostileRequestTest(HostileCase):
    """Whole transactions."""

    def body(self) -> Json:
        """A good transaction."""
        return {"origin": self.peer.name, "origin_server_ts": 1, "pdus": [self.peer.message("forged").pdu], "edus": []}

    def authorization(self, uri: str, content: bytes, identity: Identity | None = None, name: str = "") -> str:
        """The header for a transaction, of this or another identity."""
        signer = RequestSigner(identity or self.peer.identity)
        return signer.authorization(name or self.server.name, "PUT", uri, content)

    def test_a_wrong_request_signature_is_refused(self) -> None:
        """401, whatever is wrong with it; and Alice is shown nothing."""
        uri = f"{FEDERATION}/send/{self.peer.new_txn_id()}"
        content = encode_lax(self.body())
        unknown_key = Identity(self.peer.name, new_key("x"))
        stranger = self.new_peer()
        good = self.authorization(uri, content)
        cases: dict[str, dict[str, str]] = {
            "no signature": {},
            "another scheme": {"Authorization": "Bearer " + self.alice.token},
            "another body": {"Authorization": self.authorization(uri, encode_lax({**self.body(), "pdus": []}))},
            "another path": {"Authorization": self.authorization(uri + "x", content)},
            "another method": {
                "Authorization": RequestSigner(self.peer.identity).authorization(self.server.name, "POST", uri, content)
            },
            "for another server": {"Authorization": self.authorization(uri, content, name="other.example")},
            "another key of that name": {
                "Authorization": self.authorization(uri, content, Identity(self.peer.name, new_key("current")))
            },
            "an unknown key": {"Authorization": self.authorization(uri, content, unknown_key)},
            "in the name of another": {"Authorization": good.replace(self.peer.name, stranger.name)},
            "in the server's own name": {"Authorization": good.replace(self.peer.name, self.server.name)},
            "two origins": {
                "Authorization": f"{good}, {self.authorization(uri, content, stranger.identity)}",
            },
            "no key": {"Authorization": good.replace('key="', 'nokey="')},
            "not base64": {"Authorization": good.rpartition('sig="')[0] + 'sig="%%%"'},
        }
        for what, headers in cases.items():
            with self.subTest(what):
                answer = self.peer.ask_unsigned("PUT", uri, content, headers)
                self.assertEqual(answer.error, UNAUTHORIZED)
        self.assertNotIn("forged", str(self.shown()))

    def test_what_is_no_transaction_is_refused(self) -> None:
        """400 with the specification's code, and nothing of it is done."""
        pdu = self.peer.message("forged").pdu
        edu = {"edu_type": "m.typing", "content": {}}
        deep = b'{"pdus":[' + b"[" * 20_000 + b"]" * 20_000 + b"]}"
        cases: dict[str, tuple[bytes, tuple[int, str]]] = {
            "no JSON": (b'{"pdus": [', (400, "M_NOT_JSON")),
            "not UTF-8": (b'{"pdus":["\xff"]}', (400, "M_NOT_JSON")),
            "a number that is none": (b'{"pdus":[NaN]}', (400, "M_BAD_JSON")),
            "too deep": (deep, (400, "M_BAD_JSON")),
            "a list": (b"[]", (400, "M_BAD_JSON")),
            "no PDUs": (b"{}", (400, "M_BAD_JSON")),
            "PDUs of another type": (encode_lax({"pdus": {"one": pdu}}), (400, "M_BAD_JSON")),
            "EDUs of another type": (encode_lax({"pdus": [pdu], "edus": "typing"}), (400, "M_BAD_JSON")),
            "51 PDUs": (encode_lax({"pdus": [pdu] * 51}), (400, "M_BAD_JSON")),
            "101 EDUs": (encode_lax({"pdus": [pdu], "edus": [edu] * 101}), (400, "M_BAD_JSON")),
        }
        for what, (content, expected) in cases.items():
            with self.subTest(what):
                answer = self.peer.ask("PUT", f"{FEDERATION}/send/{self.peer.new_txn_id()}", raw=content)
                self.assertEqual(answer.error, expected)
        self.assertNotIn("forged", str(self.shown()))

    def test_a_refused_transaction_may_be_sent_again_rightly(self) -> None:
        """A refusal is not remembered under the transaction's id."""
        txn_id = self.peer.new_txn_id()
        event = self.peer.message("right")
        self.assertEqual(self.peer.ask("PUT", f"{FEDERATION}/send/{txn_id}", {"pdus": 1}).status, 400)

        self.assertEqual(self.peer.send([event], txn_id=txn_id).ok(), {"pdus": {event.event_id: {}}})
        self.assertIn(event.event_id, self.shown())

    def test_the_same_transaction_again_gets_the_same_answer(self) -> None:
        """And nothing happens twice, nor anything else that came under the same id."""
        txn_id = self.peer.new_txn_id()
        first, other = self.peer.message("once"), self.peer.message("another")
        since = self.alice.sync()["next_batch"]
        answers = [self.peer.send([first, {"no": "event"}], txn_id=txn_id).ok() for _ in range(3)]
        answers.append(self.peer.send([other], txn_id=txn_id).ok())

        self.assertEqual(answers, [{"pdus": {first.event_id: {}}}] * 4)
        self.assertNotIn(other.event_id, self.shown())
        timeline = self.alice.sync(since)["rooms"]["join"][self.room_id]["timeline"]["events"]
        self.assertEqual([event["event_id"] for event in timeline].count(first.event_id), 1)

    def test_the_same_event_in_many_transactions_is_one_event(self) -> None:
        """Servers send again what they are not sure of."""
        since = self.alice.sync()["next_batch"]
        event = self.peer.message("once")
        for _ in range(3):
            self.assertEqual(self.peer.send([event, event]).ok(), {"pdus": {event.event_id: {}}})

        self.shown()
        timeline = self.alice.sync(since)["rooms"]["join"][self.room_id]["timeline"]["events"]
        self.assertEqual([one["event_id"] for one in timeline].count(event.event_id), 1)

    def test_transaction_ids_of_two_servers_have_nothing_to_do_with_each_other(self) -> None:
        """The same id of another server is another transaction."""
        second = self.new_peer()
        second.join(self.room_id)
        events = {peer.name: peer.message(f"of {peer.name}") for peer in (self.peer, second)}
        for peer in (self.peer, second):
            self.assertEqual(peer.send([events[peer.name]], txn_id="same").status, 200)

        self.assertLessEqual({event.event_id for event in events.values()}, self.shown().keys())

    def test_missing_events_are_asked_for_by_ids(self) -> None:
        """400 for anything else, also for text that PostgreSQL does not hold."""
        for wrong in ("text", [1], [None], ["$a\0"], None):
            body = {"earliest_events": [], "latest_events": wrong}
            answer = self.peer.ask("POST", f"{FEDERATION}/get_missing_events/{self.room_id}", body)
            self.assertEqual(answer.error, (400, "M_BAD_JSON"))
        self.assertEqual(
            self.peer.ask("POST", f"{FEDERATION}/get_missing_events/{self.room_id}", {}).ok(), {"events": []}
        )


HostileRequestTestOnPostgres = on_postgres(HostileRequestTest)
