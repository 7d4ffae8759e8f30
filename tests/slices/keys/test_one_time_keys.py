"""One-time and fallback keys.

https://spec.matrix.org/v1.19/client-server-api/#one-time-and-fallback-keys
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.support.api_client import Json
from tests.support.crypto_device import CryptoDevice, claim
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


class OneTimeKeysTest(HomeserverCase):
    """Bob claims keys of Alice's device."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.device = CryptoDevice(self.alice)

    def claim(self) -> Json | None:
        """The key that Bob gets, by its id."""
        return claim(self.bob, self.alice)[0]

    def counts(self) -> tuple[Json, list[str]]:
        """What `/sync` tells Alice of her keys."""
        answer = self.alice.sync()
        return answer["device_one_time_keys_count"], answer["device_unused_fallback_key_types"]

    def test_each_key_is_given_once_and_in_the_order_of_the_uploads(self) -> None:
        """Then there are none."""
        uploads = [self.device.one_time_keys(1) for _ in range(4)]
        for keys in uploads:
            self.device.upload(keys)

        self.assertEqual([self.claim() for _ in range(5)], [*uploads, None])

    def test_claims_at_the_same_time_get_different_keys(self) -> None:
        """Every key goes to one of them."""
        keys = self.device.one_time_keys(20)
        self.device.upload(keys)
        with ThreadPoolExecutor(8) as threads:
            claimed = list(threads.map(lambda _: self.claim(), range(24)))

        given = [key for key in claimed if key is not None]
        self.assertEqual(len(given), 20)
        self.assertEqual({key_id: value for key in given for key_id, value in key.items()}, keys)

    def test_the_counts_follow(self) -> None:
        """In answers to uploads and in every sync, with 0 where there is none."""
        self.assertEqual(self.counts(), ({"signed_curve25519": 0}, []))
        uploaded = self.device.upload({**self.device.one_time_keys(2), "curve25519:A": "key"})
        self.assertEqual(uploaded, {"signed_curve25519": 2, "curve25519": 1})
        self.assertEqual(self.counts(), (uploaded, []))
        self.claim()
        self.assertEqual(self.counts(), ({"signed_curve25519": 1, "curve25519": 1}, []))
        self.claim()
        self.assertEqual(self.counts(), ({"signed_curve25519": 0, "curve25519": 1}, []))
        self.assertEqual(self.alice.log_in_again().sync()["device_one_time_keys_count"], {"signed_curve25519": 0})

    def test_a_claim_wakes_a_long_poll(self) -> None:
        """The device may want to upload more."""
        self.device.upload(self.device.one_time_keys(2))
        since = self.alice.sync(set_presence="offline")["next_batch"]
        with ThreadPoolExecutor(1) as threads:
            poll = threads.submit(self.alice.sync, since, 30_000, set_presence="offline")
            self.claim()
            answer = poll.result()

        self.assertEqual(answer["device_one_time_keys_count"], {"signed_curve25519": 1})

    def test_an_idle_sync_has_the_counts_too(self) -> None:
        """Clients take what is missing for none."""
        self.device.upload(self.device.one_time_keys(2), self.device.fallback_key())
        since = self.alice.sync()["next_batch"]

        answer = self.alice.sync(since)
        self.assertEqual(answer["device_one_time_keys_count"], {"signed_curve25519": 2})
        self.assertEqual(answer["device_unused_fallback_key_types"], ["signed_curve25519"])

    def test_the_fallback_key_is_given_when_nothing_else_is_left(self) -> None:
        """Again and again, and its owner is told that it was used."""
        one_time, fallback = self.device.one_time_keys(1), self.device.fallback_key()
        self.device.upload(one_time, fallback)
        self.assertEqual(self.claim(), one_time)
        self.assertEqual(self.counts()[1], ["signed_curve25519"])

        self.assertEqual([self.claim(), self.claim()], [fallback, fallback])
        self.assertEqual(self.counts()[1], [])

    def test_a_new_fallback_key_replaces_the_old_one(self) -> None:
        """The same one uploaded again stays used."""
        old, new = self.device.fallback_key(), self.device.fallback_key()
        self.device.upload(fallback_keys=old)
        self.claim()
        self.device.upload(fallback_keys=old)
        self.assertEqual(self.counts()[1], [])

        self.device.upload(fallback_keys=new)

        self.assertEqual(self.counts()[1], ["signed_curve25519"])
        self.assertEqual(self.claim(), new)

    def test_the_same_key_may_be_uploaded_again(self) -> None:
        """It does not count twice, and one that was claimed is not given again."""
        keys = self.device.one_time_keys(2)
        self.device.upload(keys)
        self.assertEqual(self.device.upload(keys), {"signed_curve25519": 2})
        claimed = self.claim()

        self.assertEqual(self.device.upload(keys), {"signed_curve25519": 1})
        self.assertNotEqual(self.claim(), claimed)
        self.assertIsNone(self.claim())

    def test_another_key_under_a_known_id_is_refused(self) -> None:
        """And nothing of the upload is taken."""
        keys = self.device.one_time_keys(1)
        self.device.upload(keys)
        other = {key_id: {**key, "key": "other"} for key_id, key in keys.items()}

        body = {"one_time_keys": {**self.device.one_time_keys(3), **other}}
        self.assertEqual(self.alice.refusal("POST", "/keys/upload", body), (400, "M_INVALID_PARAM"))
        self.assertEqual(self.claim(), keys)
        self.assertIsNone(self.claim())

    def test_there_are_limits(self) -> None:
        """To the keys of a device, and to a key's size."""
        self.device.upload(self.device.one_time_keys(400))
        many = {"one_time_keys": self.device.one_time_keys(101)}
        self.assertEqual(self.alice.refusal("POST", "/keys/upload", many), (400, "M_LIMIT_EXCEEDED"))
        algorithms = {"one_time_keys": {f"kind{number}:A": "key" for number in range(20)}}
        self.assertEqual(self.alice.refusal("POST", "/keys/upload", algorithms), (400, "M_LIMIT_EXCEEDED"))
        large = {"one_time_keys": self.device.one_time_keys(1, padding="x" * 4096)}
        self.assertEqual(self.alice.refusal("POST", "/keys/upload", large), (413, "M_TOO_LARGE"))

        self.assertEqual(self.counts()[0], {"signed_curve25519": 400})

    def test_bad_requests_are_told(self) -> None:
        """Uploads and claims of other shapes."""
        uploads: list[tuple[Json, str]] = [
            ({"one_time_keys": None}, "M_BAD_JSON"),
            ({"one_time_keys": []}, "M_BAD_JSON"),
            ({"one_time_keys": {"signed_curve25519": "key"}}, "M_INVALID_PARAM"),
            ({"one_time_keys": {":A": "key"}}, "M_INVALID_PARAM"),
            ({"one_time_keys": {"kind:" + "A" * 255: "key"}}, "M_INVALID_PARAM"),
            ({"one_time_keys": {"signed_curve25519:A": 1}}, "M_BAD_JSON"),
            ({"one_time_keys": {"signed_curve25519:A": {"signatures": {}}}}, "M_BAD_JSON"),
            ({"fallback_keys": "text"}, "M_BAD_JSON"),
            ({"fallback_keys": {"kind:A": "key", "kind:B": "key"}}, "M_INVALID_PARAM"),
        ]
        for body, errcode in uploads:
            self.assertEqual(self.alice.refusal("POST", "/keys/upload", body), (400, errcode), body)
        alice = self.alice.user_id
        claims: list[tuple[Json, str]] = [
            ({}, "M_MISSING_PARAM"),
            ({"one_time_keys": []}, "M_BAD_JSON"),
            ({"one_time_keys": {alice: ["X"]}}, "M_BAD_JSON"),
            ({"one_time_keys": {alice: {"X": 1}}}, "M_BAD_JSON"),
            ({"one_time_keys": {"alice": {}}}, "M_INVALID_PARAM"),
        ]
        for body, errcode in claims:
            self.assertEqual(self.bob.refusal("POST", "/keys/claim", body), (400, errcode), body)

        self.assertEqual(self.counts(), ({"signed_curve25519": 0}, []))


OneTimeKeysTestOnPostgres = on_postgres(OneTimeKeysTest)
