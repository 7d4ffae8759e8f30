"""What a peer says of its users' devices: changes in order, changes that were missed, and nonsense.

https://spec.matrix.org/v1.19/server-server-api/#device-management
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import FEDERATION, Json, RoomPeer
from tests.slices.keys.test_device_lists import lists
from tests.support.api_client import PATIENCE_S
from tests.support.databases import on_postgres


def device_keys(user_id: str, device_id: str, key: str = "key") -> Json:
    """Keys of a device, in the right shape."""
    keys = {f"ed25519:{device_id}": key}
    return {"user_id": user_id, "device_id": device_id, "algorithms": [], "keys": keys, "signatures": {}}


class RemoteListTest(HostileCase):
    """Mallory is the peer's user, whose devices Alice asks for."""

    def setUp(self) -> None:
        """The peer answers that Mallory has the device `ONE`, as of the change 1."""
        super().setUp()
        self.answer_devices(1, "ONE")
        self.since = self.alice.sync()["next_batch"]

    @property
    def path(self) -> str:
        """Where the peer is asked for Mallory's devices."""
        return f"{FEDERATION}/user/devices/{quote(self.peer.user_id, safe='')}"

    def answer_devices(self, stream_id: int, *device_ids: str, peer: RoomPeer | None = None) -> None:
        """Have the peer answer with these devices."""
        user_id = (peer or self.peer).user_id
        devices = [{"device_id": one, "keys": device_keys(user_id, one)} for one in device_ids]
        self.peer.on("GET", self.path, {"user_id": user_id, "stream_id": stream_id, "devices": devices})

    def known(self) -> set[str]:
        """The devices that Alice is told."""
        answer = self.alice.post("/keys/query", {"device_keys": {self.peer.user_id: []}})
        return set(answer["device_keys"].get(self.peer.user_id, {}))

    def update(self, device_id: Any, stream_id: Any, previous: Any, **content: Any) -> None:
        """A change of a device, in a transaction of its own."""
        update = {
            "user_id": self.peer.user_id,
            "device_id": device_id,
            "stream_id": stream_id,
            "prev_id": previous,
            "keys": device_keys(self.peer.user_id, device_id),
            **content,
        }
        self.peer.send(edus=[{"edu_type": "m.device_list_update", "content": update}]).ok()

    def is_told(self) -> bool:
        """Whether Alice is told that Mallory's devices changed since she was last asked for."""
        answer = self.alice.sync(self.since)
        self.since = answer["next_batch"]
        return self.peer.user_id in lists(answer)[0]

    def wait_until_told(self) -> None:
        """Until Alice is told."""

        def find(answer: Json) -> bool:
            self.since = answer["next_batch"]
            return self.peer.user_id in lists(answer)[0]

        self.alice.sync_until(find, self.since)

    def wait_for_requests(self, number: int) -> None:
        """Until the peer was asked so many times for Mallory's devices."""
        until_s = time.monotonic() + PATIENCE_S
        while self.peer.requests_of(self.path) < number:
            self.assertLess(time.monotonic(), until_s, "the peer is not asked")
            time.sleep(0.02)

    def reap_until_requests(self, number: int) -> None:
        """The same; lists are compared when the comparison before has ended, of which nobody is told."""
        until_s = time.monotonic() + PATIENCE_S
        while self.peer.requests_of(self.path) < number:
            self.assertLess(time.monotonic(), until_s, "the peer is not asked")
            self.server.reap()
            time.sleep(0.1)

    def test_a_list_is_asked_for_once_and_follows_changes(self) -> None:
        """Devices that are new, have other keys, or go."""
        self.assertEqual((self.known(), self.known()), ({"ONE"}, {"ONE"}))
        self.is_told()
        self.update("TWO", 2, [1])
        self.assertTrue(self.is_told())
        self.assertEqual(self.known(), {"ONE", "TWO"})
        self.update("ONE", 3, [2], deleted=True, keys=None)
        self.assertTrue(self.is_told())
        self.assertEqual(self.known(), {"TWO"})
        self.update("TWO", 4, [3], keys=device_keys(self.peer.user_id, "TWO", "other"), device_display_name="Phone")
        answer = self.alice.post("/keys/query", {"device_keys": {self.peer.user_id: []}})
        keys = {**device_keys(self.peer.user_id, "TWO", "other"), "unsigned": {"device_display_name": "Phone"}}
        self.assertEqual(answer["device_keys"], {self.peer.user_id: {"TWO": keys}})

        self.assertEqual(self.peer.requests_of(self.path), 1)

    def test_a_change_that_was_missed_makes_the_list_come_whole(self) -> None:
        """Once, and Alice is told once; the change that comes late after all is known already."""
        self.known()
        self.assertTrue(self.is_told(), "the list has come")
        self.answer_devices(3, "ONE", "TWO", "THREE")
        self.update("THREE", 3, [2])

        self.wait_until_told()
        self.assertEqual(self.known(), {"ONE", "TWO", "THREE"})
        self.update("TWO", 2, [1])
        self.assertFalse(self.is_told())
        self.assertEqual(self.peer.requests_of(self.path), 2)

    def test_a_change_of_a_list_that_nobody_asked_for_makes_it_come(self) -> None:
        """Once it is there, Alice is told."""
        self.update("ONE", 1, [])
        self.wait_until_told()

        self.assertEqual((self.known(), self.peer.requests_of(self.path)), ({"ONE"}, 1))

    def test_a_change_that_comes_twice_counts_once(self) -> None:
        """In another transaction."""
        self.known()
        self.is_told()
        self.update("TWO", 2, [1])
        self.assertTrue(self.is_told())
        self.update("TWO", 2, [1])

        self.assertFalse(self.is_told())
        self.assertEqual((self.known(), self.peer.requests_of(self.path)), ({"ONE", "TWO"}, 1))

    def test_a_list_that_cannot_come_is_asked_for_again_after_a_restart(self) -> None:
        """Meanwhile the old one is told, with the failure, and Alice knows that something changed."""
        self.known()
        self.assertTrue(self.is_told(), "the list has come")
        self.peer.on("GET", self.path, {"errcode": "M_UNKNOWN", "error": "Out of order"}, 500)
        self.update("THREE", 3, [2])
        self.wait_until_told()
        answer = self.alice.post("/keys/query", {"device_keys": {self.peer.user_id: []}})
        self.assertEqual((list(answer["failures"]), self.known()), ([self.peer.name], {"ONE"}))
        asked = self.peer.requests_of(self.path)

        self.answer_devices(3, "ONE", "TWO", "THREE")
        self.server.stop()
        self.server.start()

        self.wait_for_requests(asked + 1)
        self.wait_until_told()
        self.assertEqual(self.known(), {"ONE", "TWO", "THREE"})

    def test_a_change_during_the_first_fetch_is_not_lost(self) -> None:
        """The answer is older than the change: the list comes again."""
        answers = iter([(1, ["ONE"]), (2, ["ONE", "TWO"])])

        def answer(exchange: Any) -> None:
            stream_id, device_ids = next(answers)
            if stream_id == 1:
                self.update("TWO", 2, [1])
            user_id = self.peer.user_id
            devices = [{"device_id": one, "keys": device_keys(user_id, one)} for one in device_ids]
            self.peer.reply(exchange, {"user_id": user_id, "stream_id": stream_id, "devices": devices})

        self.peer.answers["GET", self.path] = answer

        self.assertEqual(self.known(), {"ONE", "TWO"})
        self.assertEqual(self.peer.requests_of(self.path), 2)

    def test_a_list_that_is_wrong_is_mended_by_comparing_it(self) -> None:
        """A change was never told: now and then lists are compared with what their servers say, and who shares a room
        is told of what differs, once."""
        self.known()
        self.is_told()
        self.answer_devices(1, "ONE", "TWO")
        self.assertEqual(self.known(), {"ONE"})

        self.server.reap()

        self.wait_until_told()
        self.assertEqual(self.known(), {"ONE", "TWO"})
        self.reap_until_requests(3)
        self.assertFalse(self.is_told())

    def test_a_list_whose_server_is_gone_stays_as_it_is(self) -> None:
        """When it cannot be compared it counts as right."""
        self.known()
        self.is_told()
        self.peer.on("GET", self.path, {"errcode": "M_UNKNOWN", "error": "Out of order"}, 500)

        self.server.reap()

        self.wait_for_requests(2)
        self.assertFalse(self.is_told())
        answer = self.alice.post("/keys/query", {"device_keys": {self.peer.user_id: []}})
        self.assertEqual((answer["failures"], list(answer["device_keys"][self.peer.user_id])), ({}, ["ONE"]))

    def test_a_server_speaks_for_its_own_users_only(self) -> None:
        """Neither for local users nor for a third server's."""
        third = self.new_peer()
        third.join(self.room_id)
        self.is_told()
        for user_id in (self.alice.user_id, third.user_id, "@x:other.example", "", 7):
            keys = device_keys(str(user_id), "EVIL")
            self.update("EVIL", 2, [], user_id=user_id, keys=keys)

        answer = self.alice.sync(self.since)
        self.assertEqual(lists(answer), (set(), set()))
        own = self.alice.post("/keys/query", {"device_keys": {self.alice.user_id: []}})["device_keys"]
        self.assertNotIn("EVIL", own[self.alice.user_id])

    def test_wrong_shapes_are_passed_over(self) -> None:
        """They neither change the list nor make it come again."""
        self.known()
        user_id = self.peer.user_id
        for stream_id in (-1, 2.5, "2", None, True):
            self.update("EVIL", stream_id, [1])
        for previous in ("1", [None], [-1], {"1": 1}):
            self.update("EVIL", 2, previous)
        wrong: list[Any] = [[1], "text", device_keys(user_id, "OTHER"), device_keys(self.alice.user_id, "EVIL")]
        for keys in wrong:
            self.update("EVIL", 2, [1], keys=keys)
        for device_id in ("", "x" * 256, "\0", 7):
            self.update(device_id, 2, [1], keys=None)

        self.assertEqual((self.known(), self.peer.requests_of(self.path)), ({"ONE"}, 1))
        self.update("TWO", 2, [1])
        self.assertEqual(self.known(), {"ONE", "TWO"})

    def test_a_list_of_nonsense_has_what_is_right_in_it(self) -> None:
        """Devices of others, and of other shapes, are left out; what is missing of one is shown empty."""
        user_id = self.peer.user_id
        devices = [
            {"device_id": "GOOD", "keys": device_keys(user_id, "GOOD")},
            {"device_id": "BAD", "keys": device_keys(user_id, "GOOD")},
            {"device_id": "WORSE", "keys": {**device_keys(user_id, "WORSE"), "signatures": 1}},
            {"device_id": "", "keys": device_keys(user_id, "")},
            {"device_id": "EVIL", "keys": device_keys(self.alice.user_id, "EVIL")},
            {"device_id": "BARE", "keys": {"other": True}},
            1,
        ]
        answer = {"user_id": user_id, "stream_id": 1, "devices": devices, "master_key": {"user_id": user_id}}
        self.peer.on("GET", self.path, answer)

        self.assertEqual(self.known(), {"GOOD", "BARE"})
        told = self.alice.post("/keys/query", {"device_keys": {user_id: []}})
        self.assertEqual(told["master_keys"], {})
        empty: Json = {"algorithms": [], "keys": {}, "signatures": {}, "unsigned": {}}
        bare = {"user_id": user_id, "device_id": "BARE", "other": True, **empty}
        self.assertEqual(told["device_keys"][user_id]["BARE"], bare)

    def test_signing_keys_are_taken_of_a_servers_own_users_and_in_the_right_shape(self) -> None:
        """Others leave what is known as it is."""
        self.known()
        self.is_told()
        user_id = self.peer.user_id

        def key(usage: str, name: str, **fields: Any) -> Json:
            return {"user_id": user_id, "usage": [usage], "keys": {f"ed25519:{name}": name}, **fields}

        def send(**content: Any) -> None:
            self.peer.send(edus=[{"edu_type": "m.signing_key_update", "content": {"user_id": user_id, **content}}]).ok()

        good = {"master_key": key("master", "A"), "self_signing_key": key("self_signing", "B")}
        send(**good)
        self.assertTrue(self.is_told())
        for wrong in (1, {}, key("self_signing", "C"), key("master", "C", user_id=self.alice.user_id)):
            send(master_key=wrong)
        send(user_id=self.alice.user_id, master_key=key("master", "C", user_id=self.alice.user_id))

        told = self.alice.post("/keys/query", {"device_keys": {user_id: [], self.alice.user_id: []}})
        self.assertEqual(told["master_keys"], {user_id: good["master_key"]})
        self.assertEqual(told["self_signing_keys"], {user_id: good["self_signing_key"]})
        self.assertEqual(self.peer.requests_of(self.path), 1)

    def test_local_users_lists_are_told(self) -> None:
        """Numbered as their changes are; nobody else's."""
        user = self.server.new_user("bob")
        path = f"{FEDERATION}/user/devices/{quote(user.user_id, safe='')}"
        before = self.peer.ask("GET", path).ok()
        self.assertEqual((before["user_id"], before["devices"]), (user.user_id, []))
        keys = device_keys(user.user_id, user.device_id)
        user.post("/keys/upload", {"device_keys": keys})

        after = self.peer.ask("GET", path).ok()

        self.assertEqual(after["devices"], [{"device_id": user.device_id, "keys": keys}])
        self.assertEqual(after["stream_id"], before["stream_id"] + 1)
        foreign = f"{FEDERATION}/user/devices/{quote(self.peer.user_id, safe='')}"
        self.assertEqual(self.peer.ask("GET", foreign).status, 400)


RemoteListTestOnPostgres = on_postgres(RemoteListTest)
