"""Sliding sync: rooms the user is invited to, knocks on, leaves, is kicked or banned from.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#lists
"""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.support.api_client import Json
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.sync.sliding_client import EVERYTHING, ME, NAME, SlidingClient, a_list, a_room, bodies, ids, keys


class SlidingMembershipsTest(HomeserverCase):
    """Bob follows; Alice has the rooms."""

    numbers = count(1)

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat", name="Ours")

    def client(self, **body: Any) -> SlidingClient:
        """A connection with a list of all rooms that wants all state."""
        lists = {"all": a_list(state=[EVERYTHING])}
        return SlidingClient(self.bob, **{"conn_id": str(next(self.numbers)), "lists": lists, **body})

    def own(self, events: list[Json]) -> list[str]:
        """The memberships of Bob's among some events."""
        return [
            event["content"]["membership"]
            for event in events
            if event["type"] == "m.room.member" and event["state_key"] == self.bob.user_id
        ]

    def test_an_invite_comes_once_with_what_names_the_room(self) -> None:
        """Its creation and the own member event among it, and nothing else of the room."""
        self.alice.change(self.room, "invite", self.bob)
        client = self.client()

        entry = client.room(self.room)

        self.assertLessEqual(
            {("m.room.create", ""), NAME, ("m.room.member", self.bob.user_id)}, keys(entry["invite_state"])
        )
        self.assertEqual(self.own(entry["invite_state"]), ["invite"])
        for absent in ("timeline", "required_state", "heroes", "joined_count", "stripped_state"):
            self.assertNotIn(absent, entry)
        self.alice.send(self.room, "not for Bob")
        self.assertEqual(client.rooms(), {})

    def test_an_accepted_invite_makes_the_room_new(self) -> None:
        """With everything there is to see of it now."""
        self.alice.change(self.room, "invite", self.bob)
        client = self.client()
        client.step()
        self.bob.join(self.room)
        entry = client.room(self.room)
        self.assertIs(entry["initial"], True)
        self.assertEqual(self.own(entry["required_state"]), ["join"])
        self.assertNotIn("invite_state", entry)

    def test_a_rejected_invite_is_told_where_it_was_shown(self) -> None:
        """With the own membership alone."""
        self.alice.change(self.room, "invite", self.bob)
        client = self.client()
        client.step()
        self.bob.change(self.room, "leave")
        entry = client.room(self.room)
        self.assertEqual(keys(entry["required_state"]), {("m.room.member", self.bob.user_id)})
        self.assertEqual(self.own(entry["required_state"]), ["leave"])
        self.assertNotIn("invite_state", entry)
        self.assertNotIn("name", entry)
        self.assertEqual(self.client().rooms(), {})

    def test_an_invite_taken_back_is_told_where_it_was_shown(self) -> None:
        """And is nowhere else."""
        self.alice.change(self.room, "invite", self.bob)
        client = self.client()
        client.step()
        self.alice.change(self.room, "kick", self.bob)
        self.assertEqual(self.own(client.room(self.room)["required_state"]), ["leave"])
        self.assertEqual(client.rooms(), {})
        self.assertEqual(self.client().step()["lists"]["all"]["count"], 0)

    def test_invites_of_ignored_users_are_not_there(self) -> None:
        """Neither listed nor counted nor to be subscribed to."""
        path = f"/user/{self.bob.user_id}/account_data/m.ignored_user_list"
        self.bob.put(path, {"ignored_users": {self.alice.user_id: {}}})
        self.alice.change(self.room, "invite", self.bob)
        answer = self.client(room_subscriptions={self.room: a_room()}).step()
        self.assertEqual((answer["lists"]["all"]["count"], answer.get("rooms", {})), (0, {}))

    def test_a_knock_comes_with_the_state_it_was_given(self) -> None:
        """As an invite does."""
        room = self.alice.create_room(name="Closed", room_version="10")
        self.alice.set_state(room, "m.room.join_rules", {"join_rule": "knock"})
        self.bob.post(f"/knock/{room}", {})
        entry = self.client().room(room)
        self.assertEqual(self.own(entry["invite_state"]), ["knock"])
        self.assertIn(NAME, keys(entry["invite_state"]))

    def test_leaving_is_told_once_and_nothing_after_it(self) -> None:
        """Neither events, state nor names of later."""
        self.bob.join(self.room)
        client = self.client()
        client.step()
        self.alice.send(self.room, "seen")
        self.bob.change(self.room, "leave")
        self.alice.send(self.room, "secret")
        self.alice.set_state(self.room, "m.room.name", {"name": "Secret"})

        entry = client.room(self.room)

        self.assertEqual(bodies(entry), ["seen", "m.room.member"])
        self.assertEqual(self.own(entry["required_state"]), ["leave"])
        self.assertNotIn("Secret", str(entry))
        self.assertNotIn("secret", str(entry))
        self.alice.send(self.room, "secret")
        self.assertEqual(client.rooms(), {})

    def test_rooms_left_oneself_are_not_listed_anew(self) -> None:
        """A new connection has none of it; a subscription shows what was seen then."""
        self.bob.join(self.room)
        self.alice.send(self.room, "seen")
        self.bob.change(self.room, "leave")
        self.alice.send(self.room, "secret")
        answer = self.client().step()
        self.assertEqual((answer["lists"]["all"]["count"], answer.get("rooms", {})), (0, {}))

        entry = self.client(lists={}, room_subscriptions={self.room: a_room(3, [ME])}).room(self.room)

        self.assertEqual(bodies(entry)[-2:], ["seen", "m.room.member"])
        self.assertEqual(self.own(entry["required_state"]), ["leave"])
        self.assertNotIn("secret", str(entry))

    def test_being_kicked_or_banned_is_always_listed(self) -> None:
        """Also by a new connection, with the room as it was, and never anything after it."""
        for action, membership in (("kick", "leave"), ("ban", "ban")):
            room = self.alice.create_room(preset="public_chat", name="Before")
            self.bob.join(room)
            following = self.client()
            following.step()
            self.alice.send(room, "seen")
            self.alice.change(room, action, self.bob)
            self.alice.send(room, "secret")
            self.alice.set_state(room, "m.room.name", {"name": "Secret"})
            with self.subTest(action=action):
                for client in (following, self.client()):
                    entry = client.room(room)
                    self.assertEqual(bodies(entry)[-2:], ["seen", "m.room.member"])
                    self.assertEqual(self.own(entry["required_state"]), [membership])
                    self.assertNotIn("ecret", str(entry))
                    self.alice.send(room, "secret")
                    self.assertEqual(client.rooms(), {})
                self.assertEqual(self.client().room(room)["name"], "Before")

    def test_more_of_a_room_one_was_kicked_from_ends_with_the_kick(self) -> None:
        """Whatever is asked for."""
        self.bob.join(self.room)
        for number in range(4):
            self.alice.send(self.room, str(number))
        self.alice.change(self.room, "kick", self.bob)
        self.alice.set_state(self.room, "m.room.name", {"name": "Secret"})
        client = self.client(lists={"all": a_list(1)})
        self.assertEqual(bodies(client.room(self.room)), ["m.room.member"])

        entry = client.room(self.room, room_subscriptions={self.room: a_room(3, [NAME])})

        self.assertEqual(bodies(entry), ["2", "3", "m.room.member"])
        self.assertIs(entry["unstable_expanded_timeline"], True)
        self.assertEqual([event["content"]["name"] for event in entry["required_state"]], ["Ours"])
        self.assertEqual(client.rooms(), {})

    def test_a_ban_of_somebody_who_was_never_there_is_not_listed(self) -> None:
        """Nor to be subscribed to."""
        self.alice.change(self.room, "ban", self.bob)
        answer = self.client(room_subscriptions={self.room: a_room()}).step()
        self.assertEqual((answer["lists"]["all"]["count"], answer.get("rooms", {})), (0, {}))

    def test_a_ban_after_a_kick_is_told(self) -> None:
        """As the membership that it is, alone."""
        self.bob.join(self.room)
        client = self.client()
        client.step()
        self.alice.change(self.room, "kick", self.bob)
        client.step()
        self.alice.send(self.room, "secret")
        self.alice.change(self.room, "ban", self.bob)
        entry = client.room(self.room)
        self.assertEqual(self.own(entry["required_state"]), ["ban"])
        self.assertEqual(bodies(entry), ["m.room.member"])

    def test_coming_back_makes_the_room_new(self) -> None:
        """Also where client did not notice that the user was away."""
        self.bob.join(self.room)
        client = self.client()
        client.step()
        self.bob.change(self.room, "leave")
        self.alice.set_state(self.room, "m.room.topic", {"topic": "in between"})
        self.bob.join(self.room)
        entry = client.room(self.room)
        self.assertIs(entry["initial"], True)
        self.assertEqual(self.own(entry["required_state"]), ["join"])
        self.assertIn(("m.room.topic", ""), keys(entry["required_state"]))

    def test_a_forgotten_room_is_gone_once_its_leave_was_told(self) -> None:
        """The leave still shows."""
        self.bob.join(self.room)
        client = self.client()
        client.step()
        self.bob.change(self.room, "leave")
        self.bob.change(self.room, "forget")
        self.assertEqual(self.own(client.room(self.room)["required_state"]), ["leave"])
        self.assertEqual(client.step()["lists"]["all"]["count"], 0)

    def test_who_may_not_see_what_was_before_sees_it_not(self) -> None:
        """History for members alone begins with the join."""
        room = self.alice.create_room(
            preset="public_chat",
            initial_state=[{"type": "m.room.history_visibility", "content": {"history_visibility": "joined"}}],
        )
        self.alice.send(room, "secret")
        self.bob.join(room)
        event_id = self.alice.send(room, "seen")
        entry = self.client().room(room)
        self.assertNotIn("secret", str(entry))
        self.assertEqual(ids(entry["timeline"])[-1], event_id)

    def test_direct_chats_are_marked(self) -> None:
        """Also where one becomes such, or is no more."""
        self.bob.join(self.room)
        client = self.client()
        self.assertNotIn("is_dm", client.room(self.room))
        path = f"/user/{self.bob.user_id}/account_data/m.direct"
        self.bob.put(path, {self.alice.user_id: [self.room]})
        entry = client.room(self.room, 20_000)
        self.assertIs(entry["is_dm"], True)
        self.assertNotIn("timeline", entry)
        self.assertIs(self.client().room(self.room)["is_dm"], True)
        self.bob.put(path, {})
        self.assertIs(client.room(self.room, 20_000)["is_dm"], False)

    def test_unread_counts_follow_messages_and_receipts(self) -> None:
        """A receipt of another device changes them without an event."""
        self.bob.join(self.room)
        client = self.client()
        client.step()
        event_id = self.alice.send(self.room, "hello")
        mention = self.alice.send(self.room, "you", **{"m.mentions": {"user_ids": [self.bob.user_id]}})
        entry = client.room(self.room)
        self.assertEqual((entry["notification_count"], entry["highlight_count"]), (2, 1))
        self.bob.post(f"/rooms/{self.room}/receipt/m.read/{event_id}")
        entry = client.room(self.room, 20_000)
        self.assertEqual(entry, {"notification_count": 1, "highlight_count": 1})
        self.bob.post(f"/rooms/{self.room}/receipt/m.read/{mention}")
        self.assertEqual(client.room(self.room, 20_000)["notification_count"], 0)


SlidingMembershipsTestOnPostgres = on_postgres(SlidingMembershipsTest)
