"""Filters of `/sync`, and lazily loaded members.

https://spec.matrix.org/v1.19/client-server-api/#filtering
"""

from __future__ import annotations

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


class FilterTest(HomeserverCase):
    """Bob reads a room of Alice's through filters."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat", name="Here")
        self.bob.join(self.room)

    def found(self, room_filter: Json, since: str | None = None) -> Json:
        """The room as the filter shows it; empty where it is not shown."""
        answer = self.bob.sync(since, filter={"room": room_filter})
        found: Json = answer.get("rooms", {}).get("join", {}).get(self.room, {})
        return found

    def texts(self, timeline_filter: Json) -> list[str]:
        """The types in the timeline."""
        events = self.found({"timeline": {"limit": 50, **timeline_filter}})["timeline"]["events"]
        return [event["content"].get("body", event["type"]) for event in events]

    def test_types_are_wanted_and_unwanted_with_wildcards(self) -> None:
        """What is unwanted stays out even where it is wanted too."""
        self.alice.send(self.room, "message")
        self.alice.put(f"/rooms/{self.room}/send/org.example.one/1", {})
        self.alice.put(f"/rooms/{self.room}/send/org.example.two/2", {})

        self.assertEqual(self.texts({"types": ["m.room.message"]}), ["message"])
        self.assertEqual(self.texts({"types": ["org.*"]}), ["org.example.one", "org.example.two"])
        self.assertEqual(self.texts({"types": ["org.*"], "not_types": ["*.two"]}), ["org.example.one"])
        self.assertEqual(self.texts({"types": []}), [])

    def test_senders_are_wanted_and_unwanted(self) -> None:
        """By their whole user ids."""
        self.alice.send(self.room, "of Alice")
        self.bob.send(self.room, "of Bob")

        self.assertEqual(self.texts({"senders": [self.bob.user_id]})[-1], "of Bob")
        self.assertNotIn("of Bob", self.texts({"not_senders": [self.bob.user_id]}))

    def test_events_with_and_without_a_url(self) -> None:
        """`contains_url`."""
        self.alice.send(self.room, "text")
        self.alice.send(self.room, "picture", url="mxc://example.org/a")

        self.assertEqual(self.texts({"contains_url": True}), ["picture"])
        self.assertNotIn("picture", self.texts({"contains_url": False}))

    def test_rooms_are_wanted_and_unwanted(self) -> None:
        """For everything, and for the timeline alone."""
        other = self.alice.create_room(preset="public_chat")
        self.bob.join(other)

        def rooms(room_filter: Json) -> set[str]:
            return set(self.bob.sync(filter={"room": room_filter}).get("rooms", {}).get("join", {}))

        self.assertEqual(rooms({}), {self.room, other})
        self.assertEqual(rooms({"rooms": [other]}), {other})
        self.assertEqual(rooms({"not_rooms": [other]}), {self.room})
        self.assertEqual(rooms({"rooms": []}), set())
        only_there = self.found({"timeline": {"rooms": [other]}})
        self.assertEqual(only_there["timeline"]["events"], [])

    def test_state_has_a_filter_of_its_own(self) -> None:
        """The timeline does not mind it."""
        found = self.found({"timeline": {"limit": 1}, "state": {"types": ["m.room.name"]}})

        self.assertEqual([event["type"] for event in found["state"]["events"]], ["m.room.name"])
        self.assertEqual([event["type"] for event in found["timeline"]["events"]], ["m.room.member"])

    def test_a_filtered_timeline_is_as_long_as_asked_for(self) -> None:
        """Unwanted events do not count; more wanted ones than the limit make it limited."""
        for number in range(6):
            self.alice.send(self.room, str(number))
            self.alice.set_state(self.room, "m.room.topic", {"topic": str(number)})

        found = self.found({"timeline": {"limit": 4, "types": ["m.room.message"]}})["timeline"]

        self.assertEqual([event["content"]["body"] for event in found["events"]], ["2", "3", "4", "5"])
        self.assertTrue(found["limited"])

    def test_ephemeral_events_presence_and_account_data_are_filtered(self) -> None:
        """Each by its own section."""
        since = self.bob.sync()["next_batch"]
        self.alice.put(f"/rooms/{self.room}/typing/{self.alice.user_id}", {"typing": True})
        self.bob.put(f"/user/{self.bob.user_id}/account_data/org.example", {})
        self.bob.put(f"/user/{self.bob.user_id}/rooms/{self.room}/account_data/org.example", {})
        nothing: Json = {"types": []}

        answer = self.bob.sync(
            since,
            filter={
                "room": {"ephemeral": nothing, "account_data": nothing},
                "presence": nothing,
                "account_data": nothing,
            },
        )

        always = {"next_batch", "device_one_time_keys_count", "device_unused_fallback_key_types"}
        self.assertEqual(set(answer), always)

    def test_what_is_no_filter_is_refused(self) -> None:
        """400, and 404 or 400 for a filter that is not kept."""
        for text in ("{", '{"room": 7}', '{"room": {"timeline": {"limit": "x"}}}'):
            with self.subTest(text):
                self.assertEqual(self.bob.refusal("GET", "/sync", query={"filter": text})[0], 400)
        self.assertIn(self.bob.refusal("GET", "/sync", query={"filter": "12345"})[0], (400, 404))


class LazyMembersTest(HomeserverCase):
    """A room with five members, of whom few speak."""

    lazy: Json = {"lazy_load_members": True}  # noqa: RUF012

    def setUp(self) -> None:
        self.users = [self.new_user("user") for _ in range(5)]
        self.reader, self.speaker = self.users[1], self.users[2]
        self.room = self.users[0].create_room(preset="public_chat")
        for user in self.users[1:]:
            user.join(self.room)
        for number in range(10):
            self.speaker.send(self.room, str(number))

    def members(self, user: User, since: str | None, limit: int = 5, **state: bool) -> tuple[set[str], str]:
        """The users whose member events are in the state, and the next token."""
        wanted = {"room": {"state": {**self.lazy, **state}, "timeline": {"limit": limit}}}
        answer = user.sync(since, filter=wanted)
        room = answer.get("rooms", {}).get("join", {}).get(self.room, {"state": {"events": []}})
        events = room["state"]["events"]
        found = {event["state_key"] for event in events if event["type"] == "m.room.member"}
        return found, answer["next_batch"]

    def test_the_state_has_senders_and_heroes_alone(self) -> None:
        """And the reader. The rest of the state is whole."""
        for _ in range(5):
            self.new_user("more").join(self.room)
        for number in range(5):
            self.speaker.send(self.room, str(number))

        found, _ = self.members(self.reader, None)

        wanted = {"room": {"state": self.lazy, "timeline": {"limit": 5}}}
        room = self.reader.sync(filter=wanted)["rooms"]["join"][self.room]
        heroes = set(room["summary"]["m.heroes"])
        self.assertEqual(len(heroes), 5)
        self.assertEqual(found, {self.reader.user_id, self.speaker.user_id, *heroes})
        self.assertLessEqual(
            {"m.room.create", "m.room.power_levels"}, {event["type"] for event in room["state"]["events"]}
        )

    def test_a_member_comes_with_their_first_message_and_not_again(self) -> None:
        """To one device; with `include_redundant_members` each time."""
        for _ in range(6):
            self.new_user("more").join(self.room)
        for number in range(5):
            self.speaker.send(self.room, str(number))
        _, since = self.members(self.reader, None)
        quiet = self.new_user("quiet")
        quiet.join(self.room)
        _, since = self.members(self.reader, since)
        quiet.send(self.room, "hello")
        found, since = self.members(self.reader, since)
        self.assertEqual(found, {quiet.user_id})
        quiet.send(self.room, "again")

        again, _ = self.members(self.reader, since, include_redundant_members=True)
        found, since = self.members(self.reader, since)

        self.assertEqual(again, {quiet.user_id})
        self.assertEqual(found, set())
        self.speaker.send(self.room, "known already")
        found, since = self.members(self.reader, since)
        self.assertEqual(found, set())

    def test_another_device_is_told_by_itself(self) -> None:
        """What one device was sent the other still needs."""
        self.members(self.reader, None)
        phone = self.reader.log_in_again()
        found, _ = self.members(phone, None)
        self.assertIn(self.speaker.user_id, found)

    def test_who_goes_back_to_an_earlier_token_is_told_again(self) -> None:
        """A client that kept its rooms some time ago and is reloaded; also of itself in a room that is new to it."""
        newcomer = self.new_user("newcomer")
        kept = newcomer.sync(filter={"room": {"state": self.lazy}})["next_batch"]
        newcomer.join(self.room)
        first, later = self.members(newcomer, kept)
        again, _ = self.members(newcomer, kept)
        self.speaker.send(self.room, "known")
        known, _ = self.members(newcomer, later)

        self.assertIn(self.speaker.user_id, first)
        self.assertEqual(again, first)
        self.assertEqual(known, set())

    def test_pages_bring_the_members_who_speak_in_them(self) -> None:
        """`/messages` with the same filter."""
        query = {"dir": "b", "limit": 3, "filter": '{"lazy_load_members": true}'}
        page = self.reader.get(f"/rooms/{self.room}/messages", query)
        self.assertEqual([event["state_key"] for event in page["state"]], [self.speaker.user_id])


FilterTestOnPostgres = on_postgres(FilterTest)
LazyMembersTestOnPostgres = on_postgres(LazyMembersTest)
