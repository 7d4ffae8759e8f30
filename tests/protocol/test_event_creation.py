"""This server's own events, and the forms in which others see them."""

from __future__ import annotations

import unittest
from typing import Any

from homeserver.protocol.client_format import client_event
from homeserver.protocol.events import EventTooLarge, InvalidEvent
from homeserver.protocol.ids import is_domain_event_id
from homeserver.protocol.room_versions import ROOM_VERSIONS
from homeserver.protocol.stripped import stripped
from tests.protocol.sample_events import ALICE, HASH, SERVER, signed

_V1, _V11, _V12 = (ROOM_VERSIONS[version] for version in ("1", "11", "12"))


class NewEvents(unittest.TestCase):
    def test_the_pdu_has_these_fields_and_no_others(self) -> None:
        for version in ROOM_VERSIONS.values():
            expected = {"type", "sender", "content", "depth", "origin_server_ts", "prev_events", "auth_events"}
            expected |= {"room_id", "hashes", "signatures"} | ({"event_id"} if version.references_are_pairs else set())
            with self.subTest(version.version):
                self.assertEqual(set(signed(version).pdu), expected)

    def test_a_create_event_of_version_12_gives_the_room_its_id(self) -> None:
        content = {"room_version": "12"}
        event = signed(
            _V12, type="m.room.create", state_key="", content=content, room_id="", prev_events=[], auth_events=[]
        )

        self.assertNotIn("room_id", event.pdu)
        self.assertEqual(event.room_id, "!" + event.event_id[1:])

    def test_ids_of_versions_1_and_2_are_of_the_senders_server_and_differ(self) -> None:
        events = [signed(_V1), signed(_V1, depth=8), signed(_V1, content={"body": "else"})]

        self.assertEqual(len({event.event_id for event in events}), 3)
        for event in events:
            self.assertTrue(is_domain_event_id(event.event_id))
            self.assertTrue(event.event_id.endswith(":" + SERVER))

    def test_versions_1_and_2_cite_hashes_that_are_known(self) -> None:
        event = signed(_V1, prev_events=["$x:y", "$z:y"], reference_hashes={"$x:y": "hash"})

        self.assertEqual(event.pdu["prev_events"], [["$x:y", {"sha256": "hash"}], ["$z:y", {}]])
        self.assertEqual(event.prev_events, ("$x:y", "$z:y"))

    def test_drafts_that_can_not_be_events(self) -> None:
        for changes in (
            {"content": {"a": 1.5}},
            {"content": {"a": 2**53}},
            {"content": {"a": "\ud800"}},
            {"sender": "alice"},
            {"depth": -1},
            {"prev_events": [f"${number}{HASH}" for number in range(21)]},
        ):
            with self.subTest(changes), self.assertRaises(InvalidEvent):
                signed(_V12, **changes)

    def test_drafts_that_are_too_large(self) -> None:
        for changes in ({"content": {"body": "x" * 65_536}}, {"type": "x" * 256}, {"state_key": "ü" * 128}):
            with self.subTest(list(changes)), self.assertRaises(EventTooLarge):
                signed(_V12, **changes)


class FormsOfEvents(unittest.TestCase):
    def test_clients_get_these_fields(self) -> None:
        event = signed(_V12, type="m.room.topic", state_key="", content={"topic": "t"})

        self.assertEqual(
            client_event(event),
            {
                "event_id": event.event_id,
                "type": "m.room.topic",
                "content": {"topic": "t"},
                "sender": ALICE,
                "origin_server_ts": 1_700_000_000_000,
                "room_id": event.room_id,
                "state_key": "",
            },
        )
        self.assertNotIn("state_key", client_event(signed(_V12)))

    def test_clients_get_redacts_twice_in_every_version(self) -> None:
        target = f"$t{HASH}"
        for version in ROOM_VERSIONS.values():
            event = signed(version, type="m.room.redaction", content={"reason": "r"}, redacts=target)
            before: dict[str, Any] = dict(event.content)
            formatted = client_event(event)
            with self.subTest(version.version):
                self.assertEqual(formatted["redacts"], target)
                self.assertEqual(formatted["content"], {"reason": "r", "redacts": target})
                self.assertEqual(event.content, before)

    def test_a_messages_own_redacts_is_its_content(self) -> None:
        formatted = client_event(signed(_V12, content={"redacts": "$x"}))

        self.assertNotIn("redacts", formatted)
        self.assertEqual(formatted["content"], {"redacts": "$x"})

    def test_stripped_state(self) -> None:
        event = signed(_V12, type="m.room.name", state_key="", content={"name": "n"})

        self.assertEqual(
            stripped(event), {"type": "m.room.name", "state_key": "", "content": {"name": "n"}, "sender": ALICE}
        )
