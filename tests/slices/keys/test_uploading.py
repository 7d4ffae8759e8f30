"""Publishing keys and asking for them, on one server.

https://spec.matrix.org/v1.19/client-server-api/#uploading-keys
"""

from __future__ import annotations

from tests.support.api_client import Json
from tests.support.crypto_device import CryptoDevice, query
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


class UploadingTest(HomeserverCase):
    """Alice has a device with keys."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.device = CryptoDevice(self.alice)

    def keys_of_alice(self) -> Json:
        """Device id to keys, as Bob is told."""
        keys: Json = query(self.bob, self.alice)["device_keys"][self.alice.user_id]
        return keys

    def test_others_are_told_the_keys_and_what_the_device_is_called(self) -> None:
        """Just as they were uploaded, so that the signature holds."""
        self.device.upload()
        self.alice.put(f"/devices/{self.alice.device_id}", {"display_name": "Phone"})

        expected = {**self.device.keys, "unsigned": {"device_display_name": "Phone"}}
        self.assertEqual(self.keys_of_alice(), {self.alice.device_id: expected})

    def test_devices_can_be_asked_for_by_name(self) -> None:
        """Only those are told; what is not there is left out."""
        other = CryptoDevice(self.alice.log_in_again())
        self.device.upload()
        other.upload()
        self.assertEqual(set(self.keys_of_alice()), {self.alice.device_id, other.user.device_id})

        asked = {self.alice.user_id: [other.user.device_id, "NOSUCH"]}
        answer = self.bob.post("/keys/query", {"device_keys": asked})

        self.assertEqual(list(answer["device_keys"][self.alice.user_id]), [other.user.device_id])
        self.assertEqual(answer["failures"], {})

    def test_who_has_no_keys_has_an_empty_entry(self) -> None:
        """Also a device that is there without keys."""
        self.alice.log_in_again()

        self.assertEqual(query(self.bob, self.alice)["device_keys"], {self.alice.user_id: {}})

    def test_keys_go_with_their_device(self) -> None:
        """At a logout."""
        self.device.upload(self.device.one_time_keys(1), self.device.fallback_key())
        self.alice.post("/logout")

        self.assertEqual(self.keys_of_alice(), {})
        again = self.alice.log_in_again(device_id=self.alice.device_id)
        self.assertEqual(again.sync()["device_one_time_keys_count"], {"signed_curve25519": 0})

    def test_a_device_that_comes_back_keeps_its_keys(self) -> None:
        """It was logged out softly and logs in under its id again."""
        self.device.upload(self.device.one_time_keys(3))
        again = self.alice.log_in_again(device_id=self.alice.device_id)

        self.assertEqual(list(self.keys_of_alice()), [self.alice.device_id])
        self.assertEqual(again.sync()["device_one_time_keys_count"], {"signed_curve25519": 3})

    def test_another_client_under_the_same_device_id_starts_afresh(self) -> None:
        """One-time and fallback keys that the one before signed are worth nothing."""
        self.device.upload(self.device.one_time_keys(3), self.device.fallback_key())
        again = CryptoDevice(self.alice.log_in_again(device_id=self.alice.device_id))

        self.assertEqual(again.upload(again.one_time_keys(1)), {"signed_curve25519": 1})
        self.assertEqual(again.user.sync()["device_unused_fallback_key_types"], [])
        self.assertEqual(self.keys_of_alice()[self.alice.device_id]["keys"], again.keys["keys"])

    def test_new_signatures_replace_nothing_else(self) -> None:
        """The same keys with other algorithms or signatures leave the one-time keys alone."""
        self.device.upload(self.device.one_time_keys(3))
        self.device.keys = {**self.device.keys, "signatures": {}}

        self.assertEqual(self.device.upload(), {"signed_curve25519": 3})
        self.assertEqual(self.keys_of_alice()[self.alice.device_id]["signatures"], {})

    def test_bad_device_keys_are_told(self) -> None:
        """Of another user or device, without what has to be there, of other shapes."""
        good = self.device.keys
        cases: list[tuple[object, str]] = [
            (None, "M_BAD_JSON"),
            ("text", "M_BAD_JSON"),
            ({**good, "user_id": self.bob.user_id}, "M_INVALID_PARAM"),
            ({**good, "device_id": "OTHER"}, "M_INVALID_PARAM"),
            ({name: value for name, value in good.items() if name != "algorithms"}, "M_BAD_JSON"),
            ({**good, "algorithms": [1]}, "M_BAD_JSON"),
            ({name: value for name, value in good.items() if name != "keys"}, "M_BAD_JSON"),
            ({**good, "keys": {f"ed25519:{self.alice.device_id}": 1}}, "M_BAD_JSON"),
            ({name: value for name, value in good.items() if name != "signatures"}, "M_BAD_JSON"),
            ({**good, "signatures": {self.alice.user_id: "text"}}, "M_BAD_JSON"),
        ]
        for keys, errcode in cases:
            error = self.alice.refusal("POST", "/keys/upload", {"device_keys": keys})
            self.assertEqual(error, (400, errcode), keys)
        large = {**good, "algorithms": ["x" * 65_536]}
        self.assertEqual(self.alice.refusal("POST", "/keys/upload", {"device_keys": large}), (413, "M_TOO_LARGE"))
        self.assertEqual(self.keys_of_alice(), {})

    def test_bad_queries_are_told(self) -> None:
        """A device list that is an object, a user that is none, nothing at all."""
        alice = self.alice.user_id
        cases: list[tuple[Json, str]] = [
            ({}, "M_MISSING_PARAM"),
            ({"device_keys": []}, "M_BAD_JSON"),
            ({"device_keys": {alice: {}}}, "M_BAD_JSON"),
            ({"device_keys": {alice: None}}, "M_BAD_JSON"),
            ({"device_keys": {alice: [1]}}, "M_BAD_JSON"),
            ({"device_keys": {"alice": []}}, "M_INVALID_PARAM"),
            ({"device_keys": {alice: []}, "timeout": "long"}, "M_BAD_JSON"),
        ]
        for body, errcode in cases:
            self.assertEqual(self.bob.refusal("POST", "/keys/query", body), (400, errcode), body)


UploadingTestOnPostgres = on_postgres(UploadingTest)
