"""PDUs from anywhere. https://spec.matrix.org/v1.19/server-server-api/#pdus"""

from __future__ import annotations

import copy
import unittest
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from homeserver.protocol.events import Event, EventTooLarge, InvalidEvent, parse_event, stored_event
from homeserver.protocol.room_versions import ROOM_VERSIONS, RoomVersion
from tests.protocol.sample_events import ALICE, HASH, signed

_V1, _V3, _V5, _V6, _V11, _V12 = (ROOM_VERSIONS[version] for version in ("1", "3", "5", "6", "11", "12"))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
    max_leaves=10,
)
_FIELDS = ["type", "sender", "content", "depth", "origin_server_ts", "prev_events", "auth_events", "hashes"]
_FIELDS += ["signatures", "room_id", "event_id", "state_key", "redacts", "unsigned", "origin"]


def _pdu(version: RoomVersion, **changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(signed(version).pdu), **changes}


class WellFormedEvents(unittest.TestCase):
    def test_every_version_reads_back_what_it_made(self) -> None:
        for version in ROOM_VERSIONS.values():
            with self.subTest(version.version):
                made = signed(version, state_key="", type="m.room.topic")
                parsed = parse_event(copy.deepcopy(made.pdu), version)
                stored = stored_event(made.encoded, made.event_id, version)
                for name in Event.__struct_fields__:
                    self.assertEqual(getattr(parsed, name), getattr(made, name), name)
                    self.assertEqual(getattr(stored, name), getattr(made, name), name)
                self.assertEqual(made.key, ("m.room.topic", ""))
                self.assertEqual(made.auth_events, (f"$a{HASH}", f"$b{HASH}"))

    def test_unsigned_is_left_out(self) -> None:
        event = parse_event(_pdu(_V12, unsigned={"age": 5, "redacted_because": {}}), _V12)

        self.assertNotIn("unsigned", event.pdu)
        self.assertEqual(event.event_id, signed(_V12).event_id)

    def test_membership_is_a_member_events_string(self) -> None:
        for event_type, content, expected in (
            ("m.room.member", {"membership": "join"}, "join"),
            ("m.room.member", {"membership": 5}, None),
            ("m.room.member", {}, None),
            ("m.room.topic", {"membership": "join"}, None),
        ):
            with self.subTest(content):
                event = signed(_V12, type=event_type, content=content, state_key=ALICE)
                self.assertEqual(event.membership, expected)

    def test_a_message_has_no_state_key(self) -> None:
        event = signed(_V12)

        self.assertFalse(event.is_state)
        with self.assertRaises(ValueError):
            _ = event.key

    def test_an_event_can_not_be_changed(self) -> None:
        with self.assertRaises(AttributeError):
            signed(_V12).depth = 1  # type: ignore[misc]

    def test_historical_and_long_identifiers_are_accepted(self) -> None:
        for changes in ({"sender": "@:x"}, {"sender": "@A b\x01:x"}, {"state_key": "ü" * 127}, {"type": "t" * 255}):
            with self.subTest(changes):
                parse_event(_pdu(_V12, **changes), _V12)

    def test_redacts_is_read_where_the_version_has_it(self) -> None:
        target = f"$t{HASH}"
        for version in ROOM_VERSIONS.values():
            with self.subTest(version.version):
                event = signed(version, type="m.room.redaction", content={"reason": "spam"}, redacts=target)
                self.assertEqual(event.redacts, target)
                self.assertEqual("redacts" in event.content, int(version.version) >= 11)
                self.assertEqual("redacts" in event.pdu, int(version.version) < 11)
        self.assertIsNone(signed(_V12, content={"redacts": target}).redacts)
        self.assertIsNone(signed(_V12, type="m.room.redaction", content={"redacts": 5}).redacts)
        with self.assertRaises(InvalidEvent):
            parse_event(_pdu(_V6, type="m.room.redaction", redacts=5), _V6)


class HostileEvents(unittest.TestCase):
    def _refused(self, version: RoomVersion, **changes: Any) -> None:
        with self.subTest(version=version.version, **{key: repr(value)[:60] for key, value in changes.items()}):
            pdu = _pdu(version, **changes)
            with self.assertRaises(InvalidEvent):
                parse_event({key: value for key, value in pdu.items() if value is not Ellipsis}, version)

    def test_what_is_no_object(self) -> None:
        values: list[Any] = [None, 1, "x", [], [{}], True]
        for value in values:
            with self.subTest(value), self.assertRaises(InvalidEvent):
                parse_event(value, _V12)

    def test_missing_fields_and_fields_of_wrong_types(self) -> None:
        required = ["type", "sender", "content", "depth", "origin_server_ts", "prev_events", "auth_events", "hashes"]
        required += ["signatures", "room_id"]
        values: list[Any] = [None, True, 1.5, "x", -1, [], {}, [[]], {"a": 1}]
        for version in ROOM_VERSIONS.values():
            for name in required:
                self._refused(version, **{name: ...})
                for value in values:
                    if (name, value) not in _HARMLESS:
                        self._refused(version, **{name: value})
            self._refused(version, state_key=None)
            self._refused(version, state_key=0)

    def test_identifiers_over_255_bytes(self) -> None:
        for changes in (
            {"type": "ü" * 128},
            {"state_key": "x" * 256},
            {"sender": "@" + "ü" * 125 + ":a.b.c"},
            {"room_id": "!" + "x" * 250 + ":a.b.c"},
        ):
            with self.subTest(changes), self.assertRaises(EventTooLarge) as caught:
                parse_event(_pdu(_V6, **changes), _V6)
            self.assertIn("large", str(caught.exception))
        with self.assertRaises(EventTooLarge):
            parse_event(_pdu(_V1, event_id="$" + "x" * 250 + ":a.b.c"), _V1)

    def test_at_most_65536_bytes_of_canonical_json(self) -> None:
        room_left = 65_536 - len(parse_event(_pdu(_V12, content={"body": ""}), _V12).encoded)
        largest = parse_event(_pdu(_V12, content={"body": "ü" * (room_left // 2) + "x" * (room_left % 2)}), _V12)

        self.assertEqual(len(largest.encoded), 65_536)
        with self.assertRaises(EventTooLarge):
            parse_event(_pdu(_V12, content={"body": "x" * (room_left + 1)}), _V12)

    def test_identifiers_that_are_none(self) -> None:
        for sender in ("alice", "@alice", "@a:b c", "!a:b", "@a\0:b", "@\ud800:b"):
            self._refused(_V12, sender=sender)
        self._refused(_V12, type="a\0b")
        self._refused(_V12, state_key="\0")
        self._refused(_V12, state_key="\ud800")

    def test_room_ids_of_another_version(self) -> None:
        self._refused(_V12, room_id="!a:hs.example")
        self._refused(_V11, room_id="!" + HASH)
        self._refused(_V12, type="m.room.create", state_key="")
        self._refused(_V11, type="m.room.create", state_key="", room_id=...)

    def test_event_ids_only_where_the_version_has_them(self) -> None:
        self._refused(_V1, event_id=...)
        self._refused(_V1, event_id="$no-domain")
        self._refused(_V1, event_id=1)
        for version in (_V3, _V12):
            self._refused(version, event_id="$x:hs.example")

    def test_references_of_another_format(self) -> None:
        no_pairs: list[Any] = ["$x:y", ["$x:y"], ["$x:y", "h"], ["$x:y", {}, 1], [1, {}], ["x", {}], {}, None]
        no_ids: list[Any] = [["$x:y", {}], 1, None, "x", "$", "$" + "x" * 255, "$\0", {}]
        for name in ("prev_events", "auth_events"):
            for entry in no_pairs:
                self._refused(_V1, **{name: [entry]})
            for entry in no_ids:
                self._refused(_V12, **{name: [entry]})

    def test_too_many_references(self) -> None:
        ids = [f"${number}{HASH}" for number in range(21)]
        parse_event(_pdu(_V12, prev_events=ids[:20], auth_events=ids[:10]), _V12)

        self._refused(_V12, prev_events=ids)
        self._refused(_V12, auth_events=ids[:11])

    def test_depth_and_time_are_in_range(self) -> None:
        for version, greatest in ((_V12, 2**53 - 1), (_V6, 2**53 - 1), (_V5, 2**63 - 1), (_V1, 2**63 - 1)):
            self.assertEqual(parse_event(_pdu(version, depth=greatest), version).depth, greatest)
            self._refused(version, depth=greatest + 1)
            self._refused(version, depth=-1)
            self._refused(version, origin_server_ts=greatest + 1)
            self._refused(version, origin_server_ts=-greatest - 1)

    def test_numbers_are_canonical_from_version_6(self) -> None:
        for value in (1.5, 2**53, -(2**53)):
            self._refused(_V6, content={"a": [value]})
            event = parse_event(_pdu(_V5, content={"a": [value]}), _V5)
            self.assertEqual(stored_event(event.encoded, event.event_id, _V5).content, {"a": [value]})
        for version in (_V1, _V12):
            self._refused(version, content={"a": float("nan")})
            self._refused(version, content={"a": "\ud800"})

    def test_hashes_and_signatures_have_their_shape(self) -> None:
        no_signatures: list[Any] = [{"a": 1}, {"a": []}, {"a": {"ed25519:1": 1}}, {"a": {"ed25519:1": None}}]
        for version in (_V1, _V12):
            for hashes in ({}, {"sha256": 1}, {"sha512": "x"}):
                self._refused(version, hashes=hashes)
            for signatures in no_signatures:
                self._refused(version, signatures=signatures)

    def test_nesting_is_bounded(self) -> None:
        for levels in (510, 511, 5_000, 30_000):
            content: dict[str, Any] = {}
            for _ in range(levels):
                content = {"a": content}
            with self.subTest(levels):
                if levels == 510:
                    parse_event(_pdu(_V12, content=content), _V12)
                    continue
                with self.assertRaises(InvalidEvent):
                    parse_event({**_pdu(_V12), "content": content}, _V12)

    @settings(deadline=None)
    @given(_JSON, st.sampled_from(list(ROOM_VERSIONS.values())))
    def test_arbitrary_json_is_an_event_or_invalid(self, value: Any, version: RoomVersion) -> None:
        try:
            parse_event(value, version)
        except InvalidEvent:
            return

    @settings(max_examples=300, deadline=None)
    @given(st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=3), st.sampled_from(list(ROOM_VERSIONS.values())))
    def test_arbitrary_fields_are_an_event_or_invalid(self, changes: dict[str, Any], version: RoomVersion) -> None:
        try:
            event = parse_event(_pdu(version, **changes), version)
        except InvalidEvent:
            return
        again = stored_event(event.encoded, event.event_id, version)
        self.assertEqual(again.pdu, event.pdu)


_HARMLESS: list[tuple[str, Any]] = [
    ("type", "x"),
    ("content", {}),
    ("content", {"a": 1}),
    ("prev_events", []),
    ("auth_events", []),
    ("origin_server_ts", -1),
    ("signatures", {}),
]
