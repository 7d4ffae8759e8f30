"""Users who have changed their push rules, or ignore somebody.

https://spec.matrix.org/v1.19/client-server-api/#push-rules
"""

from __future__ import annotations

from typing import Any

from tests.slices.notifications.unread_case import UnreadCase, in_thread
from tests.support.api_client import User
from tests.support.databases import on_postgres


class OwnRulesTest(UnreadCase):
    """Bob changes his; Carol, who is in the room too, has the predefined ones."""

    def setUp(self) -> None:
        super().setUp()
        self.carol = self.new_user("carol")
        self.carol.join(self.room)

    def put_rule(self, kind: str, rule_id: str, user: User | None = None, **rule: Any) -> None:
        """A rule of Bob's own."""
        (user or self.bob).put(f"/pushrules/global/{kind}/{rule_id}", {"actions": [], **rule})

    def mute(self) -> None:
        """As clients mute a room."""
        self.put_rule(
            "override", self.room, conditions=[{"kind": "event_match", "key": "room_id", "pattern": self.room}]
        )

    def write(self) -> None:
        """A message, one that mentions everybody, one in a thread."""
        root = self.alice.send(self.room, "hello")
        self.mention(self.bob, self.carol)
        self.alice.send(self.room, "more", **in_thread(root))

    def both(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """What Bob and Carol have not read."""
        return self.unread(), self.unread(self.carol)

    def test_a_muted_room_counts_nothing(self) -> None:
        """Not even mentions, nor what was there before."""
        self.alice.send(self.room, "before")
        self.mute()
        self.assertEqual(self.both(), ((0, 0), (1, 0)))
        self.write()
        self.assertEqual(self.both(), ((0, 0), (4, 1)))

    def test_a_room_that_was_muted_counts_from_then_on(self) -> None:
        """What came in between stays uncounted."""
        self.mute()
        self.write()
        self.bob.delete(f"/pushrules/global/override/{self.room}")
        self.assertEqual(self.unread(), (0, 0))
        self.write()
        self.assertEqual(self.unread(), (3, 1))
        self.mute()
        self.assertEqual(self.unread(), (1, 1))

    def test_a_room_of_which_only_mentions_count(self) -> None:
        """A rule for the room silences the rest; other rooms are not affected."""
        other = self.alice.create_room(preset="public_chat")
        self.bob.join(other)
        self.put_rule("room", self.room)
        self.write()
        self.alice.send(other, "there")

        self.assertEqual(self.both(), ((1, 1), (3, 1)))
        self.assertEqual(self.unread(room_id=other), (1, 0))

    def test_rules_hold_for_rooms_joined_later(self) -> None:
        """Messages are silenced everywhere."""
        self.bob.put("/pushrules/global/underride/.m.rule.message/enabled", {"enabled": False})
        other = self.alice.create_room(preset="public_chat")
        self.bob.join(other)
        self.alice.send(other, "there")
        self.alice.send(other, "you", **{"m.mentions": {"user_ids": [self.bob.user_id]}})

        # In a room of two another rule applies, as long as there are two.
        self.assertEqual(self.unread(room_id=other), (2, 1))
        self.carol.join(other)
        self.alice.send(other, "there")
        self.assertEqual(self.unread(room_id=other), (2, 1))

    def test_the_master_switch(self) -> None:
        """Nothing counts at all."""
        self.bob.put("/pushrules/global/override/.m.rule.master/enabled", {"enabled": True})
        self.write()

        self.assertEqual(self.both(), ((0, 0), (3, 1)))

    def test_a_keyword_is_highlighted(self) -> None:
        """For whom it is one, whatever the case, as a word."""
        self.put_rule("content", "tea", pattern="tea", actions=["notify", {"set_tweak": "highlight"}])
        for body in ("Time for TEA!", "steam"):
            self.alice.send(self.room, body)

        self.assertEqual(self.both(), ((2, 1), (2, 0)))

    def test_a_sender_is_silenced(self) -> None:
        """Carol's messages do not count for Bob."""
        self.put_rule("sender", self.carol.user_id)
        self.carol.send(self.room, "hello")
        self.assertEqual(self.unread(), (0, 0))
        self.alice.send(self.room, "hello")
        self.assertEqual(self.unread(), (1, 0))

    def test_notices_count_for_who_wants_them(self) -> None:
        """The rule against them is switched off."""
        self.bob.put("/pushrules/global/override/.m.rule.suppress_notices/enabled", {"enabled": False})
        event_id = self.alice.send(self.room, "beep", msgtype="m.notice")
        self.assertEqual(self.both(), ((1, 0), (0, 0)))
        self.read(event_id)
        self.assertEqual(self.unread(), (0, 0))

    def test_display_names_in_rules_of_old(self) -> None:
        """Each user's own name in the room."""
        self.bob.put(f"/profile/{self.bob.user_id}/displayname", {"displayname": "Robert"})
        conditions = [{"kind": "contains_display_name"}]
        for user in (self.bob, self.carol):
            self.put_rule(
                "override", "name", user, conditions=conditions, actions=["notify", {"set_tweak": "highlight"}]
            )
        self.alice.send(self.room, "Hello, robert.")

        self.assertEqual(self.both(), ((1, 1), (1, 0)))

    def test_who_is_ignored_does_not_count(self) -> None:
        """Mentions included, until forgiven."""
        cases: list[tuple[dict[str, Any], tuple[int, int]]] = [({self.alice.user_id: {}}, (0, 0)), ({}, (3, 1))]
        for ignored, expected in cases:
            self.bob.put(f"/user/{self.bob.user_id}/account_data/m.ignored_user_list", {"ignored_users": ignored})
            self.write()
            self.assertEqual(self.unread(), expected)
        self.assertEqual(self.unread(self.carol), (6, 2))


OwnRulesTestOnPostgres = on_postgres(OwnRulesTest)
