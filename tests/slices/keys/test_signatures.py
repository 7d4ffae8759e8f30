"""What users sign, and who sees it.

https://spec.matrix.org/v1.19/client-server-api/#key-and-signature-security
"""

from __future__ import annotations

from tests.slices.keys.test_device_lists import lists
from tests.support.api_client import Json, User
from tests.support.crypto_device import CrossSigner, CryptoDevice, query, signed, upload_signatures
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

INVALID, NOT_FOUND = "M_INVALID_SIGNATURE", "M_NOT_FOUND"


class SignatureTest(HomeserverCase):
    """Alice, Bob and Carol have a device and cross-signing keys each."""

    def setUp(self) -> None:
        self.alice, self.bob, self.carol = (self.new_user(name) for name in ("alice", "bob", "carol"))
        self.device = CryptoDevice(self.alice)
        self.device.upload()
        self.signer, self.of_bob = CrossSigner(self.alice), CrossSigner(self.bob)
        self.signer.upload()
        self.of_bob.upload()

    def device_signatures(self, asker: User) -> set[str]:
        """The ids of the keys that signed Alice's device, as somebody is told; only hers are."""
        signatures = query(asker, self.alice)["device_keys"][self.alice.user_id][self.alice.device_id]["signatures"]
        self.assertLessEqual(set(signatures), {self.alice.user_id})
        return set(signatures[self.alice.user_id])

    def master_signatures(self, asker: User, owner: User) -> dict[str, set[str]]:
        """User id to ids of the keys that signed a master key, as somebody is told."""
        signatures = query(asker, owner)["master_keys"][owner.user_id].get("signatures", {})
        return {user_id: set(by_key) for user_id, by_key in signatures.items()}

    def signed_by_device(self, device: CryptoDevice, key: Json) -> Json:
        """A key with a device's signature."""
        return signed(key, device.user.user_id, device.key, device.user.device_id)

    def test_everybody_sees_that_a_device_is_signed_by_its_owner(self) -> None:
        """Who shares a room is told of it, and the device's own signature stays."""
        self.bob.join(self.alice.create_room(preset="public_chat"))
        since = self.bob.sync()["next_batch"]
        own, by_self = f"ed25519:{self.alice.device_id}", f"ed25519:{self.signer.public['self_signing']}"

        failures = upload_signatures(self.alice, self.signer.sign("self_signing", self.device.keys))

        self.assertEqual(failures, {})
        self.assertEqual(lists(self.bob.sync(since)), ({self.alice.user_id}, set()))
        for asker in (self.alice, self.bob):
            self.assertEqual(self.device_signatures(asker), {own, by_self})

    def test_the_same_signature_again_is_no_news(self) -> None:
        """Nobody is told."""
        key = self.signer.sign("self_signing", self.device.keys)
        upload_signatures(self.alice, key)
        since = self.alice.sync()["next_batch"]

        self.assertEqual(upload_signatures(self.alice, key), {})
        self.assertNotIn("device_lists", self.alice.sync(since))

    def test_everybody_sees_that_a_master_key_is_signed_by_its_owners_device(self) -> None:
        """Until the device is gone."""
        other = CryptoDevice(self.alice.log_in_again())
        other.upload()
        key = self.signed_by_device(self.device, self.signed_by_device(other, self.signer.keys["master"]))

        self.assertEqual(upload_signatures(self.alice, key), {})

        both = {f"ed25519:{one.user.device_id}" for one in (self.device, other)}
        self.assertEqual(self.master_signatures(self.bob, self.alice), {self.alice.user_id: both})
        other.user.post("/logout")
        left = {self.alice.user_id: {f"ed25519:{self.alice.device_id}"}}
        self.assertEqual(self.master_signatures(self.bob, self.alice), left)

    def test_only_a_user_sees_whom_they_have_signed(self) -> None:
        """And is told of it, though they share no room."""
        since, since_bob = self.alice.sync()["next_batch"], self.bob.sync()["next_batch"]

        failures = upload_signatures(self.alice, self.signer.sign("user_signing", self.of_bob.keys["master"]))

        self.assertEqual(failures, {})
        by_user = {self.alice.user_id: {f"ed25519:{self.signer.public['user_signing']}"}}
        self.assertEqual(self.master_signatures(self.alice, self.bob), by_user)
        self.assertEqual(self.master_signatures(self.bob, self.bob), {})
        self.assertEqual(self.master_signatures(self.carol, self.bob), {})
        self.assertEqual(lists(self.alice.sync(since)), ({self.bob.user_id}, set()))
        self.assertNotIn("device_lists", self.bob.sync(since_bob))

    def test_signatures_of_others_that_came_with_a_key_are_not_shown(self) -> None:
        """A key could tell who knows whom."""
        device = CryptoDevice(self.alice)
        device.keys = self.of_bob.sign("user_signing", device.keys)
        device.upload()

        self.assertEqual(self.device_signatures(self.carol), {f"ed25519:{self.alice.device_id}"})

    def test_new_keys_have_none_of_the_old_ones_signatures(self) -> None:
        """Of a device that starts afresh."""
        upload_signatures(self.alice, self.signer.sign("self_signing", self.device.keys))
        CryptoDevice(self.alice).upload()

        self.assertEqual(self.device_signatures(self.bob), {f"ed25519:{self.alice.device_id}"})

    def assert_fails(self, key: Json, errcode: str, uploader: User | None = None) -> None:
        """Of this and a good one, this alone fails."""
        good = self.signer.sign("self_signing", self.device.keys)
        keys = [key] if uploader or key.get("device_id") == self.alice.device_id else [key, good]
        failures = upload_signatures(uploader or self.alice, *keys)
        name = key["device_id"] if "device_id" in key else next(iter(key["keys"].values()))
        told = {user: {one: error["errcode"] for one, error in of_user.items()} for user, of_user in failures.items()}
        self.assertEqual(told, {key["user_id"]: {name: errcode}})

    def test_what_is_wrongly_signed_fails(self) -> None:
        """Good signatures beside it are taken."""
        other, of_carol = CrossSigner(self.alice), CrossSigner(self.carol)
        master_of_bob = self.of_bob.keys["master"]
        self.assert_fails(other.sign("self_signing", self.device.keys), INVALID)
        self.assert_fails(self.signer.sign("master", self.device.keys), INVALID)
        self.assert_fails(self.signer.sign("self_signing", master_of_bob), INVALID)
        self.assert_fails(of_carol.sign("user_signing", master_of_bob), INVALID)
        self.assert_fails(of_carol.sign("user_signing", master_of_bob), INVALID, self.carol)
        self.assert_fails(self.signer.sign("user_signing", of_carol.keys["master"]), NOT_FOUND)
        self.assert_fails(self.signer.sign("self_signing", {**self.device.keys, "device_id": "NOSUCH"}), NOT_FOUND)
        changed = {**self.device.keys, "algorithms": []}
        self.assert_fails(self.signer.sign("self_signing", changed), INVALID)
        forged = self.signer.sign("user_signing", master_of_bob)
        forged["signatures"][self.alice.user_id] = {f"ed25519:{self.signer.public['user_signing']}": "forged"}
        self.assert_fails(forged, INVALID)

        by_self = f"ed25519:{self.signer.public['self_signing']}"
        self.assertIn(by_self, self.device_signatures(self.bob))
        self.assertEqual(self.master_signatures(self.alice, self.bob), {})

    def test_bad_requests_are_told(self) -> None:
        """What is no map of users and keys."""
        alice = self.alice.user_id
        wrong: list[Json] = [{alice: []}, {alice: {"X": "key"}}, {"alice": {}}]
        for body in wrong:
            self.assertEqual(self.alice.refusal("POST", "/keys/signatures/upload", body)[0], 400, body)


SignatureTestOnPostgres = on_postgres(SignatureTest)
