"""What end-to-end encryption needs between a Synapse and a Hearth: keys, lists of devices, cross-signing."""

from __future__ import annotations

from tests.slices.keys.test_device_lists import lists
from tests.support.api_client import Json, User
from tests.support.crypto_device import CrossSigner, CryptoDevice, claim, query, upload_signatures
from tests.synapse.servers import need_synapse
from tests.synapse.synapse_case import SynapseCase, both_ways, room_of_two

need_synapse()


class KeysTest(SynapseCase):
    """Bob, of the one server, publishes; Ann, of the other, asks."""

    @both_ways
    def test_one_time_keys(self, version: str, ann: User, bob: User) -> None:
        """In order and once, then the fallback key, again and again."""
        device = CryptoDevice(bob)
        keys = [device.one_time_keys(1) for _ in range(2)]
        fallback = device.fallback_key()
        device.upload(keys[0], fallback)
        device.upload(keys[1])

        claimed = [claim(ann, bob)[0] for _ in range(4)]

        self.assertEqual([_material(one) for one in claimed], [_material(one) for one in (*keys, fallback, fallback)])

    @both_ways
    def test_lists_of_devices(self, version: str, ann: User, bob: User) -> None:
        """A device that comes, one that is told of later, and one that goes: each is told, and then asked for."""
        first = CryptoDevice(bob)
        first.upload()
        room_of_two(ann, bob, version)
        self.wait_for_devices(ann, bob, {bob.device_id})
        second = CryptoDevice(bob.log_in_again())
        since = ann.sync()["next_batch"]

        second.upload()

        ann.sync_until(lambda answer: bob.user_id in lists(answer)[0], since)
        self.wait_for_devices(ann, bob, {bob.device_id, second.user.device_id})
        since = ann.sync()["next_batch"]
        second.user.post("/logout")
        ann.sync_until(lambda answer: bob.user_id in lists(answer)[0], since)
        self.wait_for_devices(ann, bob, {bob.device_id})

    @both_ways
    def test_cross_signing(self, version: str, ann: User, bob: User) -> None:
        """The keys of a user, and what they have signed, are told; each may sign the other's."""
        device = CryptoDevice(bob)
        device.upload()
        room_of_two(ann, bob, version)
        his, hers = CrossSigner(bob), CrossSigner(ann)
        his.upload()
        hers.upload()
        self.assertEqual(upload_signatures(bob, his.sign("self_signing", device.keys)), {})

        def is_signed(_: Json) -> bool:
            answer = query(ann, bob)
            keys = answer["device_keys"].get(bob.user_id, {}).get(bob.device_id, {})
            signatures = keys.get("signatures", {}).get(bob.user_id, {})
            master_key = answer.get("master_keys", {}).get(bob.user_id, {}).get("keys", {})
            return f"ed25519:{his.public['self_signing']}" in signatures and his.public["master"] in master_key.values()

        ann.sync_until(is_signed)
        self.assertEqual(upload_signatures(ann, hers.sign("user_signing", his.keys["master"])), {})
        signed = query(ann, bob)["master_keys"][bob.user_id]["signatures"]
        self.assertIn(f"ed25519:{hers.public['user_signing']}", signed[ann.user_id])

    def wait_for_devices(self, asker: User, owner: User, expected: set[str]) -> None:
        """Until these are the devices with keys."""

        def are_told(_: Json) -> bool:
            return set(query(asker, owner)["device_keys"].get(owner.user_id, {})) == expected

        asker.sync_until(are_told)


def _material(key: Json | None) -> list[str]:
    """The public half of a one-time key."""
    return [] if key is None else [one["key"] for one in key.values()]
