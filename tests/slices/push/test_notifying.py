"""What a push gateway is told.

https://spec.matrix.org/v1.19/push-gateway-api/#post_matrixpushv1notify
"""

from __future__ import annotations

from typing import Any, ClassVar

from tests.slices.notifications.unread_case import in_thread, send
from tests.slices.push.push_case import PushCase
from tests.support.databases import on_postgres


class NotifyingTest(PushCase):
    """Events."""

    def test_all_that_is_told_of_a_message(self) -> None:
        """Every field of the specification's, with the names that the room and the sender have."""
        self.alice.set_state(self.room, "m.room.name", {"name": "Mission Control"})
        event_id = self.alice.send(self.room, "hello")
        told = self.told()

        device = told.pop("devices")[0]
        self.assertGreater(device.pop("pushkey_ts"), 1_600_000_000)
        self.assertEqual(
            device,
            {"app_id": "org.example.app", "pushkey": "key", "data": {}, "tweaks": {"sound": "default"}},
        )
        self.assertEqual(
            told,
            {
                "event_id": event_id,
                "id": event_id,
                "room_id": self.room,
                "type": "m.room.message",
                "sender": self.alice.user_id,
                "sender_display_name": self.alice.localpart,
                "room_name": "Mission Control",
                "prio": "high",
                "content": {"msgtype": "m.text", "body": "hello"},
                "counts": {"unread": 1},
            },
        )

    def test_with_event_id_only_nothing_else_is_told(self) -> None:
        """Neither content, nor sender, nor what the rules say; custom data is passed on."""
        self.gateway.add_to(self.bob, data={"format": "event_id_only", "org.example.custom": {"a": [1]}})
        event_id = self.alice.send(self.room, "secret")
        told = self.told()

        self.assertEqual(sorted(told), ["counts", "devices", "event_id", "prio", "room_id"])
        self.assertEqual(told["event_id"], event_id)
        self.assertEqual(told["devices"][0]["data"], {"format": "event_id_only", "org.example.custom": {"a": [1]}})

    def test_messages_come_in_their_order(self) -> None:
        """One after the other, each once."""
        sent = [self.alice.send(self.room, str(number)) for number in range(12)]

        self.assertEqual([one["event_id"] for one in self.gateway.wait(12)], sent)
        self.gateway.stays_at(12)

    def test_one_is_not_told_of_ones_own_messages(self) -> None:
        """Nor of what is no message."""
        self.bob.send(self.room, "mine")
        self.alice.set_state(self.room, "m.room.topic", {"topic": "quiet"})

        self.gateway.stays_at(0)

    def test_an_invite_is_told(self) -> None:
        """With whose invite it is, and to where."""
        room_id = self.alice.create_room(name="Come in", invite=[self.bob.user_id])
        told = self.told()

        self.assertEqual((told["type"], told["membership"], told["user_is_target"]), ("m.room.member", "invite", True))
        self.assertEqual((told["room_id"], told["room_name"]), (room_id, "Come in"))
        self.assertEqual(told["sender_display_name"], self.alice.localpart)
        self.assertEqual(told["counts"], {"unread": 1})

    def test_an_invite_that_a_filter_ignores_is_not_told_nor_counted(self) -> None:
        """It is as if it were not there (MSC4155)."""
        mallory = self.new_user("mallory")
        path = f"/user/{self.bob.user_id}/account_data/org.matrix.msc4155.invite_permission_config"
        self.bob.put(path, {"ignored_users": [mallory.user_id]})
        mallory.create_room(invite=[self.bob.user_id])
        event_id = self.alice.send(self.room, "hello")

        told = self.told()
        self.assertEqual((told["event_id"], told["counts"]), (event_id, {"unread": 1}))

    def test_an_invite_of_an_ignored_user_is_not_told_nor_counted(self) -> None:
        """It is as if it were not there."""
        mallory = self.new_user("mallory")
        path = f"/user/{self.bob.user_id}/account_data/m.ignored_user_list"
        self.bob.put(path, {"ignored_users": {mallory.user_id: {}}})
        mallory.create_room(invite=[self.bob.user_id])
        self.alice.send(self.room, "hello")

        self.assertEqual(self.told()["counts"], {"unread": 1})
        self.gateway.stays_at(1)

    def test_a_mention_is_highlighted(self) -> None:
        """So is what is said to the whole room."""
        room_id = self.room_with(self.bob, self.new_user("carol"))
        self.room = room_id
        self.mention(self.bob)
        self.assertEqual(self.told()["devices"][0]["tweaks"], {"sound": "default", "highlight": True})
        self.alice.send(room_id, "all", **{"m.mentions": {"room": True}})

        self.assertEqual(self.told(2)["devices"][0]["tweaks"], {"highlight": True})

    def test_a_keyword_is_told_as_its_rule_says(self) -> None:
        """With the sound of the rule; nothing where another word is said in a room that is mentions only."""
        self.bob.put(f"/pushrules/global/room/{self.room}", {"actions": []})
        self.bob.put(
            "/pushrules/global/content/tea",
            {"pattern": "tea", "actions": ["notify", {"set_tweak": "sound", "value": "kettle"}]},
        )
        self.alice.send(self.room, "steam")
        event_id = self.alice.send(self.room, "time for TEA!")
        told = self.told()

        self.assertEqual((told["event_id"], told["devices"][0]["tweaks"]), (event_id, {"sound": "kettle"}))
        self.gateway.stays_at(1)

    def test_a_silenced_room_is_not_told(self) -> None:
        """Until it is heard again."""
        rule = {
            "conditions": [{"kind": "event_match", "key": "room_id", "pattern": self.room}],
            "actions": [],
        }
        self.bob.put(f"/pushrules/global/override/{self.room}", rule)
        self.alice.send(self.room, "unheard")
        self.gateway.stays_at(0)
        self.bob.delete(f"/pushrules/global/override/{self.room}")
        event_id = self.alice.send(self.room, "heard")

        self.assertEqual(self.told()["event_id"], event_id)
        self.gateway.stays_at(1)

    def test_encrypted_events_are_told(self) -> None:
        """At high priority: only the device can tell whether they matter."""
        room_id = self.room_with(self.bob, self.new_user("carol"))
        send(self.alice, room_id, "m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"})
        told = self.told()

        self.assertEqual((told["type"], told["prio"]), ("m.room.encrypted", "high"))

    def test_a_message_in_a_group_may_wait(self) -> None:
        """It makes no sound, so that its priority is low."""
        self.alice.send(self.room_with(self.bob, self.new_user("carol")), "hello")

        self.assertEqual((self.told()["prio"], self.told()["devices"][0]["tweaks"]), ("low", {}))

    def test_messages_in_threads_are_told(self) -> None:
        """Until the thread is read."""
        root = self.alice.send(self.room, "root")
        reply = self.alice.send(self.room, "reply", **in_thread(root))
        self.assertEqual([one["event_id"] for one in self.gateway.wait(2)], [root, reply])

    def test_a_client_may_count_by_itself(self) -> None:
        """MSC4076: then it is told no numbers."""
        self.gateway.add_to(self.bob, pushkey="other", data={"org.matrix.msc4076.disable_badge_count": True})
        self.alice.send(self.room, "hello")

        self.assertNotIn("counts", self.gateway.wait(1, "other")[0])
        self.assertIn("counts", self.gateway.wait(1, "key")[0])


class BadgeTest(PushCase):
    """How much is unread."""

    def test_what_is_read_elsewhere_is_told_as_a_count(self) -> None:
        """Zero, too: it takes the number away."""
        event_id = self.alice.send(self.room, "hello")
        self.told()
        self.read(event_id)
        told = self.told(2)

        self.assertEqual(sorted(told), ["counts", "devices", "prio"])
        self.assertEqual(told["counts"], {"unread": 0})

    def test_rooms_are_counted(self) -> None:
        """However much is unread in each."""
        other = self.room_with(self.bob)
        for number, room_id in enumerate((self.room, self.room, other), 1):
            last = self.alice.send(room_id, "hello")
            self.told(number)
        self.assertEqual([one["counts"]["unread"] for one in self.gateway.told], [1, 1, 2])
        self.read(last, room_id=other)

        self.assertEqual(self.told(4)["counts"], {"unread": 1})

    def test_answering_reads_the_room(self) -> None:
        """So does leaving it."""
        self.alice.send(self.room, "hello")
        self.told()
        self.bob.send(self.room, "hello yourself")
        self.assertEqual(self.told(2)["counts"], {"unread": 0})
        self.alice.send(self.room, "still there?")
        self.assertEqual(self.told(3)["counts"], {"unread": 1})
        self.bob.change(self.room, "leave")

        self.assertEqual(self.told(4)["counts"], {"unread": 0})

    def test_a_thread_that_is_read_counts_no_more(self) -> None:
        """Each by its own."""
        root = self.alice.send(self.room, "root")
        reply = self.alice.send(self.room, "reply", **in_thread(root))
        self.gateway.wait(2)
        self.read(root, thread_id="main")
        self.gateway.stays_at(2)
        self.read(reply, thread_id=root)

        self.assertEqual(self.told(3)["counts"], {"unread": 0})


class MessageCountTest(PushCase):
    """`group_unread_count_by_room: false`, `include_content: false`."""

    settings: ClassVar[dict[str, Any]] = {
        **PushCase.settings,
        "push": {"group_unread_count_by_room": False, "include_content": False},
    }

    def test_messages_are_counted_and_not_shown(self) -> None:
        """In all rooms together; who wrote is told all the same."""
        self.alice.send(self.room, "one")
        self.alice.send(self.room, "two")
        told = self.told(2)

        self.assertEqual(told["counts"], {"unread": 2})
        self.assertEqual((told.get("content"), told["sender"]), (None, self.alice.user_id))


class NoPushTest(PushCase):
    """`enabled: false`."""

    settings: ClassVar[dict[str, Any]] = {**PushCase.settings, "push": {"enabled": False}}

    def test_gateways_are_told_nothing(self) -> None:
        """Pushers are kept for when that changes."""
        self.alice.send(self.room, "hello")

        self.gateway.stays_at(0)
        self.assertEqual(len(self.bob.get("/pushers")["pushers"]), 1)


NotifyingTestOnPostgres = on_postgres(NotifyingTest)
BadgeTestOnPostgres = on_postgres(BadgeTest)
