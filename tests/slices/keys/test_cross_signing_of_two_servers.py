"""Cross-signing keys and signatures of users of other servers.

https://spec.matrix.org/v1.19/server-server-api/#end-to-end-encryption
"""

from __future__ import annotations

from tests.slices.keys.test_device_lists import lists
from tests.support.api_client import Json, User
from tests.support.crypto_device import CrossSigner, CryptoDevice, query, upload_signatures
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase


class CrossSigningOfTwoServersTest(FederationCase):
    """Alice is here, Bob is there."""

    def setUp(self) -> None:
        self.alice, self.bob = self.here.new_user("alice"), self.there.new_user("bob")
        self.device, self.of_bob = CryptoDevice(self.bob), CrossSigner(self.bob)
        self.device.upload()

    def share_room(self) -> None:
        """Have both join a room."""
        room = self.alice.create_room(preset="public_chat")
        self.bob.join(room, self.here.name)

    def told(self, section: str) -> Json:
        """Bob's key, as Alice is told."""
        key: Json = query(self.alice, self.bob).get(section, {}).get(self.bob.user_id, {})
        return key

    def wait_until_told(self, section: str, expected: Json) -> None:
        """Until Alice is told of just this key."""
        self.alice.sync_until(lambda _: self.told(section) == expected)

    def test_keys_of_strangers_are_told(self) -> None:
        """All but the user-signing key."""
        self.of_bob.upload()

        self.assertEqual(self.told("master_keys"), self.of_bob.keys["master"])
        self.assertEqual(self.told("self_signing_keys"), self.of_bob.keys["self_signing"])
        self.assertEqual(self.told("user_signing_keys"), {})

    def test_new_keys_are_told_to_those_who_share_a_room(self) -> None:
        """Whose server knows the devices already."""
        self.share_room()
        self.alice.sync_until(lambda _: query(self.alice, self.bob)["device_keys"].get(self.bob.user_id))
        self.assertEqual(self.told("master_keys"), {})
        since = self.alice.sync()["next_batch"]

        self.of_bob.upload()

        self.alice.sync_until(lambda answer: self.bob.user_id in lists(answer)[0], since)
        self.wait_until_told("master_keys", self.of_bob.keys["master"])
        self.wait_until_told("self_signing_keys", self.of_bob.keys["self_signing"])

    def test_a_device_that_is_signed_is_told(self) -> None:
        """With the signature."""
        self.of_bob.upload()
        self.share_room()
        self.alice.sync_until(lambda _: query(self.alice, self.bob)["device_keys"].get(self.bob.user_id))
        signed_keys = self.of_bob.sign("self_signing", self.device.keys)
        self.assertEqual(upload_signatures(self.bob, signed_keys), {})

        def is_signed(_: Json) -> bool:
            keys = query(self.alice, self.bob)["device_keys"][self.bob.user_id][self.bob.device_id]
            return bool(keys["signatures"] == signed_keys["signatures"])

        self.alice.sync_until(is_signed)

    def test_a_user_of_another_server_can_be_signed(self) -> None:
        """Nobody but the signer sees it."""
        self.of_bob.upload()
        signer = CrossSigner(self.alice)
        signer.upload()

        failures = upload_signatures(self.alice, signer.sign("user_signing", self.of_bob.keys["master"]))

        self.assertEqual(failures, {})
        by_alice = set(self.told("master_keys")["signatures"][self.alice.user_id])
        self.assertEqual(by_alice, {f"ed25519:{signer.public['user_signing']}"})
        others: list[User] = [self.bob, self.here.new_user("carol")]
        for other in others:
            master_key = query(other, self.bob)["master_keys"][self.bob.user_id]
            self.assertNotIn(self.alice.user_id, master_key.get("signatures", {}))


CrossSigningOfTwoServersTestOnPostgres = on_postgres(CrossSigningOfTwoServersTest)
