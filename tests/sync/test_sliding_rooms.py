"""Sliding sync: which rooms a client is told of, and what.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md
"""

from __future__ import annotations

from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.sync.sliding_client import (
    CREATE,
    EVERYTHING,
    ME,
    MEMBERS_LAZILY,
    NAME,
    STABLE,
    UNSTABLE,
    SlidingClient,
    a_list,
    a_room,
    bodies,
    ids,
    keys,
)


class SlidingRoomsTest(HomeserverCase):
    """Bob follows by sliding sync what Alice does."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")

    def shared_room(self, **body: object) -> str:
        """A room of both."""
        room = self.alice.create_room(preset="public_chat", **body)
        self.bob.join(room)
        return room

    def test_clients_are_told_that_it_is_there(self) -> None:
        """By the flag that Element X looks for."""
        self.assertIs(
            self.bob.get("/_matrix/client/versions")["unstable_features"]["org.matrix.simplified_msc3575"], True
        )

    def test_the_first_answer_has_the_window_and_the_count_of_all(self) -> None:
        """The rooms in which something happened last, whatever else there is."""
        rooms = [self.shared_room() for _ in range(4)]
        self.alice.send(rooms[1], "newest")
        client = SlidingClient(self.bob, lists={"all": a_list(last=1)})

        answer = client.step()

        self.assertEqual(answer["lists"]["all"]["count"], 4)
        self.assertEqual(set(answer["rooms"]), {rooms[1], rooms[3]})

    def test_a_range_may_begin_anywhere(self) -> None:
        """Both ends are included."""
        rooms = [self.shared_room() for _ in range(4)]
        window = {**a_list(), "ranges": [[1, 2]]}
        self.assertEqual(set(SlidingClient(self.bob, lists={"all": window}).rooms()), {rooms[1], rooms[2]})

    def test_activity_is_any_event_and_bumps_are_not(self) -> None:
        """State brings a room up in the list; its `bump_stamp` tells of messages alone."""
        first, second = self.shared_room(), self.shared_room()
        self.alice.send(second, "hello")
        stamps = {
            room: entry["bump_stamp"] for room, entry in SlidingClient(self.bob, lists={"a": a_list()}).rooms().items()
        }
        self.alice.set_state(first, "m.room.topic", {"topic": "news"})

        top = SlidingClient(self.bob, lists={"a": a_list(last=0)}).rooms()

        self.assertEqual(list(top), [first])
        self.assertEqual(top[first]["bump_stamp"], stamps[first])
        self.assertGreater(stamps[second], stamps[first])

    def test_a_new_room_comes_whole(self) -> None:
        """What is wanted of it, and what it is called."""
        room = self.shared_room(name="Ours")
        sent = [self.alice.send(room, str(number)) for number in range(3)]
        client = SlidingClient(self.bob, lists={"all": a_list(2, state=[NAME, CREATE])})

        entry = client.room(room)

        self.assertIs(entry["initial"], True)
        self.assertEqual(entry["name"], "Ours")
        self.assertEqual(ids(entry["timeline"]), sent[1:])
        self.assertIs(entry["limited"], True)
        self.assertEqual(keys(entry["required_state"]), {NAME, CREATE})
        self.assertEqual((entry["joined_count"], entry["invited_count"]), (2, 0))
        self.assertEqual(entry["num_live"], 0)
        self.assertNotIn("heroes", entry)
        before = self.bob.get(f"/rooms/{room}/messages", {"dir": "b", "from": entry["prev_batch"], "limit": 1})
        self.assertEqual(ids(before["chunk"]), sent[:1])

    def test_a_room_without_a_name_has_heroes(self) -> None:
        """With their names, and without the reader."""
        self.alice.put(f"/profile/{self.alice.user_id}/displayname", {"displayname": "Alice A."})
        room = self.shared_room()
        entry = SlidingClient(self.bob, lists={"all": a_list()}).room(room)
        self.assertEqual(entry["heroes"], [{"user_id": self.alice.user_id, "displayname": "Alice A."}])
        self.assertNotIn("name", entry)

    def test_then_only_what_is_new_comes(self) -> None:
        """A message alone, once; state where it is asked for; names and counts where they change."""
        room, other = self.shared_room(name="Ours"), self.shared_room()
        client = SlidingClient(self.bob, lists={"all": a_list(state=[NAME])})
        client.step()
        self.assertEqual(client.rooms(), {})
        event_id = self.alice.send(room, "news")

        rooms = client.rooms()

        self.assertEqual(list(rooms), [room])
        entry = rooms[room]
        self.assertEqual(ids(entry["timeline"]), [event_id])
        self.assertEqual(entry["num_live"], 1)
        for absent in ("initial", "limited", "name", "required_state", "joined_count", "heroes"):
            self.assertNotIn(absent, entry)
        self.assertIn("bump_stamp", entry)
        named = self.alice.set_state(room, "m.room.name", {"name": "Theirs"})
        self.alice.set_state(other, "m.room.topic", {"topic": "t"})
        rooms = client.rooms()
        self.assertEqual(rooms[room]["name"], "Theirs")
        self.assertEqual(ids(rooms[room]["required_state"]), [named])
        self.assertNotIn("required_state", rooms[other])
        self.assertNotIn("bump_stamp", rooms[room])
        self.new_user().join(room)
        self.assertEqual(client.room(room)["joined_count"], 3)

    def test_a_name_and_an_avatar_that_are_gone_are_null(self) -> None:
        """So that clients forget them; the heroes come instead."""
        room = self.shared_room(name="Ours")
        self.alice.set_state(room, "m.room.avatar", {"url": "mxc://a.example/b"})
        client = SlidingClient(self.bob, lists={"all": a_list()})
        self.assertEqual(client.room(room)["avatar"], "mxc://a.example/b")
        self.alice.set_state(room, "m.room.name", {})
        self.alice.set_state(room, "m.room.avatar", {})
        entry = client.room(room)
        self.assertEqual((entry["name"], entry["avatar"]), (None, None))
        self.assertEqual([hero["user_id"] for hero in entry["heroes"]], [self.alice.user_id])

    def test_a_gap_is_told(self) -> None:
        """`limited`, with the newest events and all the state that was set in between."""
        room = self.shared_room()
        client = SlidingClient(self.bob, lists={"all": a_list(2, state=[NAME])})
        client.step()
        name = self.alice.set_state(room, "m.room.name", {"name": "in the gap"})
        sent = [self.alice.send(room, str(number)) for number in range(4)]

        entry = client.room(room)

        self.assertIs(entry["limited"], True)
        self.assertEqual(ids(entry["timeline"]), sent[2:])
        self.assertEqual(ids(entry["required_state"]), [name])
        self.assertEqual(entry["num_live"], 2)

    def test_a_room_that_comes_into_the_window_tells_what_is_live(self) -> None:
        """An old room is new to the client; its last message is not old."""
        quiet, _ = self.shared_room(), self.shared_room()
        self.alice.send(quiet, "old")
        self.alice.send(_, "newer")
        client = SlidingClient(self.bob, lists={"all": a_list(last=0)})
        self.assertNotIn(quiet, client.rooms())
        self.alice.send(quiet, "live")

        entry = client.room(quiet)

        self.assertIs(entry["initial"], True)
        self.assertEqual(bodies(entry)[-2:], ["old", "live"])
        self.assertEqual(entry["num_live"], 1)

    def test_a_growing_window_brings_only_what_is_new_in_it(self) -> None:
        """The rooms that were told of are not told again."""
        rooms = [self.shared_room() for _ in range(5)]
        client = SlidingClient(self.bob, lists={"all": a_list(last=1)})
        client.step()
        self.assertEqual(set(client.rooms(lists={"all": a_list(last=99)})), set(rooms[:3]))
        self.assertEqual(client.rooms(), {})

    def test_a_room_that_was_out_of_the_window_goes_on_where_it_was(self) -> None:
        """Not from the beginning."""
        room, other = self.shared_room(), self.shared_room()
        client = SlidingClient(self.bob, lists={"all": a_list(last=99)})
        client.step()
        client.step(lists={"all": a_list(last=0)})
        first = self.alice.send(room, "missed")
        self.alice.send(other, "newer")
        self.assertEqual(list(client.rooms()), [other])
        second = self.alice.send(room, "seen")
        entry = client.room(room)
        self.assertEqual(ids(entry["timeline"]), [first, second])
        self.assertNotIn("initial", entry)
        self.assertEqual(entry["num_live"], 1)

    def test_required_state_understands_all_its_wildcards(self) -> None:
        """Exact keys, all of a type, everything, the reader and the members of the timeline."""
        room = self.shared_room(name="Ours")
        for key in ("a", "b"):
            self.alice.set_state(room, "org.example", {"k": key}, key)
        carol = self.new_user("carol")
        carol.join(room)
        self.alice.send(room, "last")
        member = "m.room.member"
        alice, bob = (member, self.alice.user_id), (member, self.bob.user_id)
        everything = keys(self.bob.get(f"/rooms/{room}/state"))
        strangers = {(member, carol.user_id), bob}
        for state, expected in (
            ([NAME], {NAME}),
            ([("org.example", "*")], {("org.example", "a"), ("org.example", "b")}),
            ([("*", "a")], {("org.example", "a")}),
            ([ME], {bob}),
            ([MEMBERS_LAZILY], {alice}),
            ([MEMBERS_LAZILY, ME], {alice, bob}),
            ([EVERYTHING], everything),
            ([EVERYTHING, MEMBERS_LAZILY], everything - strangers),
        ):
            with self.subTest(state=state):
                entry = SlidingClient(self.bob, lists={"a": a_list(1, state=state)}).room(room)
                self.assertEqual(keys(entry["required_state"]), expected)

    def test_members_come_once_with_their_messages(self) -> None:
        """And again when they have changed."""
        room = self.shared_room()
        carol = self.new_user("carol")
        carol.join(room)
        client = SlidingClient(self.bob, lists={"a": a_list(1, state=[MEMBERS_LAZILY])})
        client.step()
        self.alice.send(room, "1")
        self.assertEqual(keys(client.room(room)["required_state"]), {("m.room.member", self.alice.user_id)})
        self.alice.send(room, "2")
        self.assertNotIn("required_state", client.room(room))
        self.alice.put(f"/profile/{self.alice.user_id}/displayname", {"displayname": "Anew"})
        changed = client.room(room)["required_state"]
        self.assertEqual([event["content"]["displayname"] for event in changed], ["Anew"])

    def test_after_a_gap_members_come_again(self) -> None:
        """A client forgets whom it knew when it has missed something."""
        room = self.shared_room()
        client = SlidingClient(self.bob, lists={"a": a_list(2, state=[MEMBERS_LAZILY])})
        client.step()
        self.alice.send(room, "1")
        client.step()
        for number in range(5):
            self.alice.send(room, str(number))
        entry = client.room(room)
        self.assertIs(entry["limited"], True)
        self.assertEqual(keys(entry["required_state"]), {("m.room.member", self.alice.user_id)})

    def test_a_subscription_tells_of_a_room_outside_all_lists(self) -> None:
        """Together with a list it wants the most of both."""
        room = self.shared_room(name="Ours")
        sent = [self.alice.send(room, str(number)) for number in range(4)]
        self.shared_room()
        client = SlidingClient(self.bob, room_subscriptions={room: a_room(3, [NAME])})
        entry = client.room(room)
        self.assertEqual(ids(entry["timeline"]), sent[1:])
        both = SlidingClient(
            self.bob, lists={"a": a_list(1, state=[CREATE])}, room_subscriptions={room: a_room(3, [NAME])}
        )
        entry = both.room(room)
        self.assertEqual(ids(entry["timeline"]), sent[1:])
        self.assertEqual(keys(entry["required_state"]), {CREATE, NAME})

    def test_rooms_that_are_not_ones_own_are_passed_over(self) -> None:
        """Whether they exist or not."""
        secret = self.alice.create_room(name="Secret")
        client = SlidingClient(self.bob, room_subscriptions={secret: a_room(), "!no:where.example": a_room()})
        self.assertEqual(client.rooms(), {})

    def test_more_of_the_timeline_comes_at_once(self) -> None:
        """Where the limit has grown beyond what the client has seen; and is marked."""
        room = self.shared_room()
        sent = [self.alice.send(room, letter) for letter in "ABC"]
        client = SlidingClient(self.bob, lists={"a": a_list(1)})
        self.assertEqual(ids(client.room(room)["timeline"]), sent[2:])
        sent.append(self.alice.send(room, "D"))
        self.assertEqual(ids(client.room(room)["timeline"]), sent[3:])
        self.assertEqual(client.rooms(room_subscriptions={room: a_room(2)}), {})

        entry = client.room(room, 20_000, room_subscriptions={room: a_room(4)})

        self.assertEqual(ids(entry["timeline"]), sent)
        self.assertIs(entry["unstable_expanded_timeline"], True)
        self.assertNotIn("initial", entry)
        self.assertEqual(entry["num_live"], 0)
        self.assertEqual(client.rooms(), {})

    def test_more_of_the_state_comes_at_once(self) -> None:
        """What is wanted now and was not before."""
        room = self.shared_room(name="Ours")
        client = SlidingClient(self.bob, lists={"a": a_list(1, state=[NAME])})
        client.step()
        entry = client.room(room, 20_000, room_subscriptions={room: a_room(1, [CREATE, NAME])})
        self.assertEqual(keys(entry["required_state"]), {CREATE})
        self.assertNotIn("timeline", entry)
        self.assertEqual(client.rooms(), {})

    def test_state_that_was_not_wanted_for_a_while_is_not_missed(self) -> None:
        """It changed while nobody asked for it."""
        room = self.shared_room(name="Old")
        client = SlidingClient(self.bob, lists={"a": a_list(1, state=[NAME])})
        client.step()
        client.step(lists={"a": a_list(1)})
        changed = self.alice.set_state(room, "m.room.name", {"name": "New"})
        client.step()
        self.assertEqual(ids(client.room(room, lists={"a": a_list(1, state=[NAME])})["required_state"]), [changed])

    def test_messages_of_ignored_users_do_not_come(self) -> None:
        """Nor do they make an answer."""
        room = self.shared_room()
        client = SlidingClient(self.bob, lists={"a": a_list()})
        client.step()
        path = f"/user/{self.bob.user_id}/account_data/m.ignored_user_list"
        self.bob.put(path, {"ignored_users": {self.alice.user_id: {}}})
        self.alice.send(room, "unseen")
        seen = self.bob.send(room, "seen")
        self.assertEqual(ids(client.room(room)["timeline"]), [seen])

    def test_requests_that_make_no_sense_are_refused(self) -> None:
        """With the errcode and a word on what is wrong."""
        sub = {f"!{number}:a.example": {"timeline_limit": 1, "required_state": {}} for number in range(101)}
        bad = {"timeline_limit": 1, "required_state": {}}
        for path, body, expected in (
            (STABLE, {"lists": {f"l{n}": bad for n in range(101)}}, "M_INVALID_PARAM"),
            (STABLE, {"room_subscriptions": sub}, "M_INVALID_PARAM"),
            (STABLE, {"lists": {"not opaque": bad}}, "M_INVALID_PARAM"),
            (STABLE, {"lists": {"a": {"required_state": {}}}}, "M_MISSING_PARAM"),
            (STABLE, {"lists": {"a": {**bad, "range": [2, 1]}}}, "M_INVALID_PARAM"),
            (STABLE, {"lists": {"a": {**bad, "timeline_limit": -1}}}, "M_INVALID_PARAM"),
            (STABLE, {"lists": {"a": {**bad, "timeline_limit": "1"}}}, "M_BAD_JSON"),
            (STABLE, {"lists": []}, "M_BAD_JSON"),
            (STABLE, {"set_presence": "asleep"}, "M_INVALID_PARAM"),
            (STABLE, {"timeout": -1}, "M_INVALID_PARAM"),
            (STABLE, {"conn_id": "x" * 256}, "M_INVALID_PARAM"),
            (STABLE, {"extensions": {"to_device": {"enabled": True, "since": "s1"}}}, "M_INVALID_PARAM"),
            (UNSTABLE, {"lists": {"a": {"timeline_limit": 1, "required_state": [["a"]]}}}, "M_BAD_JSON"),
            (
                UNSTABLE,
                {"lists": {"a": {"timeline_limit": 1, "required_state": [["a", str(n)] for n in range(201)]}}},
                "M_INVALID_PARAM",
            ),
            (UNSTABLE, {"lists": {"a": {"timeline_limit": 1, "ranges": [[-1, 1]]}}}, "M_INVALID_PARAM"),
        ):
            with self.subTest(path=path, body=str(body)[:80]):
                self.assertEqual(self.bob.refusal("POST", path, body), (400, expected))


SlidingRoomsTestOnPostgres = on_postgres(SlidingRoomsTest)
