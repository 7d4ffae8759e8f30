"""Cross-signing keys.

https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysdevice_signingupload
"""

from __future__ import annotations

from tests.slices.keys.test_device_lists import lists
from tests.support.api_client import Json, User
from tests.support.crypto_device import CrossSigner, CryptoDevice, query
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

UPLOAD = "/keys/device_signing/upload"


class CrossSigningTest(HomeserverCase):
    """Alice publishes keys; Bob asks for them."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.signer = CrossSigner(self.alice)

    def told(self, asker: User) -> Json:
        """Usage to Alice's key, as somebody is told."""
        answer = query(asker, self.alice)
        sections = ("master_keys", "self_signing_keys", "user_signing_keys")
        found = {name.removesuffix("_keys"): answer.get(name, {}).get(self.alice.user_id) for name in sections}
        return {usage: key for usage, key in found.items() if key is not None}

    def with_password(self, body: Json) -> Json:
        """The request again, with a password after the challenge."""
        challenge = self.alice.request("POST", UPLOAD, body)
        self.assertEqual(challenge.status, 401)
        identifier = {"type": "m.id.user", "user": self.alice.user_id}
        auth = {
            "type": "m.login.password",
            "identifier": identifier,
            "password": self.alice.password,
            "session": challenge.json["session"],
        }
        return {**body, "auth": auth}

    def test_the_first_keys_need_no_confirmation(self) -> None:
        """Nobody but their owner sees the user-signing key."""
        self.signer.upload()

        self.assertEqual(self.told(self.alice), self.signer.keys)
        public = {usage: self.signer.keys[usage] for usage in ("master", "self_signing")}
        self.assertEqual(self.told(self.bob), public)

    def test_the_same_keys_may_be_published_again(self) -> None:
        """All of them or some, without confirmation; nobody is told of it."""
        self.signer.upload()
        since = self.alice.sync()["next_batch"]
        self.signer.upload()
        self.signer.upload("self_signing")

        self.assertNotIn("device_lists", self.alice.sync(since))

    def test_other_keys_need_confirmation(self) -> None:
        """Until then the old ones stay; then those the old master key signed are gone."""
        self.signer.upload()
        other = CrossSigner(self.alice)
        body = self.with_password(other.body("master", "self_signing"))
        self.assertEqual(self.told(self.alice), self.signer.keys)

        self.alice.post(UPLOAD, body)

        expected = {usage: other.keys[usage] for usage in ("master", "self_signing")}
        self.assertEqual(self.told(self.alice), expected)

    def test_the_keys_may_stand_in_the_request_that_was_challenged(self) -> None:
        """The one that confirms holds nothing else."""
        self.signer.upload()
        other = CrossSigner(self.alice)
        body = self.with_password(other.body())

        self.alice.post(UPLOAD, {"auth": body["auth"]})

        self.assertEqual(self.told(self.alice), other.keys)

    def test_a_key_that_is_added_needs_confirmation(self) -> None:
        """A master key was there already; a wrong password is none."""
        self.signer.upload("master")
        body = self.with_password(self.signer.body("self_signing"))
        wrong = {**body, "auth": {**body["auth"], "password": "wrong"}}
        self.assertEqual(self.alice.request("POST", UPLOAD, wrong).status, 401)
        self.assertEqual(set(self.told(self.alice)), {"master"})

        self.alice.post(UPLOAD, body)

        self.assertEqual(set(self.told(self.alice)), {"master", "self_signing"})

    def test_those_who_share_rooms_are_told_of_new_keys(self) -> None:
        """Of a new user-signing key only its owner is."""
        room = self.alice.create_room(preset="public_chat")
        self.bob.join(room)
        since, own_since = self.bob.sync()["next_batch"], self.alice.sync()["next_batch"]
        self.signer.upload("master", "self_signing")
        answer = self.bob.sync(since)
        self.assertEqual(lists(answer), ({self.alice.user_id}, set()))
        own = self.alice.sync(own_since)
        self.assertEqual(lists(own), ({self.alice.user_id}, set()))

        self.alice.post(UPLOAD, self.with_password(self.signer.body("user_signing")))

        self.assertEqual(lists(self.bob.sync(answer["next_batch"])), (set(), set()))
        self.assertEqual(lists(self.alice.sync(own["next_batch"])), ({self.alice.user_id}, set()))

    def test_keys_have_to_be_signed_by_the_master_key(self) -> None:
        """Which has to be there; nothing is kept of what is wrong."""
        other = CrossSigner(self.alice)
        body = {**self.signer.body("master"), **other.body("self_signing")}
        self.assertEqual(self.alice.refusal("POST", UPLOAD, body), (400, "M_INVALID_SIGNATURE"))
        forged = {**self.signer.keys["self_signing"], "keys": other.keys["self_signing"]["keys"]}
        body = {**self.signer.body("master"), "self_signing_key": forged}
        self.assertEqual(self.alice.refusal("POST", UPLOAD, body), (400, "M_INVALID_SIGNATURE"))
        body = self.signer.body("self_signing")
        self.assertEqual(self.alice.refusal("POST", UPLOAD, body), (400, "M_MISSING_PARAM"))

        self.assertEqual(self.told(self.alice), {})

    def test_a_key_is_not_called_as_a_device_is(self) -> None:
        """Neither when it is published nor when somebody logs in."""
        name = self.signer.public["master"]
        device = self.alice.log_in_again(device_id=name)
        self.assertEqual(self.alice.refusal("POST", UPLOAD, self.signer.body()), (403, "M_FORBIDDEN"))
        device.post("/logout")
        self.signer.upload()

        login = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.alice.user_id},
            "password": self.alice.password,
            "device_id": name,
        }
        self.assertEqual(self.server.refusal("POST", "/login", login), (403, "M_FORBIDDEN"))

    def test_bad_keys_are_told(self) -> None:
        """Of somebody else, of another usage, and what is no key."""
        good = self.signer.keys["master"]
        public = self.signer.public["master"]
        cases: list[tuple[object, str]] = [
            (None, "M_BAD_JSON"),
            ([], "M_BAD_JSON"),
            ({**good, "user_id": self.bob.user_id}, "M_INVALID_PARAM"),
            ({**good, "usage": ["self_signing"]}, "M_INVALID_PARAM"),
            ({**good, "usage": "master"}, "M_INVALID_PARAM"),
            ({**good, "keys": {}}, "M_BAD_JSON"),
            ({**good, "keys": {**good["keys"], "ed25519:x": "x"}}, "M_BAD_JSON"),
            ({**good, "keys": {"ed25519:x": public}}, "M_INVALID_PARAM"),
            ({**good, "keys": {f"curve25519:{public}": public}}, "M_INVALID_PARAM"),
            ({**good, "keys": {"ed25519:short": "short"}}, "M_INVALID_PARAM"),
            ({**good, "signatures": {self.alice.user_id: 1}}, "M_BAD_JSON"),
        ]
        for key, errcode in cases:
            error = self.alice.refusal("POST", UPLOAD, {"master_key": key})
            self.assertEqual(error, (400, errcode), key)
        self.assertEqual(self.told(self.alice), {})

    def test_keys_end_with_the_account(self) -> None:
        """And what was signed with them."""
        CryptoDevice(self.alice).upload()
        self.signer.upload()
        auth = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.alice.user_id},
            "password": self.alice.password,
        }
        self.alice.post("/account/deactivate", {"auth": auth})

        self.assertEqual(self.told(self.bob), {})
        self.assertEqual(query(self.bob, self.alice)["device_keys"], {self.alice.user_id: {}})


CrossSigningTestOnPostgres = on_postgres(CrossSigningTest)
