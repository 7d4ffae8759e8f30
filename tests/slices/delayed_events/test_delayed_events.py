"""Events that are sent later.

https://github.com/matrix-org/matrix-spec-proposals/pull/4140
"""

from __future__ import annotations

import time
from itertools import count
from typing import Any, ClassVar

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

Json = dict[str, Any]

DELAYED = "/_matrix/client/unstable/org.matrix.msc4140/delayed_events"
DELAY = "org.matrix.msc4140.delay"
LONG_MS = 3_600_000
NOTE = "org.example.note"


class DelayedEventCase(HomeserverCase):
    """Alice and Bob in a room where both may set notes."""

    _numbers = count(1)

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        levels = {"events": {NOTE: 0, "m.room.power_levels": 100}}
        self.room = self.alice.create_room(preset="public_chat", power_level_content_override=levels)
        self.bob.join(self.room)

    def later(self, delay_ms: int = LONG_MS, text: str = "later", txn_id: str | None = None) -> str:
        """Schedule a message of Alice's; its delay id."""
        path = f"/rooms/{self.room}/send/m.room.message/{txn_id or f'd{next(self._numbers)}'}"
        delay_id: str = self.alice.put(path, {"msgtype": "m.text", "body": text}, {DELAY: delay_ms})["delay_id"]
        return delay_id

    def state_later(self, content: Json, delay_ms: int = LONG_MS, user: User | None = None) -> str:
        """Schedule a note; its delay id."""
        path = f"/rooms/{self.room}/state/{NOTE}/key"
        delay_id: str = (user or self.alice).put(path, content, {DELAY: delay_ms})["delay_id"]
        return delay_id

    def act(self, delay_id: str, action: str) -> Any:
        """As the server of a call does it, without a token."""
        return self.server.post(f"{DELAYED}/{delay_id}/{action}")

    def bodies(self) -> list[str]:
        """The texts in the room, newest first."""
        chunk = self.bob.get(f"/rooms/{self.room}/messages", {"dir": "b", "limit": 50})["chunk"]
        return [event["content"]["body"] for event in chunk if event["type"] == "m.room.message"]

    def wait_for(self, text: str) -> Json:
        """Wait until Alice is shown the message."""

        def find(answer: Json) -> Json | None:
            joined = answer.get("rooms", {}).get("join", {}).get(self.room, {})
            events: list[Json] = joined.get("timeline", {}).get("events", [])
            return next((event for event in events if event["content"].get("body") == text), None)

        return self.alice.sync_until(find)

    def single(self, delay_id: str) -> Json:
        """What Alice is told of one."""
        event: Json = self.alice.get(f"{DELAYED}/{delay_id}")
        return event


class DelayedEventTest(DelayedEventCase):
    """Scheduling, and what can be done before the time has come."""

    def test_clients_are_told_that_there_is_such_a_thing(self) -> None:
        """Among the unstable features; and of its limits, as a capability."""
        features = self.server.get("/_matrix/client/versions")["unstable_features"]
        limits = self.alice.get("/capabilities")["capabilities"]["org.matrix.msc4140.delayed_events"]

        self.assertIs(features["org.matrix.msc4140"], True)
        self.assertEqual(limits, {"max_delay_ms": 24 * LONG_MS, "max_scheduled": 100})

    def test_a_message_comes_when_its_time_has_come(self) -> None:
        """Not before; its sender alone is told which it was."""
        delay_id = self.later(300)
        event = self.wait_for("later")

        told = self.single(delay_id)
        self.assertEqual(told["event_id"], event["event_id"])
        self.assertGreaterEqual(told["finalised_ts"], told["scheduled_at"] + 300)
        self.assertGreaterEqual(event["origin_server_ts"], told["scheduled_at"] + 300)
        self.assertEqual(event["unsigned"]["org.matrix.msc4140.delay_id"], delay_id)
        self.assertNotIn("transaction_id", event["unsigned"])
        for_bob = self.bob.get(f"/rooms/{self.room}/event/{event['event_id']}")
        self.assertNotIn("org.matrix.msc4140.delay_id", for_bob["unsigned"])

    def test_those_that_are_due_sooner_come_first(self) -> None:
        """Whatever was scheduled first."""
        self.later(3000, "third")
        self.later(500, "first")
        self.later(1500, "second")
        self.wait_for("third")

        self.assertEqual(self.bodies(), ["third", "second", "first"])

    def test_it_can_be_sent_at_once(self) -> None:
        """Once, however often that is asked; then it cannot be cancelled any more."""
        delay_id = self.later()
        self.act(delay_id, "send")
        self.act(delay_id, "send")

        self.assertEqual(self.bodies(), ["later"])
        for action in ("cancel", "restart"):
            self.assertEqual(self.server.refusal("POST", f"{DELAYED}/{delay_id}/{action}", {}), (409, "M_UNKNOWN"))
        self.assertEqual(self.finalised(), [("send", "action", delay_id)])

    def finalised(self) -> list[tuple[str, str, str]]:
        """Outcome, reason and id of those of Alice's that are over."""
        events = self.alice.get(DELAYED, {"status": "finalised"})["finalised"]
        return [(one["outcome"], one["reason"], one["delayed_event"]["delay_id"]) for one in events]

    def test_what_is_cancelled_never_comes(self) -> None:
        """Also where the action stands in the body, as it did first."""
        first, second = self.later(2000, "first"), self.later(2000, "second")
        self.act(first, "cancel")
        self.act(first, "cancel")
        self.server.post(f"{DELAYED}/{second}", {"action": "cancel"})
        self.later(2100, "witness")
        self.wait_for("witness")

        self.assertEqual(self.bodies(), ["witness"])
        self.assertEqual(self.server.refusal("POST", f"{DELAYED}/{first}/send", {}), (409, "M_UNKNOWN"))
        self.assertIn(("cancel", "action", first), self.finalised())

    def test_restarting_puts_it_off(self) -> None:
        """By its whole delay from now."""
        delay_id = self.later()
        before = self.single(delay_id)
        self.act(delay_id, "restart")
        after = self.single(delay_id)

        self.assertGreater(after["scheduled_at"], before["scheduled_at"])
        self.assertEqual(after["delay_ms"], before["delay_ms"])
        self.assertNotIn("finalised_ts", after)

    def test_state_is_set_later(self) -> None:
        """At its state key."""
        delay_id = self.state_later({"left": True})
        self.act(delay_id, "send")

        self.assertEqual(self.bob.state(self.room, NOTE, "key"), {"left": True})

    def test_state_that_somebody_else_has_set_meanwhile_stays(self) -> None:
        """What was to be set is cancelled, and its owner told why. What they set themselves cancels nothing."""
        delay_id = self.state_later({"by": "alice"})
        self.alice.set_state(self.room, NOTE, {"by": "alice now"}, "key")
        self.bob.set_state(self.room, NOTE, {"by": "bob"}, "another key")
        self.assertNotIn("finalised_ts", self.single(delay_id))
        self.bob.set_state(self.room, NOTE, {"by": "bob"}, "key")

        self.assertEqual(self.single(delay_id)["error"]["errcode"], "M_CANCELLED_BY_STATE_UPDATE")
        self.assertEqual(self.server.refusal("POST", f"{DELAYED}/{delay_id}/send", {}), (409, "M_UNKNOWN"))
        self.assertEqual(self.bob.state(self.room, NOTE, "key"), {"by": "bob"})

    def test_the_newer_way_to_schedule(self) -> None:
        """With everything in the body."""
        path = f"/_matrix/client/unstable/org.matrix.msc4140/rooms/{self.room}/delayed_event/{NOTE}"
        body = {"delay_ms": LONG_MS, "content": {"new": 1}, "state_key": "key"}
        delay_id = self.alice.put(f"{path}/a", body)["delay_id"]
        self.assertEqual(self.alice.put(f"{path}/a", body)["delay_id"], delay_id)
        self.act(delay_id, "send")
        earlier = {"delay": LONG_MS, "content": {}}
        self.assertTrue(self.alice.put(f"{path}/c", earlier)["delay_id"])

        self.assertEqual(self.bob.state(self.room, NOTE, "key"), {"new": 1})
        for wrong, errcode in (
            ({**body, "delay_ms": 0}, "M_INVALID_PARAM"),
            ({**body, "delay_ms": True}, "M_INVALID_PARAM"),
            ({"content": {}}, "M_MISSING_PARAM"),
            ({**body, "content": []}, "M_BAD_JSON"),
            ({**body, "state_key": 1}, "M_BAD_JSON"),
            ({**body, "state_key": "\0"}, "M_INVALID_PARAM"),
        ):
            self.assertEqual(self.alice.refusal("PUT", f"{path}/b", wrong), (400, errcode))

    def test_the_same_transaction_id_schedules_once(self) -> None:
        """A retried request gets the first one's id."""
        first = self.later(txn_id="same")

        self.assertEqual(self.later(txn_id="same"), first)
        self.assertEqual(len(self.alice.get(DELAYED, {"status": "scheduled"})["scheduled"]), 1)

    def test_the_list_shows_ones_own_in_the_order_in_which_they_are_due(self) -> None:
        """With what was to be sent; nobody else sees them."""
        late, soon = self.later(2 * LONG_MS, "late"), self.state_later({"soon": 1})
        found = self.alice.get(DELAYED)["scheduled"]

        self.assertEqual([one["delay_id"] for one in found], [soon, late])
        self.assertEqual((found[0]["state_key"], found[0]["content"]), ("key", {"soon": 1}))
        self.assertEqual((found[1]["room_id"], found[1]["type"]), (self.room, "m.room.message"))
        self.assertEqual(found[1]["delay"], 2 * LONG_MS)
        self.assertNotIn("state_key", found[1])
        self.assertEqual(self.bob.get(DELAYED), {"delayed_events": [], "scheduled": [], "finalised": []})
        self.assertEqual(self.bob.refusal("GET", f"{DELAYED}/{late}"), (404, "M_NOT_FOUND"))

    def test_whoever_knows_its_id_acts_on_it(self) -> None:
        """With anybody's token or none: the id is the permission."""
        first, second = self.later(text="first"), self.later(text="second")
        self.bob.post(f"{DELAYED}/{first}/cancel")
        self.act(second, "cancel")

        self.assertIn("finalised_ts", self.single(first))
        self.assertIn("finalised_ts", self.single(second))

    def test_nobody_acts_on_one_that_is_not_there(self) -> None:
        """Or in other ways than there are."""
        delay_id = self.later()

        self.assertEqual(self.server.refusal("POST", f"{DELAYED}/unknown/send", {}), (404, "M_NOT_FOUND"))
        self.assertEqual(self.server.refusal("POST", f"{DELAYED}/{delay_id}/eat", {}), (400, "M_INVALID_PARAM"))
        self.assertEqual(self.server.refusal("POST", f"{DELAYED}/{delay_id}", {}), (400, "M_MISSING_PARAM"))
        self.assertEqual(self.server.refusal("GET", DELAYED), (401, "M_MISSING_TOKEN"))

    def test_power_counts_when_it_is_sent(self) -> None:
        """What may not be sent then is over with the reason; on demand it is refused, and stays scheduled."""
        delay_id = self.state_later({}, user=self.bob)
        levels = self.alice.state(self.room, "m.room.power_levels")
        self.alice.set_state(self.room, "m.room.power_levels", {**levels, "events": {NOTE: 100}})
        self.assertEqual(self.server.refusal("POST", f"{DELAYED}/{delay_id}/send", {}), (403, "M_FORBIDDEN"))
        self.assertNotIn("finalised_ts", self.bob.get(f"{DELAYED}/{delay_id}"))
        due = self.state_later({}, 200, user=self.bob)
        self.later(500, "witness")
        self.wait_for("witness")

        told = self.bob.get(f"{DELAYED}/{due}")
        self.assertEqual(told["error"]["errcode"], "M_FORBIDDEN")
        self.assertNotIn("event_id", told)

    def test_a_message_can_be_redacted_later(self) -> None:
        """By who may."""
        event_id = self.alice.send(self.room, "vanishes")
        path = f"/rooms/{self.room}/send/m.room.redaction/r{next(self._numbers)}"
        delay_id = self.alice.put(path, {"redacts": event_id}, {DELAY: LONG_MS})["delay_id"]
        self.act(delay_id, "send")

        self.assertEqual(self.bob.get(f"/rooms/{self.room}/event/{event_id}")["content"], {})

    def test_what_is_too_much_is_refused(self) -> None:
        """Too long a delay, none, too large, too many."""
        path = f"/rooms/{self.room}/send/m.room.message"
        answer = self.alice.request("PUT", f"{path}/a", {}, {DELAY: 24 * LONG_MS + 1})
        self.assertEqual(answer.error, (400, "M_MAX_DELAY_EXCEEDED"))
        self.assertEqual(answer.json["max_delay"], 24 * LONG_MS)
        self.assertEqual(answer.json["org.matrix.msc4140.errcode"], "M_MAX_DELAY_EXCEEDED")
        for delay in (0, -1, "soon"):
            self.assertEqual(self.alice.refusal("PUT", f"{path}/b", {}, {DELAY: delay}), (400, "M_INVALID_PARAM"))
        large = {"body": "x" * 65_536}
        self.assertEqual(self.alice.refusal("PUT", f"{path}/c", large, {DELAY: 5}), (413, "M_TOO_LARGE"))
        long_name = {DELAY: LONG_MS}
        self.assertEqual(self.alice.refusal("PUT", f"{path}{'e' * 256}/e", {}, long_name), (413, "M_TOO_LARGE"))
        for _ in range(100):
            self.later()
        refused = self.alice.request("PUT", f"{path}/d", {}, {DELAY: LONG_MS})
        self.assertEqual(refused.error, (429, "M_LIMIT_EXCEEDED"))
        self.assertLessEqual(abs(int(refused.headers["retry-after"]) - LONG_MS // 1000), 120)
        self.assertEqual(refused.json["org.matrix.msc4140.errcode"], "M_MAX_DELAYED_EVENTS_EXCEEDED")

    def test_content_that_no_event_may_have_is_told_when_it_is_sent(self) -> None:
        """Numbers beyond those of canonical JSON."""
        for number in (1.5, 2**70):
            path = f"/rooms/{self.room}/send/m.room.message/n{next(self._numbers)}"
            answer = self.alice.request("PUT", path, {"n": number}, {DELAY: LONG_MS})
            if answer.status == 200:
                refused = self.server.refusal("POST", f"{DELAYED}/{answer.json['delay_id']}/send", {})
                self.assertEqual(refused, (400, "M_BAD_JSON"))
            else:
                self.assertEqual(answer.status, 400)

    def test_a_closed_account_sends_nothing_any_more(self) -> None:
        """Its events are gone with it."""
        path = f"/rooms/{self.room}/send/m.room.message/gone"
        delay_id = self.bob.put(path, {"msgtype": "m.text", "body": "ghost"}, {DELAY: LONG_MS})["delay_id"]
        auth = {"type": "m.login.password", "user": self.bob.user_id, "password": self.bob.password}
        self.bob.post("/account/deactivate", {"auth": auth})

        self.assertEqual(self.server.refusal("POST", f"{DELAYED}/{delay_id}/send", {}), (404, "M_NOT_FOUND"))


class RestartTest(DelayedEventCase):
    """The server is stopped while events wait."""

    def test_what_waits_outlives_a_restart(self) -> None:
        """What became due meanwhile is sent when the server is back, the rest when it is due."""
        missed, coming, waiting = self.later(1, "missed"), self.later(1500, "coming"), self.later()
        self.wait_for("missed")
        self.server.stop()
        self.server.start()
        self.wait_for("coming")

        self.assertEqual(self.bodies(), ["coming", "missed"])
        self.assertNotIn("finalised_ts", self.single(waiting))
        self.assertTrue(self.single(missed)["event_id"] and self.single(coming)["event_id"])

    def test_what_became_due_while_the_server_was_down_is_sent_at_its_start(self) -> None:
        """In the order in which it was due."""
        self.later(2200, "second")
        self.later(1000, "first")
        self.server.stop()
        time.sleep(2.3)
        self.server.start()
        self.wait_for("second")

        self.assertEqual(self.bodies(), ["second", "first"])


class LimitsTest(HomeserverCase):
    """A server with limits of its own."""

    settings: ClassVar[Json] = {
        "max_event_delay_duration": "1m",
        "rc_delayed_event_mgmt": {"per_second": 0.001, "burst_count": 2},
    }

    def test_the_longest_delay_is_what_the_operator_says(self) -> None:
        """And so is how often one may ask."""
        alice = self.new_user("alice")
        room = alice.create_room()
        path = f"/rooms/{room}/send/m.room.message"
        refused = alice.request("PUT", f"{path}/a", {}, {DELAY: 60_001})
        self.assertEqual((refused.error, refused.json["max_delay"]), ((400, "M_MAX_DELAY_EXCEEDED"), 60_000))
        delay_id = alice.put(f"{path}/b", {}, {DELAY: 60_000})["delay_id"]
        for _ in range(2):
            self.server.post(f"{DELAYED}/{delay_id}/restart")

        self.assertEqual(self.server.refusal("POST", f"{DELAYED}/{delay_id}/restart", {}), (429, "M_LIMIT_EXCEEDED"))


class NoDelayTest(HomeserverCase):
    """A server whose operator wants no delayed events."""

    settings: ClassVar[Json] = {"max_event_delay_duration": 0}

    def test_none_is_scheduled(self) -> None:
        """403, however short the delay."""
        alice = self.new_user("alice")
        room = alice.create_room()

        refused = alice.refusal("PUT", f"/rooms/{room}/send/m.room.message/a", {}, {DELAY: 1})
        self.assertEqual(refused, (403, "M_FORBIDDEN"))


DelayedEventTestOnPostgres = on_postgres(DelayedEventTest)
RestartTestOnPostgres = on_postgres(RestartTest)
