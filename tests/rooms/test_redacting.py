"""Redactions.

https://spec.matrix.org/v1.19/client-server-api/#redactions
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

FORBIDDEN = (403, "M_FORBIDDEN")


class RedactingTest(HomeserverCase):
    """Alice, who has all power, and Bob, who has none."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)

    def test_a_redacted_message_has_no_content_and_says_why(self) -> None:
        """In each way to read it; the redaction itself comes down the timeline."""
        event_id = self.bob.send(self.room, "oops")
        since = self.alice.sync()["next_batch"]

        redaction = self.bob.put(f"/rooms/{self.room}/redact/{event_id}/r", {"reason": "Typo"})["event_id"]

        event = self.alice.get(f"/rooms/{self.room}/event/{event_id}")
        paged = self.alice.get(f"/rooms/{self.room}/messages", {"dir": "b", "limit": 2})["chunk"][1]
        synced = self.alice.sync()["rooms"]["join"][self.room]["timeline"]["events"][-2]
        for found in (event, paged, synced):
            self.assertEqual((found["event_id"], found["content"]), (event_id, {}))
            because = found["unsigned"]["redacted_because"]
            self.assertEqual((because["event_id"], because["content"]["reason"]), (redaction, "Typo"))
        news = self.alice.sync(since)["rooms"]["join"][self.room]["timeline"]["events"]
        self.assertEqual([(one["event_id"], one["type"]) for one in news], [(redaction, "m.room.redaction")])

    def test_a_redaction_names_its_target_for_old_and_new_clients(self) -> None:
        """At the top and in the content, whatever the room's version."""
        for version in ("10", "11", "12"):
            with self.subTest(version):
                room = self.alice.create_room(room_version=version)
                target = self.alice.send(room, "x")
                event_id = self.alice.put(f"/rooms/{room}/redact/{target}/r", {})["event_id"]
                event = self.alice.get(f"/rooms/{room}/event/{event_id}")
                self.assertEqual((event["redacts"], event["content"]["redacts"]), (target, target))

    def test_a_redaction_is_retried_without_harm(self) -> None:
        """The same transaction id gives the same event."""
        event_id = self.bob.send(self.room, "oops")
        path = f"/rooms/{self.room}/redact/{event_id}/same"
        self.assertEqual(self.bob.put(path, {}), self.bob.put(path, {}))

    def test_events_of_others_are_redacted_with_the_power_to(self) -> None:
        """403 M_FORBIDDEN without."""
        of_alice, of_bob = self.alice.send(self.room, "a"), self.bob.send(self.room, "b")

        self.assertEqual(self.bob.refusal("PUT", f"/rooms/{self.room}/redact/{of_alice}/r", {}), FORBIDDEN)
        self.alice.put(f"/rooms/{self.room}/redact/{of_bob}/r", {})

        self.assertEqual(self.alice.get(f"/rooms/{self.room}/event/{of_alice}")["content"]["body"], "a")
        self.assertEqual(self.bob.get(f"/rooms/{self.room}/event/{of_bob}")["content"], {})

    def test_a_redaction_sent_as_an_event_does_the_same(self) -> None:
        """Through `/send`."""
        event_id = self.bob.send(self.room, "oops")

        self.bob.put(f"/rooms/{self.room}/send/m.room.redaction/r", {"redacts": event_id})

        self.assertEqual(self.alice.get(f"/rooms/{self.room}/event/{event_id}")["content"], {})

    def test_a_redaction_through_send_obeys_the_same_rules(self) -> None:
        """What may not be redacted stays as it is."""
        of_alice = self.alice.send(self.room, "a")

        path = f"/rooms/{self.room}/send/m.room.redaction/r"
        self.assertEqual(self.bob.refusal("PUT", path, {"redacts": of_alice}), FORBIDDEN)
        self.assertEqual(self.bob.refusal("PUT", path, {}), (400, "M_BAD_JSON"))
        self.assertEqual(self.alice.get(f"/rooms/{self.room}/event/{of_alice}")["content"]["body"], "a")

    def test_there_must_be_such_an_event_in_the_room(self) -> None:
        """404 M_NOT_FOUND for an unknown one, 400 for one of another room, which stays as it is."""
        other = self.alice.create_room()
        elsewhere = self.alice.send(other, "x")
        for event_id, refusal in (("$none", (404, "M_NOT_FOUND")), (elsewhere, (400, "M_INVALID_PARAM"))):
            self.assertEqual(self.alice.refusal("PUT", f"/rooms/{self.room}/redact/{event_id}/r", {}), refusal)
        self.assertEqual(self.alice.get(f"/rooms/{other}/event/{elsewhere}")["content"]["body"], "x")

    def test_redacted_state_stays_state_without_its_content(self) -> None:
        """The room has no topic any more, and a member is still a member."""
        topic = self.alice.set_state(self.room, "m.room.topic", {"topic": "Bad words"})
        self.alice.put(f"/rooms/{self.room}/redact/{topic}/r", {})
        self.assertEqual(self.bob.state(self.room, "m.room.topic"), {})

        member = self.alice.get(f"/rooms/{self.room}/state/m.room.member/{self.bob.user_id}", {"format": "event"})
        self.alice.put(f"/rooms/{self.room}/redact/{member['event_id']}/r", {})
        self.assertEqual(self.alice.state(self.room, "m.room.member", self.bob.user_id), {"membership": "join"})
        self.bob.send(self.room, "still here")

    def test_what_replaced_a_redacted_state_event_does_not_show_it(self) -> None:
        """`prev_content` is what is left of it."""
        first = self.alice.set_state(self.room, "m.room.topic", {"topic": "Bad words"})
        second = self.alice.set_state(self.room, "m.room.topic", {"topic": "Good words"})
        path = f"/rooms/{self.room}/event/{second}"
        self.assertEqual(self.bob.get(path)["unsigned"]["prev_content"], {"topic": "Bad words"})

        self.alice.put(f"/rooms/{self.room}/redact/{first}/r", {})

        self.assertEqual(self.bob.get(path)["unsigned"]["prev_content"], {})

    def test_a_redaction_holds_though_others_read_at_the_time(self) -> None:
        """Nobody gets the content any more, whoever was just reading it."""
        sent = [self.bob.send(self.room, str(number)) for number in range(30)]
        is_over = Event()

        def read() -> None:
            while not is_over.is_set():
                self.bob.sync(filter={"room": {"timeline": {"limit": 100}}})
                self.bob.get(f"/rooms/{self.room}/messages", {"dir": "b", "limit": 100})

        with ThreadPoolExecutor(2) as threads:
            reading = [threads.submit(read) for _ in range(2)]
            for event_id in sent:
                self.alice.put(f"/rooms/{self.room}/redact/{event_id}/r", {})
            is_over.set()
            for one in reading:
                one.result()

        for event_id in sent:
            self.assertEqual(self.bob.get(f"/rooms/{self.room}/event/{event_id}")["content"], {})


RedactingTestOnPostgres = on_postgres(RedactingTest)
