"""What another server is sent when it does not take it at once.

https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid
"""

from __future__ import annotations

import json
import threading
import time

from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import FEDERATION, Json
from tests.support.databases import on_postgres
from tests.support.peer_server import Exchange

_PATIENCE_S = 60.0


class SendingTest(HostileCase):
    """The peer notes each transaction, and takes it while `is_up`."""

    def setUp(self) -> None:
        """The peer is in the room."""
        super().setUp()
        self.is_up = True
        self.transactions: list[tuple[str, bool, Json]] = []
        self.changed = threading.Condition()
        self.peer.answers_below[f"{FEDERATION}/send/"] = self.take

    def take(self, exchange: Exchange) -> None:
        """Note a transaction: its id, whether it was taken, and its body."""
        with self.changed:
            is_up = self.is_up
            txn_id = exchange.path.rpartition("/")[2]
            self.transactions.append((txn_id, is_up, json.loads(exchange.request_body)))
            self.changed.notify_all()
        self.peer.reply(exchange, {"pdus": {}}, 200 if is_up else 503)

    def set_up(self, is_up: bool) -> None:
        """Whether the peer takes what it is sent from now on."""
        with self.changed:
            self.is_up = is_up

    def wait_for(self, text: str, is_up: bool) -> list[tuple[str, bool, Json]]:
        """The transactions so far, once one that was taken, or not, has a text in it."""
        until_s = time.monotonic() + _PATIENCE_S
        with self.changed:
            while not any(text in json.dumps(body) and taken == is_up for _, taken, body in self.transactions):
                if not self.changed.wait(until_s - time.monotonic()):
                    raise AssertionError(f"no such transaction among {self.transactions}")
            return list(self.transactions)

    def test_a_transaction_that_was_not_taken_is_sent_again_as_it_was(self) -> None:
        """Under its id, before any other, and with nothing new in it; then comes what is new, in order."""
        self.set_up(False)
        first = self.alice.send(self.room_id, "first")
        self.wait_for('"first"', is_up=False)
        later = [self.alice.send(self.room_id, text) for text in ("second", "third")]
        self.set_up(True)
        sent = self.wait_for('"third"', is_up=True)

        refused = {txn_id for txn_id, is_taken, _ in sent if not is_taken}
        self.assertEqual(len(refused), 1)
        taken = [(txn_id, body["pdus"]) for txn_id, is_taken, body in sent if is_taken]
        self.assertEqual(taken[0][0], *refused)
        self.assertEqual([_texts(pdus) for _, pdus in taken], [["first"], ["second", "third"]])
        self.assertEqual(len({txn_id for txn_id, _ in taken}), 2)
        self.assertEqual(len({first, *later}), 3)

    def test_a_receipt_that_changed_while_the_old_one_was_under_way_arrives(self) -> None:
        """In a transaction of its own: the destination may have taken the first without saying so."""
        events = [self.alice.send(self.room_id, text) for text in ("first", "second")]
        self.wait_for('"second"', is_up=True)
        self.set_up(False)
        self.alice.post(f"/rooms/{self.room_id}/receipt/m.read/{events[0]}")
        self.wait_for("m.receipt", is_up=False)
        self.alice.post(f"/rooms/{self.room_id}/receipt/m.read/{events[1]}")
        self.set_up(True)
        sent = self.wait_for(f'"event_ids": ["{events[1]}"]', is_up=True)

        refused = {txn_id for txn_id, is_taken, _ in sent if not is_taken}
        taken = {txn_id for txn_id, is_taken, body in sent if is_taken and events[1] in str(body["edus"])}
        self.assertEqual(len(taken - refused), 1)

    def test_what_was_under_way_is_sent_again_after_a_restart_as_it_was(self) -> None:
        """Under its id: a message to a device is not to come twice, and nothing new is put beside it."""
        self.set_up(False)
        self.tell_device("before")
        refused = {txn_id for txn_id, _, body in self.wait_for('"before"', is_up=False) if "before" in str(body)}
        self.server.stop()
        self.server.start()
        self.tell_device("after")
        self.set_up(True)
        sent = self.wait_for('"after"', is_up=True)

        taken = [(txn_id, _words(body)) for txn_id, is_taken, body in sent if is_taken and _words(body)]
        self.assertEqual(taken, [(*refused, ["before"]), (taken[1][0], ["after"])])

    def tell_device(self, word: str) -> None:
        """Send a message to a device of the peer's user."""
        messages = {self.peer.user_id: {"DEVICE": {"word": word}}}
        self.alice.put(f"/sendToDevice/m.test/{word}{self.peer.new_txn_id()}", {"messages": messages})


def _words(body: Json) -> list[str]:
    contents = [edu["content"] for edu in body["edus"] if edu["edu_type"] == "m.direct_to_device"]
    return [device["word"] for one in contents for devices in one["messages"].values() for device in devices.values()]


def _texts(pdus: list[Json]) -> list[str]:
    return [pdu["content"]["body"] for pdu in pdus]


SendingTestOnPostgres = on_postgres(SendingTest)
