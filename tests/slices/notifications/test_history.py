"""`/notifications`.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3notifications
"""

from __future__ import annotations

from typing import Any

from tests.slices.notifications.unread_case import UnreadCase, in_thread
from tests.support.api_client import Json
from tests.support.databases import on_postgres


class HistoryTest(UnreadCase):
    """What Bob was notified of."""

    def page(self, **query: Any) -> list[Json]:
        """One page."""
        found: list[Json] = self.bob.get("/notifications", query)["notifications"]
        return found

    def ids(self, **query: Any) -> list[str]:
        """Of which events one page is."""
        return [one["event"]["event_id"] for one in self.page(**query)]

    def test_all_that_is_told_of_one(self) -> None:
        """The event, what its rule asks for, where it was."""
        event_id = self.alice.send(self.room, "hello")
        found = self.page()[0]

        self.assertEqual((found["event"]["event_id"], found["room_id"]), (event_id, self.room))
        self.assertEqual(found["event"]["content"]["body"], "hello")
        self.assertEqual(found["actions"], ["notify", {"set_tweak": "sound", "value": "default"}])
        self.assertIs(found["read"], False)
        self.assertEqual(found["ts"], found["event"]["origin_server_ts"])

    def test_the_newest_come_first_of_all_rooms(self) -> None:
        """But not ones own, nor what does not notify, nor what came before one was there."""
        other = self.alice.create_room(preset="public_chat")
        self.alice.send(other, "too early")
        self.bob.join(other)
        sent = [self.alice.send(room_id, "hello") for room_id in (self.room, other, self.room)]
        self.bob.send(self.room, "mine")
        self.alice.set_state(self.room, "m.room.topic", {"topic": "x"})

        self.assertEqual(self.ids(), sent[::-1])

    def test_pages_go_on_where_the_last_ended(self) -> None:
        """Nothing twice, nothing left out, and an end."""
        sent = [self.alice.send(self.room, str(number)) for number in range(7)]
        found: list[str] = []
        query: Json = {"limit": 3}
        for _ in range(4):
            answer = self.bob.get("/notifications", query)
            found += [one["event"]["event_id"] for one in answer["notifications"]]
            if "next_token" not in answer:
                break
            query["from"] = answer["next_token"]

        self.assertEqual(found, sent[::-1])
        self.assertNotIn("next_token", answer)

    def test_highlights_alone(self) -> None:
        """Mentions of the user, and what is said to all."""
        self.alice.send(self.room, "hello")
        mention = self.mention(self.bob)
        everybody = self.alice.send(self.room, "all", **{"m.mentions": {"room": True}})
        self.alice.send(self.room, "bye")

        self.assertEqual(self.ids(only="highlight"), [everybody, mention])

    def test_what_is_read_is_marked(self) -> None:
        """Each timeline for itself."""
        root = self.alice.send(self.room, "root")
        reply = self.alice.send(self.room, "reply", **in_thread(root))
        later = self.alice.send(self.room, "later")
        self.read(root, thread_id="main")
        read = {one["event"]["event_id"]: one["read"] for one in self.page()}
        self.assertEqual(read, {root: True, reply: False, later: False})
        self.read(later)

        self.assertEqual({one["read"] for one in self.page()}, {True})

    def test_what_is_redacted_or_left_is_gone(self) -> None:
        """So is what the rules silence now."""
        event_id = self.alice.send(self.room, "hello")
        gone = self.alice.send(self.room, "oops")
        self.alice.put(f"/rooms/{self.room}/redact/{gone}/t1", {})
        self.assertEqual(self.ids(), [event_id])
        self.bob.put(f"/pushrules/global/room/{self.room}", {"actions": []})
        self.assertEqual(self.ids(), [])
        self.bob.delete(f"/pushrules/global/room/{self.room}")
        self.bob.change(self.room, "leave")

        self.assertEqual(self.ids(), [])

    def test_what_is_refused(self) -> None:
        """Tokens and limits that are none."""
        for query in ({"from": "x"}, {"from": "1_" + "9" * 19}, {"limit": "-1"}, {"limit": "0"}, {"limit": "many"}):
            with self.subTest(query):
                answer = self.bob.request("GET", "/notifications", query=query)
                self.assertEqual(answer.error, (400, "M_INVALID_PARAM"))


HistoryTestOnPostgres = on_postgres(HistoryTest)
