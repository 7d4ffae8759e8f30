"""What servers publish as their keys: what is believed of it."""

from __future__ import annotations

import unittest
from typing import Any

from homeserver.federation.server_keys import MAX_VALIDITY_MS, BadServerKeys, ServerKeys, read_server_keys
from homeserver.protocol.signing import SigningKey, sign_json
from tests.support.peer_homeserver import new_key

NOW = 1_700_000_000_000
KEY = new_key("a")
OLD = new_key("old")


def answer(*signers: SigningKey, **changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = {
        "server_name": "peer.example",
        "verify_keys": {KEY.key_id: {"key": KEY.verify_key.encoded}},
        "old_verify_keys": {OLD.key_id: {"key": OLD.verify_key.encoded, "expired_ts": 5}},
        "valid_until_ts": NOW + 1000,
    }
    value |= changes
    for key in signers or (KEY,):
        value = sign_json(value, "peer.example", key)
    return value


class Answers(unittest.TestCase):
    def read(self, value: Any) -> ServerKeys:
        return read_server_keys(value, NOW)

    def test_current_and_old_keys(self) -> None:
        keys = self.read(answer()).keys

        self.assertEqual((keys[KEY.key_id].valid_until_ms, keys[KEY.key_id].is_old), (NOW + 1000, False))
        self.assertEqual((keys[OLD.key_id].valid_until_ms, keys[OLD.key_id].is_old), (5, True))

    def test_no_key_is_believed_for_more_than_seven_days(self) -> None:
        keys = self.read(answer(valid_until_ts=NOW + 100 * MAX_VALIDITY_MS)).keys

        self.assertEqual(keys[KEY.key_id].valid_until_ms, NOW + 7 * 24 * 3600 * 1000)

    def test_keys_of_other_algorithms_and_broken_ones_are_passed_over(self) -> None:
        verify_keys = {
            KEY.key_id: {"key": KEY.verify_key.encoded},
            "curve25519:x": {"key": "abc"},
            "ed25519:short": {"key": "abc"},
            "ed25519:not-allowed!": {"key": KEY.verify_key.encoded},
            "ed25519:n": 1,
        }
        self.assertEqual(set(self.read(answer(verify_keys=verify_keys, old_verify_keys={})).keys), {KEY.key_id})

    def test_an_old_key_does_not_vouch_for_the_answer(self) -> None:
        with self.assertRaises(BadServerKeys):
            self.read(answer(OLD))

    def test_a_wrong_signature_spoils_the_answer(self) -> None:
        other = new_key("b")
        value = answer(
            KEY,
            verify_keys={key.key_id: {"key": key.verify_key.encoded} for key in (KEY, other)},
        )
        value["signatures"]["peer.example"][other.key_id] = value["signatures"]["peer.example"][KEY.key_id]
        with self.assertRaises(BadServerKeys):
            self.read(value)

    def test_what_is_malformed(self) -> None:
        unsigned = answer()
        del unsigned["signatures"]
        forged = {**answer(), "valid_until_ts": NOW + 2000}
        many = {f"ed25519:k{number}": {"key": KEY.verify_key.encoded} for number in range(100)}
        malformed: dict[str, Any] = {
            "list": [],
            "none": None,
            "unsigned": unsigned,
            "changed": forged,
            "no name": answer(server_name=None),
            "time is no integer": answer(valid_until_ts=1.5),
            "time is a bool": answer(valid_until_ts=True),
            "negative time": answer(valid_until_ts=-1),
            "huge time": answer(valid_until_ts=2**60),
            "no keys": answer(verify_keys={}),
            "keys are a list": answer(verify_keys=[]),
            "many keys": answer(verify_keys=many),
            "large": answer(padding="x" * 70_000),
        }
        for name, value in malformed.items():
            with self.subTest(name), self.assertRaises(BadServerKeys):
                self.read(value)
