"""Events about events: children, threads, edits, references.

https://spec.matrix.org/v1.19/client-server-api/#forming-relationships-between-events
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

V1 = "/_matrix/client/v1"


def _related(rel_type: str, parent: str, **more: Any) -> Json:
    return {"m.relates_to": {"rel_type": rel_type, "event_id": parent, **more}}


def _edit(user: User, room: str, parent: str, text: str) -> str:
    content = {"m.new_content": {"msgtype": "m.text", "body": text}, **_related("m.replace", parent)}
    return user.send(room, f"* {text}", **content)


def _react(user: User, room: str, parent: str, key: str, txn: str) -> Json:
    content = _related("m.annotation", parent, key=key)
    answer: Json = user.put(f"/rooms/{room}/send/m.reaction/{txn}", content)
    return answer


class RelationsTest(HomeserverCase):
    """Alice and Bob in a room with a message."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)
        self.parent = self.alice.send(self.room, "hello")

    def _children(self, path: str = "", **query: Any) -> Json:
        answer: Json = self.alice.get(f"{V1}/rooms/{self.room}/relations/{self.parent}{path}", query)
        return answer

    def _ids(self, answer: Json) -> list[str]:
        return [event["event_id"] for event in answer["chunk"]]

    def _bundle(self, event_id: str | None = None, user: User | None = None) -> Json:
        event = (user or self.alice).get(f"/rooms/{self.room}/event/{event_id or self.parent}")
        bundle: Json = event["unsigned"].get("m.relations", {})
        return bundle

    def test_children_newest_first(self) -> None:
        """All, those of a type of relation, those of a type of event."""
        edit = _edit(self.alice, self.room, self.parent, "hi")
        reply = self.bob.send(self.room, "in a thread", **_related("m.thread", self.parent))
        reaction = _react(self.bob, self.room, self.parent, "+", "1")["event_id"]

        self.assertEqual(self._ids(self._children()), [reaction, reply, edit])
        self.assertEqual(self._ids(self._children(dir="f")), [edit, reply, reaction])
        self.assertEqual(self._ids(self._children("/m.thread")), [reply])
        self.assertEqual(self._ids(self._children("/m.annotation/m.reaction")), [reaction])
        self.assertEqual(self._ids(self._children("/m.annotation/m.room.message")), [])

    def test_children_of_children(self) -> None:
        """With `recurse`, an edit of a thread's event is among what relates to the thread."""
        reply = self.bob.send(self.room, "first", **_related("m.thread", self.parent))
        edit = _edit(self.bob, self.room, reply, "second")

        self.assertEqual(self._ids(self._children()), [reply])
        answer = self._children(recurse="true")
        self.assertEqual(self._ids(answer), [edit, reply])
        self.assertGreaterEqual(answer["recursion_depth"], 3)
        self.assertEqual(self._ids(self._children("/m.thread", recurse="true")), [reply])

    def test_an_event_that_cannot_be_seen_has_no_children(self) -> None:
        """404, as for the event itself; 400 for a wrong direction."""
        path = f"{V1}/rooms/{self.room}/relations/{self.parent}"
        private = self.alice.create_room()
        hidden = self.alice.send(private, "secret")

        self.assertEqual(self.bob.refusal("GET", f"{V1}/rooms/{private}/relations/{hidden}"), (404, "M_NOT_FOUND"))
        self.assertEqual(self.bob.refusal("GET", f"{V1}/rooms/{self.room}/relations/$no")[0], 404)
        self.assertEqual(self.alice.refusal("GET", path, query={"dir": "up"}), (400, "M_INVALID_PARAM"))

    def test_the_latest_valid_edit_is_bundled(self) -> None:
        """Others' edits, edits without content and edits of another type do not count."""
        _edit(self.alice, self.room, self.parent, "one")
        second = _edit(self.alice, self.room, self.parent, "two")
        _edit(self.bob, self.room, self.parent, "not Bob's to say")
        self.alice.send(self.room, "* three", **_related("m.replace", self.parent))
        other_type = {"m.new_content": {}, **_related("m.replace", self.parent)}
        self.alice.put(f"/rooms/{self.room}/send/org.example/1", other_type)

        self.assertEqual(self._bundle()["m.replace"]["event_id"], second)
        event = self.alice.get(f"/rooms/{self.room}/event/{self.parent}")
        self.assertEqual(event["content"]["body"], "hello")

    def test_redacting_an_edit_brings_back_the_one_before(self) -> None:
        """And redacting the parent leaves no edit to show."""
        first = _edit(self.alice, self.room, self.parent, "one")
        second = _edit(self.alice, self.room, self.parent, "two")

        self.alice.put(f"/rooms/{self.room}/redact/{second}/r1", {})
        self.assertEqual(self._bundle()["m.replace"]["event_id"], first)
        self.alice.put(f"/rooms/{self.room}/redact/{self.parent}/r2", {})
        self.assertNotIn("m.replace", self._bundle())

    def test_a_thread_is_bundled(self) -> None:
        """Count, latest event with its own edit, and whether the reader took part."""
        self.bob.send(self.room, "one", **_related("m.thread", self.parent))
        last = self.bob.send(self.room, "two", **_related("m.thread", self.parent))
        edit = _edit(self.bob, self.room, last, "zwei")
        carol = self.new_user("carol")
        carol.join(self.room)

        thread = self._bundle()["m.thread"]

        self.assertEqual((thread["count"], thread["latest_event"]["event_id"]), (2, last))
        self.assertEqual(thread["latest_event"]["unsigned"]["m.relations"]["m.replace"]["event_id"], edit)
        self.assertTrue(thread["current_user_participated"])
        self.assertFalse(self._bundle(user=carol)["m.thread"]["current_user_participated"])

    def test_references_are_bundled_and_annotations_are_not(self) -> None:
        """References by their ids."""
        first = self.bob.send(self.room, "see", **_related("m.reference", self.parent))
        _react(self.bob, self.room, self.parent, "+", "1")

        self.assertEqual(self._bundle(), {"m.reference": {"chunk": [{"event_id": first}]}})

    def test_ignored_users_are_not_aggregated(self) -> None:
        """Neither in counts nor among the children."""
        self.bob.send(self.room, "noise", **_related("m.thread", self.parent))
        ignored: Json = {"ignored_users": {self.bob.user_id: {}}}
        self.alice.put(f"/user/{self.alice.user_id}/account_data/m.ignored_user_list", ignored)

        self.assertEqual(self._bundle(), {})
        self.assertEqual(self._ids(self._children()), [])

    def test_bundles_come_with_messages_context_and_limited_syncs(self) -> None:
        """Wherever an event is shown out of a longer history."""
        _edit(self.alice, self.room, self.parent, "one")

        page = self.alice.get(f"/rooms/{self.room}/messages", {"dir": "b", "limit": 10})["chunk"]
        context = self.alice.get(f"/rooms/{self.room}/context/{self.parent}", {"limit": 0})["event"]
        limited = self.alice.sync(filter={"room": {"timeline": {"limit": 2}}})["rooms"]["join"][self.room]["timeline"]
        shown = [*page, context, *limited["events"]]

        self.assertTrue(limited["limited"])
        bundled = [one for one in shown if one["event_id"] == self.parent]
        self.assertEqual(len(bundled), 3)
        for event in bundled:
            self.assertIn("m.replace", event["unsigned"]["m.relations"])

    def test_an_annotation_is_given_once(self) -> None:
        """The same key again is refused, unless it is the same request, or the first was taken back."""
        first = _react(self.bob, self.room, self.parent, "+", "1")["event_id"]
        content = _related("m.annotation", self.parent, key="+")
        path = f"/rooms/{self.room}/send/m.reaction"

        self.assertEqual(_react(self.bob, self.room, self.parent, "+", "1")["event_id"], first)
        self.assertEqual(self.bob.refusal("PUT", f"{path}/2", content), (400, "M_DUPLICATE_ANNOTATION"))
        _react(self.bob, self.room, self.parent, "-", "3")
        _react(self.alice, self.room, self.parent, "+", "4")
        self.bob.put(f"/rooms/{self.room}/redact/{first}/r", {})
        _react(self.bob, self.room, self.parent, "+", "5")

    def test_threads_do_not_branch(self) -> None:
        """A thread begins at an event that relates to none."""
        reply = self.bob.send(self.room, "in a thread", **_related("m.thread", self.parent))
        content = {"msgtype": "m.text", "body": "deeper", **_related("m.thread", reply)}

        self.assertEqual(
            self.bob.refusal("PUT", f"/rooms/{self.room}/send/m.room.message/t", content), (400, "M_UNKNOWN")
        )

    def test_threads_by_their_latest_event(self) -> None:
        """A reply moves its thread to the front; `participated` leaves out those of others."""
        other = self.bob.send(self.room, "another")
        self.bob.send(self.room, "a", **_related("m.thread", self.parent))
        self.bob.send(self.room, "b", **_related("m.thread", other))
        threads = f"{V1}/rooms/{self.room}/threads"

        self.assertEqual(self._ids(self.alice.get(threads)), [other, self.parent])
        self.bob.send(self.room, "c", **_related("m.thread", self.parent))
        self.assertEqual(self._ids(self.alice.get(threads)), [self.parent, other])
        self.assertEqual(self._ids(self.alice.get(threads, {"include": "participated"})), [self.parent])
        first = self.alice.get(threads, {"limit": 1})
        second = self.alice.get(threads, {"limit": 1, "from": first["next_batch"]})
        self.assertEqual(self._ids(first) + self._ids(second), [self.parent, other])
        self.assertNotIn("next_batch", second)


class PagingTest(HomeserverCase):
    """Walking through the children of an event."""

    alice: User
    room: str
    parent: str
    ids: list[str]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.alice = cls.server.new_user("alice")
        cls.room = cls.alice.create_room()
        cls.parent = cls.alice.send(cls.room, "root")
        cls.ids = [cls.alice.send(cls.room, str(n), **_related("m.thread", cls.parent)) for n in range(12)]

    @settings(deadline=None, max_examples=20)
    @given(st.integers(1, 13), st.sampled_from("bf"))
    def test_any_page_size_walks_the_same_way(self, size: int, direction: str) -> None:
        """No child is left out or told twice."""
        query: dict[str, Any] = {"limit": size, "dir": direction}
        found: list[str] = []
        while True:
            page = self.alice.get(f"{V1}/rooms/{self.room}/relations/{self.parent}", query)
            found += [event["event_id"] for event in page["chunk"]]
            if "next_batch" not in page:
                break
            query["from"] = page["next_batch"]

        self.assertEqual(found, self.ids if direction == "f" else self.ids[::-1])


RelationsTestOnPostgres = on_postgres(RelationsTest)
