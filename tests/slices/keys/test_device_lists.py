"""Whose devices changed, on one server.

https://spec.matrix.org/v1.19/client-server-api/#tracking-the-device-list-for-a-user
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from tests.support.api_client import Json, User
from tests.support.crypto_device import CryptoDevice
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.support.laws import law

NOTHING: tuple[set[str], set[str]] = (set(), set())


def lists(answer: Json) -> tuple[set[str], set[str]]:
    """(changed, left) of an answer."""
    found = answer.get("device_lists", {})
    changed, left = found.get("changed", []), found.get("left", [])
    assert len(set(changed)) == len(changed)
    return set(changed), set(left)


class DeviceListTest(HomeserverCase):
    """Bob is told of Alice, with whom he shares a room, and not of Carol."""

    def setUp(self) -> None:
        self.alice, self.bob, self.carol = (self.new_user(name) for name in ("alice", "bob", "carol"))
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)
        self.since = self.bob.sync()["next_batch"]

    def told(self) -> tuple[set[str], set[str]]:
        """(changed, left) since Bob was last asked for; `/keys/changes` says the same."""
        answer = self.bob.sync(self.since)
        query = {"from": self.since, "to": answer["next_batch"]}
        self.assertEqual(lists({"device_lists": self.bob.get("/keys/changes", query)}), lists(answer))
        self.since = answer["next_batch"]
        return lists(answer)

    def assert_told_once(self, act: Callable[[], object], changed: set[str], left: set[str]) -> None:
        """After the act Bob is told of these, and the next time of nobody."""
        act()
        self.assertEqual(self.told(), (changed, left))
        self.assertEqual(self.told(), NOTHING)

    def test_each_change_of_a_device_is_told_once(self) -> None:
        """New devices, new keys, other names, and devices that go."""
        alice = {self.alice.user_id}
        other = self.alice.log_in_again()
        self.assertEqual(self.told(), (alice, set()))
        device = CryptoDevice(other)
        self.assert_told_once(device.upload, alice, set())
        self.assert_told_once(device.upload, set(), set())
        self.assert_told_once(lambda: device.upload(device.one_time_keys(1)), set(), set())
        path = f"/devices/{other.device_id}"
        self.assert_told_once(lambda: other.put(path, {"display_name": "Phone"}), alice, set())
        self.assert_told_once(lambda: other.post("/logout"), alice, set())

    def test_ones_own_devices_are_told_too(self) -> None:
        """Of a user who is in no room."""
        since = self.carol.sync()["next_batch"]
        CryptoDevice(self.carol.log_in_again()).upload()

        self.assertEqual(lists(self.carol.sync(since)), ({self.carol.user_id}, set()))

    def test_strangers_are_not_told(self) -> None:
        """And a first sync tells of nobody."""
        CryptoDevice(self.carol).upload()

        self.assertEqual(self.told(), NOTHING)
        CryptoDevice(self.alice).upload()
        self.assertNotIn("device_lists", self.bob.sync())

    def test_who_comes_is_told_to_those_who_are_there_and_the_other_way_round(self) -> None:
        """Whose devices are to be known from now on."""
        since = self.carol.sync()["next_batch"]
        self.assert_told_once(lambda: self.carol.join(self.room), {self.carol.user_id}, set())

        everybody = {self.alice.user_id, self.bob.user_id}
        self.assertEqual(lists(self.carol.sync(since)), (everybody, set()))

    def test_who_leaves_is_told_when_no_room_is_left(self) -> None:
        """On both sides; a new name in the room is nothing of this kind."""
        other = self.alice.create_room(preset="public_chat")
        self.bob.join(other)
        self.told()
        self.assert_told_once(lambda: self.alice.change(self.room, "leave"), set(), set())
        self.alice.put(f"/profile/{self.alice.user_id}/displayname", {"displayname": "Alice"})
        self.assertEqual(self.told(), NOTHING)
        since = self.alice.sync()["next_batch"]
        self.assert_told_once(lambda: self.alice.change(other, "kick", self.bob), set(), {self.alice.user_id})

        self.assertEqual(lists(self.alice.sync(since)), (set(), {self.bob.user_id}))
        CryptoDevice(self.alice).upload()
        self.assertEqual(self.told(), NOTHING)

    def test_who_is_invited_is_told(self) -> None:
        """What is written before they come may be for them too; who refuses is told as gone."""
        carol = {self.carol.user_id}
        self.assert_told_once(lambda: self.alice.change(self.room, "invite", self.carol), carol, set())
        self.assert_told_once(lambda: self.carol.change(self.room, "leave"), set(), carol)

    def test_who_left_and_came_back_may_have_changed(self) -> None:
        """Between two syncs, with new devices meanwhile."""
        self.alice.change(self.room, "leave")
        CryptoDevice(self.alice.log_in_again()).upload()
        self.alice.join(self.room)

        self.assertEqual(self.told(), ({self.alice.user_id}, set()))

    def test_a_change_wakes_a_long_poll(self) -> None:
        """Though nothing happens in a room."""
        self.since = self.bob.sync(set_presence="offline")["next_batch"]
        with ThreadPoolExecutor(1) as threads:
            poll = threads.submit(self.bob.sync, self.since, 30_000, set_presence="offline")
            CryptoDevice(self.alice).upload()
            answer = poll.result()

        self.assertEqual(lists(answer), ({self.alice.user_id}, set()))

    def test_a_restart_loses_nothing(self) -> None:
        """Neither of changes before it nor of comings and goings."""
        CryptoDevice(self.alice).upload()
        self.carol.join(self.room)
        self.server.stop()
        self.server.start()

        self.assertEqual(self.told(), ({self.alice.user_id, self.carol.user_id}, set()))

    def test_tokens_are_needed(self) -> None:
        """For `/keys/changes`."""
        self.assertEqual(self.bob.refusal("GET", "/keys/changes", query={"from": self.since})[0], 400)
        query = {"from": self.since, "to": "rubbish"}
        self.assertEqual(self.bob.refusal("GET", "/keys/changes", query=query), (400, "M_INVALID_PARAM"))

    @law(max_examples=12)
    @given(
        st.lists(
            st.tuples(st.sampled_from(["come", "go", "change", "sync", "sync"]), st.integers(0, 2), st.integers(0, 1)),
            max_size=14,
        )
    )
    def test_who_follows_knows_whom_to_follow(self, acts: list[tuple[str, int, int]]) -> None:
        """A client that adds who changed and drops who left follows just those who share a room with it, and has
        heard of each change of theirs."""
        people = [self.new_user("someone") for _ in range(3)]
        me = people[0]
        rooms = [self.alice.create_room(preset="public_chat") for _ in range(2)]
        inside: list[set[User]] = [set(), set()]
        followed: set[str] = set()
        unheard: set[str] = set()
        since = me.sync()["next_batch"]
        for act, number, place in [*acts, ("sync", 0, 0)]:
            user, room = people[number], rooms[place]
            if act == "come" and user not in inside[place]:
                user.join(room)
                inside[place].add(user)
            elif act == "go" and user in inside[place]:
                user.change(room, "leave")
                inside[place].discard(user)
            elif act == "change":
                CryptoDevice(user).upload()
                if any({me, user} <= members for members in inside):
                    unheard.add(user.user_id)
            elif act == "sync":
                answer = me.sync(since)
                since = answer["next_batch"]
                changed, left = lists(answer)
                followed = (followed | changed) - left
                near = {one.user_id for members in inside if me in members for one in members}
                if near:
                    near.add(self.alice.user_id)
                self.assertEqual(followed - {me.user_id}, near - {me.user_id})
                self.assertLessEqual((unheard & near) - {me.user_id}, changed)
                unheard = set()


DeviceListTestOnPostgres = on_postgres(DeviceListTest)
