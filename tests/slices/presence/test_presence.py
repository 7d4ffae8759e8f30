"""Presence.

https://spec.matrix.org/v1.19/client-server-api/#presence
"""

from __future__ import annotations

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


def presence_of(user: User, answer: Json) -> Json | None:
    """What an answer says of a user."""
    events = answer.get("presence", {}).get("events", [])
    found = [event["content"] for event in events if event["sender"] == user.user_id]
    return found[-1] if found else None


class PresenceTest(HomeserverCase):
    """Alice and Bob share a room; Carol is a stranger."""

    def setUp(self) -> None:
        self.alice, self.bob, self.carol = (self.new_user(name) for name in ("alice", "bob", "carol"))
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)

    def put(self, user: User, state: str, **body: str) -> None:
        """Set a user's presence."""
        user.put(f"/presence/{user.user_id}/status", {"presence": state, **body})

    def test_what_a_user_sets_is_read_by_who_shares_a_room(self) -> None:
        """By others not: 403 M_FORBIDDEN."""
        self.put(self.alice, "unavailable", status_msg="At lunch")

        path = f"/presence/{self.alice.user_id}/status"
        content = self.bob.get(path)
        self.assertEqual((content["presence"], content["status_msg"]), ("unavailable", "At lunch"))
        self.assertGreaterEqual(content["last_active_ago"], 0)
        self.assertEqual(self.carol.refusal("GET", path), (403, "M_FORBIDDEN"))

    def test_syncing_makes_a_user_online(self) -> None:
        """Unless the client asks not to."""
        since = self.bob.sync(set_presence="offline")["next_batch"]
        self.alice.sync(set_presence="offline")
        self.assertEqual(self.bob.get(f"/presence/{self.alice.user_id}/status")["presence"], "offline")

        self.alice.sync()

        content = self.bob.sync_until(lambda answer: presence_of(self.alice, answer), since)
        self.assertEqual((content["presence"], content["currently_active"]), ("online", True))

    def test_of_several_devices_the_most_present_one_counts(self) -> None:
        """An idle one beside it changes nothing, however often it syncs."""
        phone = self.alice.log_in_again()
        self.alice.sync()
        since = self.bob.sync(set_presence="offline")["next_batch"]
        phone.sync(set_presence="unavailable")
        self.assertEqual(self.bob.get(f"/presence/{self.alice.user_id}/status")["presence"], "online")
        self.assertIsNone(presence_of(self.alice, self.bob.sync(since, set_presence="offline")))
        self.alice.sync(set_presence="unavailable")

        content = self.bob.sync_until(lambda answer: presence_of(self.alice, answer), since, set_presence="offline")
        self.assertEqual(content["presence"], "unavailable")

    def test_who_comes_into_a_room_sees_the_others_in_the_same_answer(self) -> None:
        """And the others see them, in the answer that has the join."""
        for user in (self.alice, self.carol):
            user.sync()
        alice_since, carol_since = self.alice.sync()["next_batch"], self.carol.sync()["next_batch"]
        self.carol.join(self.room)

        answer = self.carol.sync(carol_since)
        self.assertIn(self.room, answer["rooms"]["join"])
        self.assertEqual((presence_of(self.alice, answer) or {})["presence"], "online")
        answer = self.alice.sync(alice_since)
        self.assertIn(self.room, answer["rooms"]["join"])
        self.assertEqual((presence_of(self.carol, answer) or {})["presence"], "online")

    def test_who_was_never_online_is_told_as_offline_to_newcomers(self) -> None:
        """Those in a room that is new to the reader, and who comes into one that is not."""
        since = self.carol.sync(set_presence="offline")["next_batch"]
        alice_since = self.alice.sync(set_presence="offline")["next_batch"]
        self.carol.join(self.room)

        answer = self.carol.sync(since, set_presence="offline")
        for user in (self.alice, self.bob):
            self.assertEqual((presence_of(user, answer) or {})["presence"], "offline")
        answer = self.alice.sync(alice_since, set_presence="offline")
        self.assertEqual((presence_of(self.carol, answer) or {})["presence"], "offline")
        self.assertNotIn("presence", self.alice.sync(answer["next_batch"], set_presence="offline"))

    def test_a_user_may_be_busy(self) -> None:
        """As clients say it that ask whether the server knows of it (MSC3026)."""
        busy = "org.matrix.msc3026.busy"
        self.assertIs(self.bob.get("/_matrix/client/versions")["unstable_features"][f"{busy}_presence"], True)
        since = self.bob.sync(set_presence="offline")["next_batch"]
        self.put(self.alice, busy)
        content = presence_of(self.alice, self.bob.sync(since, set_presence="offline"))
        self.assertEqual((content or {})["presence"], busy)
        self.alice.log_in_again().sync(set_presence=busy)
        self.alice.sync()

        self.assertEqual(self.bob.get(f"/presence/{self.alice.user_id}/status")["presence"], busy)

    def test_a_change_is_told_once(self) -> None:
        """And a first sync tells of everybody who is known."""
        self.put(self.alice, "online")
        since = self.bob.sync(set_presence="offline")["next_batch"]
        self.put(self.alice, "unavailable")

        answer = self.bob.sync(since, set_presence="offline")
        content = presence_of(self.alice, answer)
        assert content is not None
        self.assertEqual(content["presence"], "unavailable")
        self.assertIsNone(presence_of(self.alice, self.bob.sync(answer["next_batch"], set_presence="offline")))
        self.assertIsNotNone(presence_of(self.alice, self.bob.sync(set_presence="offline")))

    def test_who_joins_is_told_of_those_who_are_there(self) -> None:
        """Though they came online before."""
        self.put(self.alice, "online", status_msg="Here")
        since = self.carol.sync(set_presence="offline")["next_batch"]

        self.carol.join(self.room)

        content = self.carol.sync_until(lambda answer: presence_of(self.alice, answer), since)
        self.assertEqual(content["status_msg"], "Here")

    def test_who_left_is_told_no_more(self) -> None:
        """The last room in common is gone."""
        self.put(self.alice, "online")
        self.bob.change(self.room, "leave")
        since = self.bob.sync(set_presence="offline")["next_batch"]
        self.put(self.alice, "unavailable")
        self.put(self.alice, "online")

        self.assertIsNone(presence_of(self.alice, self.bob.sync(since, set_presence="offline")))
        self.assertIsNone(presence_of(self.alice, self.bob.sync(set_presence="offline")))

    def test_bad_requests_are_told(self) -> None:
        """Another user's presence, an unknown state, none at all."""
        path = f"/presence/{self.alice.user_id}/status"
        self.assertEqual(self.bob.refusal("PUT", path, {"presence": "online"}), (403, "M_FORBIDDEN"))
        self.assertEqual(self.alice.refusal("PUT", path, {"presence": "asleep"})[0], 400)
        self.assertEqual(self.alice.refusal("PUT", path, {}), (400, "M_MISSING_PARAM"))
        self.assertEqual(self.alice.refusal("PUT", path, {"presence": "online", "status_msg": 7}), (400, "M_BAD_JSON"))


PresenceTestOnPostgres = on_postgres(PresenceTest)
