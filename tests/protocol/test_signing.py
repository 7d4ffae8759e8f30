"""Signatures. https://spec.matrix.org/v1.19/appendices/#cryptographic-test-vectors"""

from __future__ import annotations

import unittest
from typing import Any

import signedjson.key
import signedjson.sign
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.exceptions import BadSignatureError

from homeserver.protocol.base64 import decode_base64
from homeserver.protocol.canonical_json import encode
from homeserver.protocol.events import parse_event
from homeserver.protocol.hashing import content_hash
from homeserver.protocol.redaction import redact
from homeserver.protocol.room_versions import ROOM_VERSIONS
from homeserver.protocol.signing import (
    SignatureError,
    read_signing_keys,
    required_signers,
    sign_event,
    sign_json,
    signing_key_from_seed,
    signing_key_ids,
    verify_event_signature,
    verify_json,
    verify_key_from_base64,
    write_signing_keys,
)
from tests.protocol.sample_events import ALICE, KEY, MINIMAL_EVENT, REDACTABLE_EVENT, SERVER, signed

_V1, _V7, _V8, _V9, _V12 = (ROOM_VERSIONS[version] for version in ("1", "7", "8", "9", "12"))
_SEED = decode_base64("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1")
_SPEC_KEY = signing_key_from_seed("1", _SEED)
_OBJECTS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"])), st.integers(-1000, 1000) | st.booleans() | st.none(), max_size=5
)


def _signature(value: dict[str, Any]) -> Any:
    return value["signatures"]["domain"]["ed25519:1"]


class Vectors(unittest.TestCase):
    def test_json(self) -> None:
        self.assertEqual(
            sign_json({}, "domain", _SPEC_KEY),
            {
                "signatures": {
                    "domain": {
                        "ed25519:1": "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/"
                        "7Xg4ahLwYGYZzuHGZKM5ZAQ"
                    }
                }
            },
        )
        self.assertEqual(
            _signature(sign_json({"one": 1, "two": "Two"}, "domain", _SPEC_KEY)),
            "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw",
        )

    def test_events(self) -> None:
        for event, expected in (
            (MINIMAL_EVENT, "KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg"),
            (
                REDACTABLE_EVENT,
                "Wm+VzmOUOz08Ds+0NTWb1d4CZrVsJSikkeRxh6aCcUwu6pNC78FunoD7KNWzqFn241eYHYMGCA5McEiVPdhzBA",
            ),
        ):
            with self.subTest(event["type"]):
                hashed = {**event, "hashes": {"sha256": content_hash(event, _V1)}}
                result = sign_event(hashed, _V1, "domain", _SPEC_KEY)
                self.assertEqual(_signature(result), expected)
                self.assertEqual(result["unsigned"], {"age_ts": 1000000})
                verify_event_signature(result, _V1, "domain", _SPEC_KEY.verify_key)


class JsonSignatures(unittest.TestCase):
    def test_agrees_with_signedjson(self) -> None:
        theirs = signedjson.key.decode_signing_key_base64("ed25519", "1", "YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1")
        value = {"a": "ü", "unsigned": {"x": 1}, "signatures": {"other": {"ed25519:z": "sig"}}}
        mine = sign_json(value, "domain", _SPEC_KEY)

        signedjson.sign.verify_signed_json(dict(mine), "domain", signedjson.key.get_verify_key(theirs))
        self.assertEqual(mine, signedjson.sign.sign_json(dict(value), "domain", theirs))

    def test_other_signatures_stay_and_the_argument_is_not_changed(self) -> None:
        once = sign_json({"a": 1}, "one", KEY)
        twice = sign_json(once, "one", _SPEC_KEY)

        self.assertEqual(list(once["signatures"]["one"]), ["ed25519:a_1"])
        self.assertEqual(signing_key_ids(twice, "one"), ["ed25519:a_1", "ed25519:1"])
        verify_json(twice, "one", KEY.verify_key)
        verify_json(twice, "one", _SPEC_KEY.verify_key)

    @settings(deadline=None)
    @given(_OBJECTS)
    def test_round_trip_and_any_change_is_seen(self, value: dict[str, Any]) -> None:
        value.pop("signatures", None)
        result = sign_json(value, SERVER, KEY)

        verify_json({**result, "unsigned": {"age": 1}}, SERVER, KEY.verify_key)
        for changed in ({**result, "\x00new": 1}, *({k: v for k, v in result.items() if k != key} for key in value)):
            with self.assertRaises(SignatureError):
                verify_json(changed, SERVER, KEY.verify_key)

    @settings(deadline=None)
    @given(st.integers(0, 85), st.integers(1, 63))
    def test_a_changed_signature_is_wrong(self, position: int, shift: int) -> None:
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        result = sign_json({"a": 1}, SERVER, KEY)
        text = result["signatures"][SERVER][KEY.key_id]
        other = alphabet[(alphabet.index(text[position]) + shift) % 64]
        changed = text[:position] + other + text[position + 1 :]
        if decode_base64(changed) == decode_base64(text):
            return  # Only the unused bits of the last character differ.
        with self.assertRaises(SignatureError):
            verify_json({"a": 1, "signatures": {SERVER: {KEY.key_id: changed}}}, SERVER, KEY.verify_key)

    def test_what_is_no_signature(self) -> None:
        bad: list[Any] = [None, [], "x", {}, {SERVER: None}, {SERVER: []}, {SERVER: {"ed25519:other": "x"}}]
        bad += [{SERVER: {KEY.key_id: value}} for value in (None, 1, "", "é", "AAAA", "A" * 86, "A" * 87)]
        for signatures in bad:
            with self.subTest(signatures), self.assertRaises(SignatureError):
                verify_json({"a": 1, "signatures": signatures}, SERVER, KEY.verify_key)
        with self.assertRaises(SignatureError):
            verify_json({"a": float("nan"), "signatures": {SERVER: {KEY.key_id: "A" * 86}}}, SERVER, KEY.verify_key)

    def test_only_keys_of_a_known_algorithm_are_named(self) -> None:
        signatures = {"a": {"ed25519:1": "x", "rsa:1": "y"}, "b": 5}

        self.assertEqual(signing_key_ids({"signatures": signatures}, "a"), ["ed25519:1"])
        self.assertEqual(signing_key_ids({"signatures": signatures}, "b"), [])
        self.assertEqual(signing_key_ids({}, "a"), [])


class EventSignatures(unittest.TestCase):
    def test_a_redacted_event_keeps_its_signature(self) -> None:
        for version in ROOM_VERSIONS.values():
            with self.subTest(version.version):
                event = signed(version)
                verify_event_signature(event.pdu, version, SERVER, KEY.verify_key)
                verify_event_signature(redact(event.pdu, version), version, SERVER, KEY.verify_key)

    def test_any_essential_field_is_covered(self) -> None:
        event = signed(_V12, type="m.room.member", state_key=ALICE, content={"membership": "join"})
        for name, value in (("depth", 8), ("state_key", "@x:y"), ("hashes", {}), ("content", {"membership": "ban"})):
            with self.subTest(name), self.assertRaises(SignatureError):
                verify_event_signature({**event.pdu, name: value}, _V12, SERVER, KEY.verify_key)

    def test_changing_any_byte_of_the_signed_form_is_seen(self) -> None:
        essential = redact(signed(_V12).pdu, _V12)
        signatures = essential.pop("signatures")
        covered = bytearray(encode(essential))
        signature = decode_base64(signatures[SERVER][KEY.key_id])
        verify = KEY.verify_key.key.verify
        verify(bytes(covered), signature)
        for position in range(len(covered)):
            covered[position] ^= 1
            with self.assertRaises(BadSignatureError, msg=position):
                verify(bytes(covered), signature)
            covered[position] ^= 1


class RequiredSigners(unittest.TestCase):
    def _member(self, version: Any, **content: Any) -> Any:
        return signed(version, type="m.room.member", state_key=ALICE, content=content)

    def test_the_senders_server(self) -> None:
        self.assertEqual(required_signers(signed(_V12)), {SERVER})

    def test_the_event_ids_server_in_versions_1_and_2(self) -> None:
        for version in ("1", "2"):
            rules = ROOM_VERSIONS[version]
            event = parse_event({**signed(rules).pdu, "event_id": "$x:other.example"}, rules)
            self.assertEqual(required_signers(event), {SERVER, "other.example"})

    def test_a_third_party_invite_needs_nobodys(self) -> None:
        content = {"membership": "invite", "third_party_invite": {"signed": {}}}
        self.assertEqual(required_signers(self._member(_V12, **content)), set())
        for other in ({**content, "membership": "join"}, {**content, "third_party_invite": "x"}):
            self.assertEqual(required_signers(self._member(_V12, **other)), {SERVER})

    def test_the_server_that_let_somebody_in(self) -> None:
        content = {"membership": "join", "join_authorised_via_users_server": "@bob:other.example"}
        self.assertEqual(required_signers(self._member(_V7, **content)), {SERVER})
        for version in (_V8, _V9, _V12):
            self.assertEqual(required_signers(self._member(version, **content)), {SERVER, "other.example"})

    def test_nobody_can_sign_for_what_is_no_user(self) -> None:
        values: list[Any] = [1, "bob", "@bob", {}, None]
        for value in values:
            event = self._member(_V12, membership="join", join_authorised_via_users_server=value)
            with self.subTest(value), self.assertRaises(SignatureError):
                required_signers(event)


class KeyFiles(unittest.TestCase):
    def test_the_form_of_signedjson(self) -> None:
        text = "ed25519 a_1 YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA0\n"
        keys = read_signing_keys(text)

        self.assertEqual([key.key_id for key in keys], ["ed25519:a_1"])
        self.assertEqual(write_signing_keys(keys), text)
        theirs = signedjson.key.read_signing_keys([text.strip()])[0]
        self.assertEqual(
            keys[0].verify_key.encoded, signedjson.key.encode_verify_key_base64(signedjson.key.get_verify_key(theirs))
        )

    def test_several_keys_and_blank_lines(self) -> None:
        text = write_signing_keys([KEY, _SPEC_KEY])

        self.assertEqual([key.key_id for key in read_signing_keys("\n" + text + "\n")], [KEY.key_id, "ed25519:1"])

    def test_an_error_does_not_show_the_key(self) -> None:
        secret = "YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1"
        for line in (f"rsa a {secret}", f"ed25519 {secret}", f"ed25519 a:b {secret}", f"ed25519 a {secret}AAAA"):
            with self.subTest(line), self.assertRaises(ValueError) as caught:
                read_signing_keys(line)
            self.assertNotIn(secret, str(caught.exception))
            self.assertIsNone(caught.exception.__cause__)

    def test_the_representation_does_not_show_the_key(self) -> None:
        self.assertEqual(repr(_SPEC_KEY), "SigningKey(key_id='ed25519:1')")

    def test_published_keys(self) -> None:
        key = verify_key_from_base64("ed25519:1", _SPEC_KEY.verify_key.encoded)
        verify_json(sign_json({"a": 1}, "domain", _SPEC_KEY), "domain", key)
        for key_id, text in (("rsa:1", key.encoded), ("ed25519:1", "AAAA"), ("ed25519:1", "é")):
            with self.subTest(key_id, text=text), self.assertRaises(ValueError):
                verify_key_from_base64(key_id, text)
