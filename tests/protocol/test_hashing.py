"""Hashes of events. https://spec.matrix.org/v1.19/server-server-api/#calculating-the-content-hash-for-an-event"""

from __future__ import annotations

import base64
import hashlib
import json
import unittest
from typing import Any

from homeserver.protocol.base64 import decode_base64, encode_base64, encode_base64_url
from homeserver.protocol.events import redacted_event
from homeserver.protocol.hashing import check_content_hash, content_hash, event_id_of, reference_hash
from homeserver.protocol.redaction import redact
from homeserver.protocol.room_versions import ROOM_VERSIONS
from tests.protocol.sample_events import MINIMAL_EVENT, REDACTABLE_EVENT, signed

_V1, _V3, _V4, _V12 = (ROOM_VERSIONS[version] for version in ("1", "3", "4", "12"))


class ContentHashes(unittest.TestCase):
    def test_vectors_of_the_specification(self) -> None:
        self.assertEqual(content_hash(MINIMAL_EVENT, _V1), "5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos")
        self.assertEqual(content_hash(REDACTABLE_EVENT, _V1), "onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g")

    def test_what_this_server_makes_has_the_right_hash_in_every_version(self) -> None:
        for version in ROOM_VERSIONS.values():
            with self.subTest(version.version):
                pdu = signed(version).pdu
                self.assertTrue(check_content_hash(pdu, version))
                self.assertTrue(check_content_hash({**pdu, "unsigned": {"age": 3}, "signatures": {}}, version))
                self.assertFalse(check_content_hash({**pdu, "content": {"body": "else"}}, version))
                self.assertFalse(check_content_hash({**pdu, "extra": 1}, version))

    def test_a_padded_hash_is_the_same_hash(self) -> None:
        pdu = signed(_V12).pdu

        self.assertTrue(check_content_hash({**pdu, "hashes": {"sha256": pdu["hashes"]["sha256"] + "="}}, _V12))

    def test_what_is_no_hash_is_a_wrong_hash(self) -> None:
        of_no_use: list[Any] = [None, [], {}, *({"sha256": text} for text in (None, "", "é", "AAA", "*"))]
        for hashes in of_no_use:
            with self.subTest(hashes):
                self.assertFalse(check_content_hash({**signed(_V12).pdu, "hashes": hashes}, _V12))


class EventIds(unittest.TestCase):
    def _digest(self, pdu: dict[str, Any], kept: list[str]) -> bytes:
        """The reference hash of a message, written out."""
        essential = {key: value for key, value in pdu.items() if key in kept}
        essential["content"] = {}
        text = json.dumps(essential, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        return hashlib.sha256(text.encode()).digest()

    def test_is_the_reference_hash(self) -> None:
        kept = ["type", "room_id", "sender", "hashes", "depth", "prev_events", "auth_events", "origin_server_ts"]
        for version in (_V3, _V4, _V12):
            event = signed(version)
            digest = self._digest(event.pdu, kept)
            encode = base64.b64encode if version is _V3 else base64.urlsafe_b64encode
            with self.subTest(version.version):
                self.assertEqual(reference_hash(event.pdu, version), digest)
                self.assertEqual(event.event_id, "$" + encode(digest).decode().rstrip("="))

    def test_is_the_same_redacted_or_not(self) -> None:
        for version in ROOM_VERSIONS.values():
            with self.subTest(version.version):
                event = signed(version)
                redacted = redacted_event(event)
                self.assertEqual(event_id_of(redact(event.pdu, version), version), event.event_id)
                self.assertEqual((redacted.event_id, redacted.content), (event.event_id, {}))
                self.assertNotIn("☃".encode(), redacted.encoded)
                self.assertFalse(check_content_hash(redacted.pdu, version))

    def test_is_a_field_of_the_pdu_in_versions_1_and_2(self) -> None:
        self.assertEqual(event_id_of(REDACTABLE_EVENT, _V1), "$0:domain")


class Base64(unittest.TestCase):
    def test_examples_of_the_specification(self) -> None:
        for plain, encoded in (
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ):
            with self.subTest(plain):
                self.assertEqual(encode_base64(plain.encode()), encoded)
                self.assertEqual(decode_base64(encoded), plain.encode())

    def test_both_alphabets_padded_or_not(self) -> None:
        data = b"\xfb\xff\xfe\xff"
        self.assertEqual(encode_base64(data), "+//+/w")
        self.assertEqual(encode_base64_url(data), "-__-_w")
        for text in ("+//+/w", "+//+/w==", "-__-_w", "-__-_w=="):
            self.assertEqual(decode_base64(text), data)

    def test_anything_else_is_a_value_error(self) -> None:
        for text in ("A", "AAAAA", "A=A", "AA===", "A A", "é", "AA\n", "*"):
            with self.subTest(text), self.assertRaises(ValueError):
                decode_base64(text)
