"""Keys of users of other servers.

https://spec.matrix.org/v1.19/server-server-api/#end-to-end-encryption
"""

from __future__ import annotations

from typing import ClassVar

from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import FEDERATION, Json
from tests.federation.two_servers import wait_for_membership
from tests.support.crypto_device import CryptoDevice, claim, query
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase

NOBODY = "@nobody:localhost:1"


class KeysOfTwoServersTest(FederationCase):
    """Alice is here, Bob and Carol are there; they share no room."""

    def setUp(self) -> None:
        self.alice = self.here.new_user("alice")
        self.bob, self.carol = self.there.new_user("bob"), self.there.new_user("carol")
        self.device = CryptoDevice(self.bob)

    def test_keys_are_asked_for_over_there(self) -> None:
        """Of users with and without keys, beside those of local users; what a device is called stays over there."""
        own = CryptoDevice(self.alice)
        own.upload()
        self.device.upload()
        self.bob.put(f"/devices/{self.bob.device_id}", {"display_name": "Secret"})

        answer = query(self.alice, self.alice, self.bob, self.carol)

        self.assertEqual(answer["failures"], {})
        devices = answer["device_keys"]
        self.assertEqual(devices[self.alice.user_id], {self.alice.device_id: {**own.keys, "unsigned": {}}})
        self.assertEqual(devices[self.bob.user_id], {self.bob.device_id: {**self.device.keys, "unsigned": {}}})
        self.assertEqual(devices[self.carol.user_id], {})

    def test_keys_are_claimed_over_there(self) -> None:
        """In order and once, like here."""
        uploads = [self.device.one_time_keys(1) for _ in range(2)]
        for keys in uploads:
            self.device.upload(keys)
        own = CryptoDevice(self.alice)
        own_key = own.one_time_keys(1)
        own.upload(own_key)

        self.assertEqual(claim(self.alice, self.bob, self.alice, self.carol), [uploads[0], own_key, None])
        self.assertEqual(claim(self.bob, self.bob), [uploads[1]])
        self.assertEqual(claim(self.alice, self.bob), [None])

    def test_a_server_that_is_not_reached_is_a_failure_beside_the_answers(self) -> None:
        """Of a query and of a claim."""
        keys = self.device.one_time_keys(1)
        self.device.upload(keys)
        asked: Json = {self.bob.user_id: [], NOBODY: []}
        answer = self.alice.post("/keys/query", {"device_keys": asked})
        self.assertEqual(list(answer["failures"]), ["localhost:1"])
        self.assertEqual(list(answer["device_keys"][self.bob.user_id]), [self.bob.device_id])

        algorithm = "signed_curve25519"
        wanted = {self.bob.user_id: {self.bob.device_id: algorithm}, NOBODY: {"X": algorithm}}
        answer = self.alice.post("/keys/claim", {"one_time_keys": wanted})
        self.assertEqual(list(answer["failures"]), ["localhost:1"])
        self.assertEqual(answer["one_time_keys"], {self.bob.user_id: {self.bob.device_id: keys}})


class KeysOfServersLeftAloneTest(FederationCase):
    """A server that was not reached is not tried again for an hour, but for what a person waits for."""

    settings: ClassVar = {
        "federation": {"destination_min_retry_interval": "1h", "destination_max_retry_interval": "1h"}
    }

    def test_keys_are_asked_for_as_soon_as_it_is_back(self) -> None:
        """And with the answer it counts as there again: what waited for it arrives."""
        alice, bob = self.here.new_user("alice"), self.there.new_user("bob")
        room = alice.create_room(preset="public_chat")
        bob.join(room, self.here.name)
        device = CryptoDevice(bob)
        keys = device.one_time_keys(1)
        device.upload(keys)
        wait_for_membership(alice, room, bob, "join")
        self.there.stop()
        event_id = alice.send(room, "into the void")
        path = f"/profile/@somebody:{self.there.name}"
        alice.sync_until(lambda _: "could not be reached lately" in alice.request("GET", path).json["error"])
        self.there.start()

        self.assertEqual(claim(alice, bob), [keys])

        bob.wait_for_event(room, event_id)


class HostileKeysTest(HostileCase):
    """A peer that asks strangely, and answers so."""

    def ask(self, path: str, body: Json) -> tuple[int, Json]:
        """A signed request of the peer's."""
        answer = self.peer.ask("POST", f"{FEDERATION}/user/keys/{path}", body)
        return answer.status, answer.json

    def test_only_keys_of_local_users_are_told(self) -> None:
        """Questions of another shape are 400."""
        device = CryptoDevice(self.server.new_user("bob"))
        keys = device.one_time_keys(1)
        device.upload(keys)
        bob, device_id = device.user.user_id, device.user.device_id
        status, answer = self.ask("query", {"device_keys": {bob: [], NOBODY: []}})
        self.assertEqual((status, list(answer["device_keys"])), (200, [bob]))
        wrong: list[Json] = [{}, {"device_keys": {bob: {}}}, {"device_keys": {"bob": []}}, {"device_keys": [bob]}]
        for body in wrong:
            self.assertEqual(self.ask("query", body)[0], 400, body)

        wrong = [{}, {"one_time_keys": {bob: []}}, {"one_time_keys": {bob: {device_id: 1}}}]
        for body in wrong:
            self.assertEqual(self.ask("claim", body)[0], 400, body)
        wanted = {bob: {device_id: "signed_curve25519"}, NOBODY: {"X": "signed_curve25519"}}
        self.assertEqual(
            self.ask("claim", {"one_time_keys": wanted}), (200, {"one_time_keys": {bob: {device_id: keys}}})
        )

    def test_a_server_answers_for_its_own_users_and_devices_only(self) -> None:
        """All else is left out of what clients are told."""
        peer, alice = f"@stranger:{self.peer.name}", self.alice.user_id
        good = {"user_id": peer, "device_id": "GOOD", "algorithms": [], "keys": {}, "signatures": {}}
        answer = {
            "device_keys": {
                peer: {"GOOD": good, "BAD": good, "WORSE": 1, "WORST": {**good, "user_id": alice}},
                alice: {"X": {**good, "user_id": alice, "device_id": "X"}},
            },
            "master_keys": {alice: {"user_id": alice}, peer: {"user_id": alice}},
        }
        self.peer.answers["POST", f"{FEDERATION}/user/keys/query"] = lambda exchange: self.peer.reply(exchange, answer)

        other = f"@other:{self.peer.name}"
        told = self.alice.post("/keys/query", {"device_keys": {peer: ["GOOD"], other: []}})

        self.assertEqual(told["device_keys"], {peer: {"GOOD": good}, other: {}})
        self.assertEqual(told["master_keys"], {})

    def test_a_peer_that_does_not_answer_in_time_is_a_failure(self) -> None:
        """The client says how long it waits."""
        self.peer.answers["POST", f"{FEDERATION}/user/keys/query"] = lambda exchange: None

        asked: Json = {f"@other:{self.peer.name}": []}
        told = self.alice.post("/keys/query", {"device_keys": asked, "timeout": 50})

        self.assertEqual(list(told["failures"]), [self.peer.name])


KeysOfTwoServersTestOnPostgres = on_postgres(KeysOfTwoServersTest)
KeysOfServersLeftAloneTestOnPostgres = on_postgres(KeysOfServersLeftAloneTest)
HostileKeysTestOnPostgres = on_postgres(HostileKeysTest)
