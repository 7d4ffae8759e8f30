"""Redactions of another server: shown to clients when they apply, and not before.

https://spec.matrix.org/v1.19/rooms/v12/#handling-redactions
"""

from __future__ import annotations

from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase


class HostileRedactionTest(HostileCase):
    """The peer has no power in the room."""

    def redaction(self, event_id: str) -> Event:
        """One of the peer's."""
        if self.peer.version.redacts_in_content:
            return self.peer.build("m.room.redaction", {"redacts": event_id})
        return self.peer.build("m.room.redaction", {}, redacts=event_id)

    def test_a_redaction_without_the_power_to_is_neither_applied_nor_shown(self) -> None:
        """The message stays."""
        message = self.alice.send(self.room_id, "stays")
        redaction = self.redaction(message)
        self.peer.send([redaction]).ok()

        shown = self.shown()
        self.assertNotIn(redaction.event_id, shown)
        self.assertEqual(shown[message]["content"]["body"], "stays")

    def test_a_redaction_of_an_event_in_another_room_is_neither_applied_nor_shown(self) -> None:
        """Not even of an event of the peer's own."""
        message = self.peer.message("stays")
        self.peer.send([message]).ok()
        first_room = self.room_id
        self.alice.wait_for_event(first_room, message.event_id)
        self.room_id = self.alice.create_room(preset="public_chat")
        self.peer.join(self.room_id)
        redaction = self.redaction(message.event_id)
        self.peer.send([redaction]).ok()

        self.assertNotIn(redaction.event_id, self.shown())
        kept = self.alice.get(f"/rooms/{first_room}/event/{message.event_id}")
        self.assertEqual(kept["content"]["body"], "stays")

    def test_a_redaction_that_comes_first_is_shown_with_its_target(self) -> None:
        """The target is never shown in full."""
        message = self.peer.message("gone")
        redaction = self.redaction(message.event_id)
        self.peer.send([redaction]).ok()
        self.assertNotIn(redaction.event_id, self.shown())

        self.peer.send([message]).ok()
        self.assertEqual(self.alice.wait_for_event(self.room_id, redaction.event_id)["type"], "m.room.redaction")
        redacted = self.shown()[message.event_id]
        self.assertEqual(redacted["content"], {})
        self.assertEqual(redacted["unsigned"]["redacted_because"]["event_id"], redaction.event_id)
