"""Whose devices changed, of users of other servers.

https://spec.matrix.org/v1.19/server-server-api/#device-management
"""

from __future__ import annotations

from tests.slices.keys.test_device_lists import lists
from tests.support.api_client import Json, User
from tests.support.crypto_device import CryptoDevice, query
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase


class DeviceListsOfTwoServersTest(FederationCase):
    """Alice is here, Bob and Carol are there; Alice and Bob share a room."""

    def setUp(self) -> None:
        self.alice = self.here.new_user("alice")
        self.bob, self.carol = self.there.new_user("bob"), self.there.new_user("carol")
        self.device = CryptoDevice(self.bob)
        self.device.upload()
        self.room = self.alice.create_room(preset="public_chat")
        self.since = self.alice.sync()["next_batch"]
        self.bob.join(self.room, self.here.name)
        self.wait_until_changed(self.bob)

    def tearDown(self) -> None:
        self.here.start_if_stopped()
        self.there.start_if_stopped()

    def wait_until_changed(self, *users: User) -> None:
        """Until Alice has been told that the devices of these have changed."""
        missing = {user.user_id for user in users}

        def find(answer: Json) -> bool:
            self.since = answer["next_batch"]
            missing.difference_update(lists(answer)[0])
            return not missing

        self.alice.sync_until(find, self.since)

    def devices_of_bob(self) -> set[str]:
        """Those that Alice is told."""
        answer = query(self.alice, self.bob)
        self.assertEqual(answer["failures"], {})
        return set(answer["device_keys"][self.bob.user_id])

    def test_changes_over_there_are_told_here(self) -> None:
        """New keys and devices that go; the keys that are asked for then are the new ones."""
        self.assertEqual(self.devices_of_bob(), {self.bob.device_id})
        other = CryptoDevice(self.bob.log_in_again())
        other.upload()
        self.wait_until_changed(self.bob)
        self.alice.sync_until(lambda _: self.devices_of_bob() == {self.bob.device_id, other.user.device_id})
        self.since = self.alice.sync()["next_batch"]

        other.user.post("/logout")

        self.wait_until_changed(self.bob)
        self.assertEqual(self.devices_of_bob(), {self.bob.device_id})

    def test_what_is_known_is_told_while_the_other_server_is_down(self) -> None:
        """It has been asked for before, and changes would have come."""
        self.assertEqual(self.devices_of_bob(), {self.bob.device_id})
        self.there.stop()

        self.assertEqual(self.devices_of_bob(), {self.bob.device_id})

    def test_many_lists_come_after_the_answer(self) -> None:
        """Alice joins a room of many over there: their keys are asked for in one request, and kept all the same."""
        users = [self.there.new_user("member") for _ in range(12)]
        for user in users:
            CryptoDevice(user).upload()
        room = users[0].create_room(preset="public_chat")
        for user in users[1:]:
            user.join(room)
        self.alice.join(room, self.there.name)
        self.since = self.alice.sync()["next_batch"]
        expected = {user.user_id: {user.device_id} for user in users}

        def known() -> Json:
            answer = query(self.alice, *users)
            self.assertEqual(answer["failures"], {})
            return {user_id: set(devices) for user_id, devices in answer["device_keys"].items()}

        self.assertEqual(known(), expected)
        self.wait_until_changed(*users)
        self.there.stop()

        self.assertEqual(known(), expected)

    def test_changes_while_this_server_was_down_come_later(self) -> None:
        """They wait over there, also over a restart there."""
        self.assertEqual(self.devices_of_bob(), {self.bob.device_id})
        self.here.stop()
        other = CryptoDevice(self.bob.log_in_again())
        other.upload()
        third = CryptoDevice(self.bob.log_in_again())
        third.upload()
        self.there.stop()
        self.there.start()
        self.here.start()

        self.wait_until_changed(self.bob)
        expected = {self.bob.device_id, other.user.device_id, third.user.device_id}
        self.alice.sync_until(lambda _: self.devices_of_bob() == expected)

    def test_who_left_and_came_back_is_asked_for_anew(self) -> None:
        """What changed meanwhile was not told."""
        self.assertEqual(self.devices_of_bob(), {self.bob.device_id})
        self.bob.change(self.room, "leave")

        def find_left(answer: Json) -> bool:
            self.since = answer["next_batch"]
            return self.bob.user_id in lists(answer)[1]

        self.alice.sync_until(find_left, self.since)
        other = CryptoDevice(self.bob.log_in_again())
        other.upload()
        self.bob.join(self.room, self.here.name)
        self.wait_until_changed(self.bob)

        self.assertEqual(self.devices_of_bob(), {self.bob.device_id, other.user.device_id})

    def test_who_comes_later_is_told_with_keys(self) -> None:
        """A room that was shared with the other server already."""
        CryptoDevice(self.carol).upload()
        self.carol.join(self.room)

        self.wait_until_changed(self.carol)
        self.assertEqual(set(query(self.alice, self.carol)["device_keys"][self.carol.user_id]), {self.carol.device_id})


DeviceListsOfTwoServersTestOnPostgres = on_postgres(DeviceListsOfTwoServersTest)
