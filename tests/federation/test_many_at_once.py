"""Transactions of many events of one room, good and bad, which the server takes in together.

https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
"""

from __future__ import annotations

from typing import Any

from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase
from tests.support.databases import on_postgres


class ManyAtOnceTest(HostileCase):
    """The peer sends what it has in one transaction."""

    def test_they_are_shown_in_the_order_in_which_they_came(self) -> None:
        """Each once, each in a place of its own."""
        events = [self.peer.message("0")]
        for number in range(1, 48):
            events.append(self.after(events[-1], str(number)))
        self.peer.send(events).ok()

        shown = [event_id for event_id, event in self.shown().items() if event["content"].get("body", "").isdigit()]
        self.assertEqual(shown, [event.event_id for event in reversed(events)])

    def test_a_bad_one_is_left_out_by_itself(self) -> None:
        """One that is rejected and one whose past nobody has; what came before and after them is there."""
        self.peer.on("POST", f"/_matrix/federation/v1/get_missing_events/{self.room_id}", {"events": []}, 404)
        first = self.peer.message("first")
        topic = self._following(first, "m.room.topic", {"topic": "mine"}, state_key="")
        second = self.after(topic, "second")
        lost = self.peer.message("lost", prev_events=["$" + "b" * 43])
        third = self.after(second, "third")
        self.peer.send([first, topic, second, lost, third]).ok()

        shown = self.shown()
        self.assertLessEqual({first.event_id, second.event_id, third.event_id}, shown.keys())
        self.assertTrue({topic.event_id, lost.event_id}.isdisjoint(shown))

    def test_each_is_judged_by_the_state_that_those_before_it_made(self) -> None:
        """A user who leaves says nothing after it, though it cites the join."""
        before = self.peer.message("before")
        leave = self._following(before, "m.room.member", {"membership": "leave"}, state_key=self.peer.user_id)
        after = self.after(leave, "after")
        again = self.after(leave, "and again")
        self.peer.send([before, leave, after, again]).ok()
        self.alice.wait_for_event(self.room_id, leave.event_id)
        self.peer.join(self.room_id)

        shown = self.shown()
        self.assertLessEqual({before.event_id, leave.event_id}, shown.keys())
        self.assertTrue({after.event_id, again.event_id}.isdisjoint(shown))

    def after(self, last: Event, text: str) -> Event:
        """A message that follows on an event."""
        return self._following(last, "m.room.message", {"msgtype": "m.text", "body": text})

    def _following(self, last: Event, event_type: str, content: dict[str, Any], **fields: Any) -> Event:
        return self.peer.build(event_type, content, prev_events=[last.event_id], depth=last.depth + 1, **fields)


ManyAtOnceTestOnPostgres = on_postgres(ManyAtOnceTest)
