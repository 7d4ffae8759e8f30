"""Events that must not get in, sent in good transactions by a server that is in the room.

Each is sent between two good messages: those land, and of the bad one nothing is seen, in the room's history and its
state. https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from homeserver.federation.identity import Identity
from homeserver.protocol.events import Event, InvalidEvent, parse_event
from homeserver.protocol.hashing import event_id_of
from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import FEDERATION, Json
from tests.support.api_client import PATIENCE_S, Answer
from tests.support.databases import on_postgres
from tests.support.peer_homeserver import new_key


@dataclass(frozen=True)
class Bad:
    """A PDU and whether the answer names an error for it: only what is dropped at once, for form or signature, does."""

    pdu: Json
    has_error: bool = False


class HostileEventTest(HostileCase):
    """One bad event at a time, in many ways."""

    def altered(self, event: Event, **fields: Any) -> Json:
        """A PDU with other fields, its signatures and hashes left as they were."""
        return {**event.pdu, **fields}

    def signed(self, event: Event, **fields: Any) -> Json:
        """A PDU with other fields and a new signature, its hashes left as they were; None removes a field."""
        pdu = {key: value for key, value in {**event.pdu, **fields}.items() if value is not None}
        return self.peer.identity.sign_event({**pdu, "signatures": {}}, self.peer.version)

    def check_refused(self, cases: Mapping[str, Bad]) -> None:
        """Send each between good ones."""
        before = self.state_ids()
        for what, bad in cases.items():
            with self.subTest(what):
                first, last = self.peer.message(f"before {what}"), self.peer.message(f"after {what}")
                answer = self.peer.send([first, bad.pdu, last]).ok()["pdus"]
                bad_id = self.id_of(bad.pdu)
                shown = self.shown()
                self.assertEqual([answer.get(one.event_id) for one in (first, last)], [{}, {}])
                self.assertLessEqual({first.event_id, last.event_id}, shown.keys())
                self.assertNotIn(bad_id, shown)
                self.assertEqual(self.state_ids(), before)
                if bad_id in answer:
                    self.assertEqual("error" in answer[bad_id], bad.has_error, answer[bad_id])
                else:
                    self.assertTrue(bad.has_error)

    def id_of(self, pdu: Json) -> str:
        """The event's id, where the PDU has one."""
        try:
            return parse_event(pdu, self.peer.version).event_id
        except InvalidEvent:
            return ""

    def test_events_without_the_right_signature_are_dropped(self) -> None:
        """The sender's server must have signed."""
        event = self.peer.message("bad")
        other = Identity(self.peer.name, new_key("current"))
        stranger = self.new_peer()
        alices = self.peer.message("bad", sender=self.alice.user_id)
        self.check_refused(
            {
                "no signature": Bad(self.altered(event, signatures={}), has_error=True),
                "a wrong signature": Bad(self.altered(event, depth=77), has_error=True),
                "another key of that name": Bad(self.peer.message("bad", identity=other).pdu, has_error=True),
                "another server's signature": Bad(
                    self.peer.message("bad", identity=stranger.identity).pdu, has_error=True
                ),
                "in a local user's name": Bad(alices.pdu, has_error=True),
                "signatures that are none": Bad(self.altered(event, signatures={self.peer.name: 1}), has_error=True),
            }
        )

    def test_events_that_have_not_the_format_are_dropped(self) -> None:
        """Fields missing, of other types, or too large."""
        event = self.peer.message("bad")
        large = {"msgtype": "m.text", "body": "x" * 70_000}
        fields: dict[str, dict[str, Any]] = {
            "no type": {"type": None},
            "no sender": {"sender": None},
            "no content": {"content": None},
            "no depth": {"depth": None},
            "a depth that is a float": {"depth": 1.5},
            "a depth that is true": {"depth": True},
            "a depth below nothing": {"depth": -1},
            "a sender that is no user": {"sender": self.peer.name},
            "content that is a list": {"content": []},
            "prev_events that are pairs": {"prev_events": [["$one", {"sha256": ""}]]},
            "21 prev_events": {"prev_events": [f"${number:043d}" for number in range(21)]},
            "11 auth_events": {"auth_events": [f"${number:043d}" for number in range(11)]},
            "a long type": {"type": "x" * 256},
            "a long state key": {"state_key": "x" * 256},
            "its own event id": {"event_id": "$mine"},
            "no hashes": {"hashes": {}},
        }
        cases = {what: Bad(self.signed_anyhow(event, values), has_error=True) for what, values in fields.items()}
        cases["70 KB"] = Bad(self.altered(event, content=large), has_error=True)
        self.check_refused(cases)

    def signed_anyhow(self, event: Event, values: dict[str, Any]) -> Json:
        """Signed, where what is wrong can be signed at all."""
        try:
            return self.signed(event, **values)
        except (ValueError, KeyError, TypeError):
            return {key: value for key, value in {**event.pdu, **values}.items() if value is not None}

    def test_what_is_no_event_at_all_is_passed_over(self) -> None:
        """Good events beside it land."""
        good = self.peer.message("good")
        every: list[Any] = [None, 1, "event", [], {}, {"room_id": 1}, {"room_id": self.room_id}, {"room_id": "!x"}]
        for rubbish in every:
            with self.subTest(rubbish=rubbish):
                event = self.peer.message(f"beside {rubbish!r}")
                answer = self.peer.send([rubbish, event]).ok()["pdus"]
                self.assertEqual(answer, {event.event_id: {}})
                self.assertIn(event.event_id, self.shown())
        self.assertNotIn(good.event_id, self.shown())

    def test_events_that_cite_what_does_not_authorise_them_are_rejected(self) -> None:
        """Forged auth events: other events, too few, too many, or of another room."""
        peer, state = self.peer, self.peer.state
        own, alices = state["m.room.member", peer.user_id], state["m.room.member", self.alice.user_id]
        power, rules = state["m.room.power_levels", ""], state["m.room.join_rules", ""]
        other_room = self.alice.create_room(preset="public_chat")
        other = self.new_peer()
        other.join(other_room)
        foreign = other.state["m.room.member", other.user_id]
        every: dict[str, list[Event]] = {
            "nothing": [],
            "only power levels": [power],
            "the membership of another": [alices, power],
            "one too many": [own, power, rules],
            "one twice": [own, own, power],
            "of another room": [foreign, power],
        }
        cases = {}
        for what, cited in every.items():
            cases[what] = Bad(peer.message("bad", auth_events=[one.event_id for one in cited]).pdu)
        self.check_refused(cases)

    def test_events_that_the_rules_of_the_room_reject_change_nothing(self) -> None:
        """State and memberships that the sender has no power over."""
        peer = self.peer
        victim = self.alice.user_id
        levels = {"users": {peer.user_id: 100}}
        self.check_refused(
            {
                "power for oneself": Bad(peer.build("m.room.power_levels", levels, state_key="").pdu),
                "a topic": Bad(peer.build("m.room.topic", {"topic": "mine"}, state_key="").pdu),
                "a ban": Bad(peer.build("m.room.member", {"membership": "ban"}, state_key=victim).pdu),
                "a kick": Bad(peer.build("m.room.member", {"membership": "leave"}, state_key=victim).pdu),
                "a join of another": Bad(peer.build("m.room.member", {"membership": "join"}, state_key=victim).pdu),
                "a state key of another": Bad(peer.build("test.own", {}, state_key=victim).pdu),
                "a user who is not in the room": Bad(peer.message("bad", sender=f"@nobody:{peer.name}").pdu),
            }
        )

    def test_an_event_with_a_wrong_content_hash_is_redacted_before_it_is_used(self) -> None:
        """It is the sender's, but not what the sender wrote: no text is shown, and a state's content is gone."""
        message = self.peer.message("as signed")
        forged = self.altered(message, content={"msgtype": "m.text", "body": "as altered"})
        self.assertEqual(self.peer.send([forged]).ok(), {"pdus": {message.event_id: {}}})

        self.assertEqual(self.shown()[message.event_id]["content"], {})
        self.assertEqual(event_id_of(forged, self.peer.version), message.event_id)

    def test_an_event_that_another_server_passes_on_lands(self) -> None:
        """Who sends it does not matter, but who has signed it does."""
        third = self.new_peer()
        third.join(self.room_id)
        event = third.message("passed on")
        self.assertEqual(self.peer.send([event]).ok(), {"pdus": {event.event_id: {}}})

        self.assertIn(event.event_id, self.shown())

    def test_an_event_said_to_be_from_before_a_ban_is_not_shown(self) -> None:
        """It is allowed where it claims to be, and not now: nobody sees it, and nothing comes after it."""
        banned, self.peer = self.peer, self.new_peer()
        self.peer.join(self.room_id)
        self.alice.change(self.room_id, "ban", banned.user_id)
        event = banned.message("from before")
        self.assertEqual(banned.send([event]).ok(), {"pdus": {event.event_id: {}}})
        after = banned.message("after that", prev_events=[event.event_id], depth=event.depth + 1)
        self.assertEqual(banned.send([after]).ok(), {"pdus": {after.event_id: {}}})
        self.wait_until_worked_on(after)

        self.assertTrue({event.event_id, after.event_id}.isdisjoint(self.shown()))
        own = self.alice.send(self.room_id, "mine")
        self.assertNotIn(event.event_id, self.fetched(own).ok()["pdus"][0]["prev_events"])

    def fetched(self, event_id: str) -> Answer:
        """An event as the server gives it to the peer."""
        return self.peer.ask("GET", f"{FEDERATION}/event/{quote(event_id, safe='')}")

    def wait_until_worked_on(self, event: Event) -> None:
        """Servers are given also what clients are not shown."""
        until_s = time.monotonic() + PATIENCE_S
        while self.fetched(event.event_id).status != 200:
            self.assertLess(time.monotonic(), until_s, "the event is not there")
            time.sleep(0.02)

    def test_a_bad_event_of_one_room_does_not_hold_up_another(self) -> None:
        """Rooms are worked on side by side."""
        second = self.alice.create_room(preset="public_chat")
        other = self.new_peer()
        other.join(second)
        bad = self.peer.message("bad", prev_events=["$" + "a" * 43])
        good = other.message("good")
        self.assertEqual(self.peer.send([bad]).status, 200)
        self.assertEqual(other.send([good]).status, 200)

        self.alice.wait_for_event(second, good.event_id)
        self.assertNotIn(bad.event_id, self.shown())


HostileEventTestOnPostgres = on_postgres(HostileEventTest)
