"""Sending messages and state.

https://spec.matrix.org/v1.19/client-server-api/#sending-events-to-a-room
"""

from __future__ import annotations

from urllib.parse import quote

from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

FORBIDDEN = (403, "M_FORBIDDEN")


class SendingTest(HomeserverCase):
    """Alice and Bob in a room."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)

    def path(self, transaction_id: str, event_type: str = "m.room.message") -> str:
        """Where a message goes."""
        return f"/rooms/{self.room}/send/{event_type}/{transaction_id}"

    def bodies(self) -> list[str]:
        """The texts in the room, oldest first."""
        chunk = self.alice.get(f"/rooms/{self.room}/messages", {"dir": "f", "limit": 100})["chunk"]
        return [event["content"]["body"] for event in chunk if event["type"] == "m.room.message"]

    def test_a_retried_request_sends_once(self) -> None:
        """The same transaction id gives the same event, whatever the body of the second time."""
        first = self.alice.put(self.path("t"), {"body": "once"})
        self.assertEqual(self.alice.put(self.path("t"), {"body": "once"}), first)
        self.assertEqual(self.alice.put(self.path("t"), {"body": "twice"}), first)
        self.assertEqual(self.bodies(), ["once"])

    def test_without_a_transaction_id_each_request_sends(self) -> None:
        """As clients do that are older than transaction ids; they redact likewise."""
        path = f"/rooms/{self.room}/send/m.room.message"
        first = self.alice.post(path, {"body": "once"})["event_id"]
        second = self.alice.post(path, {"body": "once"})["event_id"]
        self.assertEqual(self.bodies(), ["once", "once"])
        self.assertNotEqual(first, second)
        self.alice.post(f"/rooms/{self.room}/redact/{first}")
        self.assertEqual(self.alice.get(f"/rooms/{self.room}/event/{first}")["content"], {})

    def test_transaction_ids_belong_to_a_device_a_room_and_a_type(self) -> None:
        """Another device, user, room or event type may use the same one."""
        phone = self.alice.log_in_again()
        other_room = self.alice.create_room()
        sent = [
            self.alice.put(self.path("t"), {"body": "a"}),
            phone.put(self.path("t"), {"body": "b"}),
            self.bob.put(self.path("t"), {"body": "c"}),
            self.alice.put(self.path("t", "org.example.note"), {"body": "d"}),
            self.alice.put(f"/rooms/{other_room}/send/m.room.message/t", {"body": "e"}),
        ]
        self.assertEqual(len({answer["event_id"] for answer in sent}), 5)
        self.assertEqual(self.bodies(), ["a", "b", "c"])

    def test_the_transaction_id_outlives_a_refresh_of_the_token(self) -> None:
        """It belongs to the device, not to the token."""
        identifier = {"type": "m.id.user", "user": self.alice.user_id}
        body = {"type": "m.login.password", "identifier": identifier, "password": self.alice.password}
        login = self.server.post("/login", {**body, "refresh_token": True})
        device = type(self.alice)(self.server.url, login)
        first = device.put(self.path("r"), {"body": "once"})

        fresh = self.server.post("/refresh", {"refresh_token": login["refresh_token"]})
        again = type(self.alice)(self.server.url, {**login, **fresh}).put(self.path("r"), {"body": "once"})

        self.assertEqual(again, first)

    def test_only_the_sending_device_is_told_the_transaction_id(self) -> None:
        """In `unsigned`, in each way to read the event."""
        phone = self.alice.log_in_again()
        event_id = self.alice.put(self.path("mine"), {"body": "hi"})["event_id"]
        for device, expected in ((self.alice, "mine"), (phone, None), (self.bob, None)):
            event = device.get(f"/rooms/{self.room}/event/{event_id}")
            context = device.get(f"/rooms/{self.room}/context/{event_id}")["event"]
            last = device.get(f"/rooms/{self.room}/messages", {"dir": "b", "limit": 1})["chunk"][0]
            timeline = device.sync()["rooms"]["join"][self.room]["timeline"]["events"][-1]
            for found in (event, context, last, timeline):
                self.assertEqual(found["event_id"], event_id)
                self.assertEqual(found["unsigned"].get("transaction_id"), expected)

    def test_strangers_cannot_send(self) -> None:
        """403 M_FORBIDDEN in a room one is not in."""
        carol = self.new_user("carol")
        self.assertEqual(carol.refusal("PUT", self.path("t"), {"body": "x"}), FORBIDDEN)
        unknown = f"/rooms/!none:{self.server.name}/send/m.room.message/t"
        self.assertEqual(carol.refusal("PUT", unknown, {"body": "x"}), FORBIDDEN)

    def test_power_levels_decide_who_sends_what(self) -> None:
        """A type of its own level, and state without the power for state."""
        levels = self.alice.state(self.room, "m.room.power_levels")
        self.alice.set_state(self.room, "m.room.power_levels", {**levels, "events": {"org.example.rare": 50}})

        self.assertEqual(self.bob.refusal("PUT", self.path("t", "org.example.rare"), {}), FORBIDDEN)
        self.assertEqual(self.bob.refusal("PUT", f"/rooms/{self.room}/state/m.room.topic", {"topic": "x"}), FORBIDDEN)
        self.bob.put(self.path("t"), {"body": "allowed"})

    def test_an_event_that_is_too_large_is_refused(self) -> None:
        """413 M_TOO_LARGE for its content, and for its type and state key."""
        too_large = (413, "M_TOO_LARGE")
        self.assertEqual(self.alice.refusal("PUT", self.path("t"), {"body": "x" * 65_536}), too_large)
        self.assertEqual(self.alice.refusal("PUT", self.path("t", "x" * 256), {}), too_large)
        state = f"/rooms/{self.room}/state/org.example/{'x' * 256}"
        self.assertEqual(self.alice.refusal("PUT", state, {}), too_large)
        self.alice.put(self.path("t"), {"body": "x" * 60_000})

    def test_what_is_no_json_or_no_object_is_told_apart(self) -> None:
        """M_NOT_JSON, M_BAD_JSON."""
        for raw in (b"{", b"", b"\xff", b'{"a": 1,}'):
            with self.subTest(raw):
                self.assertEqual(self.alice.request("PUT", self.path("t"), raw=raw).error, (400, "M_NOT_JSON"))
        for raw in (b"[]", b'"text"', b"7", b"null"):
            with self.subTest(raw):
                self.assertEqual(self.alice.request("PUT", self.path("t"), raw=raw).error, (400, "M_BAD_JSON"))

    def test_numbers_that_canonical_json_cannot_have_are_refused(self) -> None:
        """400 M_BAD_JSON for fractions and for integers out of range; the bounds themselves pass."""
        for number in ("1.5", "1e400", "NaN", "9007199254740992", "-9007199254740992"):
            with self.subTest(number):
                raw = b'{"n": %s}' % number.encode()
                self.assertEqual(self.alice.request("PUT", self.path("n"), raw=raw).error, (400, "M_BAD_JSON"))
        self.alice.put(self.path("n"), {"n": 2**53 - 1, "m": -(2**53) + 1})

    def test_any_text_comes_back_as_it_was_sent(self) -> None:
        """Letters of all planes, quotes and control characters."""
        text = 'ß 🦊 "quoted" \\ \u0001\u2028 \u0000 </script> é'
        event_id = self.alice.send(self.room, text)
        self.assertEqual(self.bob.get(f"/rooms/{self.room}/event/{event_id}")["content"]["body"], text)


class StateTest(HomeserverCase):
    """Setting and reading the state of a room."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat", name="First")
        self.bob.join(self.room)

    def test_a_piece_of_state_is_read_as_it_was_set(self) -> None:
        """Its content, or with `format=event` the whole event, with what it replaced."""
        first = self.alice.get(f"/rooms/{self.room}/state/m.room.name", {"format": "event"})
        event_id = self.alice.set_state(self.room, "m.room.name", {"name": "Second"})

        self.assertEqual(self.bob.get(f"/rooms/{self.room}/state/m.room.name"), {"name": "Second"})
        event = self.bob.get(f"/rooms/{self.room}/state/m.room.name/", {"format": "event"})
        self.assertEqual((event["event_id"], event["sender"]), (event_id, self.alice.user_id))
        self.assertEqual(event["unsigned"]["prev_content"], {"name": "First"})
        self.assertEqual(event["unsigned"]["replaces_state"], first["event_id"])

    def test_state_keys_are_apart(self) -> None:
        """Also an odd one with slashes and spaces."""
        for key in ("", "a", "a/b c", "%2F"):
            self.alice.put(f"/rooms/{self.room}/state/org.example/{quote(key, safe='')}", {"key": key})
        self.assertEqual(self.bob.get(f"/rooms/{self.room}/state/org.example/a"), {"key": "a"})
        state = self.bob.get(f"/rooms/{self.room}/state")
        found = {event["state_key"]: event["content"] for event in state if event["type"] == "org.example"}
        self.assertEqual(found, {key: {"key": key} for key in ("", "a", "a/b c", "%2F")})

    def test_the_same_state_again_is_no_new_event(self) -> None:
        """The event id of the first time; another content or sender makes a new one."""
        levels = self.alice.state(self.room, "m.room.power_levels")
        self.alice.set_state(self.room, "m.room.power_levels", {**levels, "state_default": 0, "events": {}})
        first = self.alice.set_state(self.room, "org.example", {"n": 1})
        self.assertEqual(self.alice.set_state(self.room, "org.example", {"n": 1}), first)
        second = self.bob.set_state(self.room, "org.example", {"n": 1})
        self.assertNotEqual(second, first)
        self.assertNotEqual(self.alice.set_state(self.room, "org.example", {"n": 1}), second)

    def test_state_that_is_not_there(self) -> None:
        """404 M_NOT_FOUND to members, 403 M_FORBIDDEN to others."""
        carol = self.new_user("carol")
        for path in (f"/rooms/{self.room}/state/org.example", f"/rooms/{self.room}/state/m.room.name/key"):
            self.assertEqual(self.alice.refusal("GET", path), (404, "M_NOT_FOUND"))
            self.assertEqual(carol.refusal("GET", path), FORBIDDEN)
        self.assertEqual(carol.refusal("GET", f"/rooms/{self.room}/state"), FORBIDDEN)
        self.assertEqual(carol.refusal("GET", f"/rooms/!none:{self.server.name}/state"), FORBIDDEN)

    def test_state_under_a_users_name_is_that_users(self) -> None:
        """Nobody sets it for another, however powerful."""
        levels = self.alice.state(self.room, "m.room.power_levels")
        self.alice.set_state(self.room, "m.room.power_levels", {**levels, "state_default": 0})
        self.bob.set_state(self.room, "org.example", {}, self.bob.user_id)
        path = f"/rooms/{self.room}/state/org.example/{self.bob.user_id}"
        self.assertEqual(self.alice.refusal("PUT", path, {"x": 1}), FORBIDDEN)

    def test_a_key_with_a_users_name_further_in_is_anybodys(self) -> None:
        """As that of a call's member on one of their devices."""
        key = f"_{self.alice.user_id}_DEVICE_m.call"
        event_id = self.alice.set_state(self.room, "org.matrix.msc3401.call.member", {"a": 1}, key)
        state = {event["event_id"]: event for event in self.bob.get(f"/rooms/{self.room}/state")}
        self.assertEqual(state[event_id]["state_key"], key)

    def test_levels_given_as_texts_are_for_older_versions_alone(self) -> None:
        """They count up to version 9; from 10 on they are refused.

        https://spec.matrix.org/v1.19/rooms/v10/#values-in-mrpower_levels-events-must-be-integers
        """
        for version in ("9", "10"):
            room = self.alice.create_room(preset="public_chat", room_version=version)
            self.bob.join(room)
            levels = self.alice.state(room, "m.room.power_levels")
            levels["users"][self.bob.user_id] = "50"
            path = f"/rooms/{room}/state/m.room.power_levels/"
            if version == "9":
                self.alice.put(path, levels)
                self.bob.set_state(room, "m.room.topic", {"topic": "mine"})
            else:
                self.assertEqual(self.alice.request("PUT", path, levels).status, 403)

    def test_a_join_rule_that_is_not_known_is_told_as_it_is(self) -> None:
        """It lets nobody in, and reading goes on."""
        carol = self.new_user("carol")
        self.alice.set_state(self.room, "m.room.join_rules", {"join_rule": "org.example.rule"})

        self.assertEqual(self.bob.state(self.room, "m.room.join_rules"), {"join_rule": "org.example.rule"})
        self.assertIn(self.room, self.bob.sync()["rooms"]["join"])
        self.assertEqual(carol.refusal("POST", f"/join/{self.room}", {}), FORBIDDEN)

    def test_members_are_listed_by_membership(self) -> None:
        """`/members` with and without a filter, and everybody joined with their names."""
        carol = self.new_user("carol")
        self.alice.change(self.room, "invite", carol)
        self.bob.put(f"/profile/{self.bob.user_id}/displayname", {"displayname": "Bob"})

        def members(**query: str) -> set[str]:
            chunk = self.alice.get(f"/rooms/{self.room}/members", query)["chunk"]
            return {event["state_key"] for event in chunk}

        self.assertEqual(members(), {self.alice.user_id, self.bob.user_id, carol.user_id})
        self.assertEqual(members(membership="invite"), {carol.user_id})
        self.assertEqual(members(not_membership="invite"), {self.alice.user_id, self.bob.user_id})
        joined = self.alice.get(f"/rooms/{self.room}/joined_members")["joined"]
        self.assertEqual(set(joined), {self.alice.user_id, self.bob.user_id})
        self.assertEqual(joined[self.bob.user_id]["display_name"], "Bob")

    def test_who_is_joined_follows_every_change(self) -> None:
        """Names, joins and leaves, and what a redaction takes from a member event."""

        def joined() -> dict[str, str | None]:
            found = self.alice.get(f"/rooms/{self.room}/joined_members")["joined"]
            return {user_id.partition(":")[0]: told.get("display_name") for user_id, told in found.items()}

        alice, bob = (user.user_id.partition(":")[0] for user in (self.alice, self.bob))
        self.assertEqual(set(joined()), {alice, bob})
        self.bob.put(f"/profile/{self.bob.user_id}/displayname", {"displayname": "Bob"})
        self.assertEqual(joined()[bob], "Bob")
        event = self.alice.get(f"/rooms/{self.room}/state/m.room.member/{self.bob.user_id}", {"format": "event"})
        self.alice.put(f"/rooms/{self.room}/redact/{event['event_id']}/r1", {})
        self.assertIsNone(joined()[bob])
        self.bob.change(self.room, "leave")
        self.assertNotIn(bob, joined())

    def test_members_at_an_earlier_time(self) -> None:
        """`at` takes a token of `/sync`."""
        token = self.alice.sync()["next_batch"]
        carol = self.new_user("carol")
        carol.join(self.room)

        chunk = self.alice.get(f"/rooms/{self.room}/members", {"at": token})["chunk"]

        self.assertEqual({event["state_key"] for event in chunk}, {self.alice.user_id, self.bob.user_id})

    def test_who_left_reads_the_state_as_it_was_then(self) -> None:
        """The name and the members of that time; members that are joined now are no longer theirs to see."""
        self.bob.change(self.room, "leave")
        self.alice.set_state(self.room, "m.room.name", {"name": "Later"})
        carol = self.new_user("carol")
        carol.join(self.room)

        self.assertEqual(self.bob.state(self.room, "m.room.name"), {"name": "First"})
        members = self.bob.get(f"/rooms/{self.room}/members")["chunk"]
        found = {event["state_key"]: event["content"]["membership"] for event in members}
        self.assertEqual(found, {self.alice.user_id: "join", self.bob.user_id: "leave"})
        self.assertEqual(self.bob.refusal("GET", f"/rooms/{self.room}/joined_members"), FORBIDDEN)


SendingTestOnPostgres = on_postgres(SendingTest)
StateTestOnPostgres = on_postgres(StateTest)
