"""Subscribing to threads, and paging through what changed.

https://github.com/matrix-org/matrix-spec-proposals/pull/4306, 4308
"""

from __future__ import annotations

from typing import Any

from tests.support.api_client import Answer, Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

UNSTABLE = "/_matrix/client/unstable"
CHANGES = f"{UNSTABLE}/io.element.msc4308/thread_subscriptions"
NO_THREAD = (404, "M_NOT_FOUND")
NOT_IN_THREAD = (400, "IO.ELEMENT.MSC4306.M_NOT_IN_THREAD")
CONFLICT = (409, "IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION")


def path_of(room_id: str, root_id: str) -> str:
    """Where the subscription to a thread is."""
    return f"{UNSTABLE}/io.element.msc4306/rooms/{room_id}/thread/{root_id}/subscription"


def in_thread(root_id: str, rel_type: str = "m.thread") -> Json:
    """What makes a message one of a thread."""
    return {"m.relates_to": {"rel_type": rel_type, "event_id": root_id}}


class ThreadSubscriptionsTest(HomeserverCase):
    """Bob is in a room of Alice's, in which there is a thread."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)
        self.root = self.alice.send(self.room, "root")
        self.reply = self.alice.send(self.room, "reply", **in_thread(self.root))

    def put(self, cause_id: Any = None, root_id: str | None = None, user: User | None = None) -> Answer:
        """Subscribe, whatever comes of it."""
        body = {} if cause_id is None else {"automatic": cause_id}
        return (user or self.bob).request("PUT", path_of(self.room, root_id or self.root), body)

    def state(self, user: User | None = None) -> Any:
        """Whether the subscription is automatic; None where there is none."""
        answer = (user or self.bob).request("GET", path_of(self.room, self.root))
        if answer.status == 404:
            return None
        return answer.ok()["automatic"]

    def unsubscribe(self) -> None:
        """Bob unsubscribes."""
        self.assertEqual(self.bob.delete(path_of(self.room, self.root)), {})

    def page(self, limit: int = 100, **query: str) -> Json:
        """One page of what changed."""
        found: Json = self.bob.get(CHANGES, {"dir": "b", "limit": limit, **query})
        return found

    def test_subscribing_and_unsubscribing(self) -> None:
        """Each as often as one likes, and for oneself alone."""
        self.assertIsNone(self.state())
        for _ in range(2):
            self.assertEqual(self.put().ok(), {})
            self.assertIs(self.state(), False)
        self.assertIsNone(self.state(self.alice))
        for _ in range(2):
            self.unsubscribe()
            self.assertIsNone(self.state())
        self.put().ok()
        self.assertIs(self.state(), False)

    def test_the_first_message_of_a_thread_need_not_be_there_yet(self) -> None:
        """Clients subscribe while they send it."""
        root = self.alice.send(self.room, "no thread yet")
        self.assertEqual(self.put(root_id=root).status, 200)

    def test_a_manual_subscription_takes_precedence(self) -> None:
        """Over one that a client makes, before or after."""
        self.put(self.reply).ok()
        self.assertIs(self.state(), True)
        self.put().ok()
        self.assertIs(self.state(), False)
        self.put(self.reply).ok()
        self.assertIs(self.state(), False)

    def test_who_has_unsubscribed_is_not_subscribed_again_for_what_was_there_before(self) -> None:
        """But is for what comes later, and whenever they want it themselves."""
        self.put(self.reply).ok()
        unseen = self.alice.send(self.room, "hey Bob", **in_thread(self.root))
        self.unsubscribe()
        for cause_id in (self.reply, unseen):
            self.assertEqual(self.put(cause_id).error, CONFLICT)
            self.assertIsNone(self.state())
        later = self.alice.send(self.room, "Bob?", **in_thread(self.root))
        self.put(later).ok()
        self.assertIs(self.state(), True)
        self.unsubscribe()
        self.assertEqual(self.put(later).error, CONFLICT)
        self.put().ok()
        self.assertIs(self.state(), False)

    def test_who_never_subscribed_can_refuse(self) -> None:
        """A device that was asleep does not subscribe them after all."""
        self.unsubscribe()
        self.assertEqual(self.put(self.reply).error, CONFLICT)

    def test_the_cause_is_in_the_thread(self) -> None:
        """Edits of what is in it are in it; the root, what stands elsewhere and what may not be seen are not."""
        edit = {"m.new_content": {"msgtype": "m.text", "body": "Bob"}, **in_thread(self.reply, "m.replace")}
        self.put(self.alice.send(self.room, "* Bob", **edit)).ok()
        other_room = self.alice.create_room(preset="public_chat")
        other_root = self.alice.send(self.room, "other")
        causes = {
            "the root": self.root,
            "another thread": self.alice.send(self.room, "1", **in_thread(other_root)),
            "no thread": self.alice.send(self.room, "2"),
            "another room": self.alice.send(other_room, "3", **in_thread(self.root)),
            "no event": "$nothing",
            "no id": "nothing",
        }
        for name, cause_id in causes.items():
            with self.subTest(name):
                self.assertEqual(self.put(cause_id).error, NOT_IN_THREAD)

    def test_what_is_no_cause_is_refused(self) -> None:
        """And changes nothing."""
        wrong: list[Any] = [True, 1, ["$x"], {}]
        for cause_id in wrong:
            with self.subTest(cause_id):
                self.assertEqual(self.put(cause_id).error, (400, "M_BAD_JSON"))
        for cause_id in ("$\0", "$" + "x" * 255):
            self.assertEqual(self.put(cause_id).error, (400, "M_INVALID_PARAM"))
        self.assertIsNone(self.state())

    def test_what_may_not_be_seen_is_no_thread(self) -> None:
        """No such event or room; an event of another room; a room that the user is not in."""
        private = self.alice.create_room(preset="private_chat")
        cases = {
            "no event": (self.room, "$nothing"),
            "no room": ("!nothing:example.org", self.root),
            "another room's": (self.room, self.alice.send(private, "1")),
            "not in the room": (private, self.alice.send(private, "2")),
        }
        for name, where in cases.items():
            for method in ("GET", "PUT", "DELETE"):
                with self.subTest(name, method=method):
                    body: Json | None = {} if method == "PUT" else None
                    self.assertEqual(self.bob.request(method, path_of(*where), body).error, NO_THREAD)
        self.assertEqual(self.page(), {})

    def test_paging_back(self) -> None:
        """The latest first, each thread once with how it stands now, up to a token."""
        roots = [self.alice.send(self.room, str(number)) for number in range(5)]
        for root in roots:
            self.put(root_id=root).ok()
        self.bob.delete(path_of(self.room, roots[1]))
        self.bob.put(path_of(self.room, roots[0]), {})

        first = self.page(2)
        second = self.page(2, **{"from": first["end"]})
        third = self.page(2, **{"from": second["end"]})

        self.assertEqual(list(first["unsubscribed"][self.room]), [roots[1]])
        self.assertEqual(list(first["subscribed"][self.room]), [roots[4]])
        self.assertEqual(set(second["subscribed"][self.room]), {roots[3], roots[2]})
        self.assertEqual(list(third["subscribed"][self.room]), [roots[0]])
        self.assertNotIn("end", third)
        self.assertIs(third["subscribed"][self.room][roots[0]]["automatic"], False)
        self.assertEqual(self.page(2, to=second["end"], **{"from": first["end"]}).get("end"), None)
        self.assertEqual(self.page(2, to=first["end"]).keys(), {"subscribed", "unsubscribed"})

    def test_stamps_grow(self) -> None:
        """By them a client knows which of two things it was told is the later one."""
        self.put(self.reply).ok()
        first = self.page()["subscribed"][self.room][self.root]["bump_stamp"]
        self.unsubscribe()
        second = self.page()["unsubscribed"][self.room][self.root]["bump_stamp"]
        self.assertLess(first, second)

    def test_pages_that_nobody_can_give_are_refused(self) -> None:
        """With what is wrong about them."""
        wrong: dict[str, Json] = {
            "forward": {"dir": "f"},
            "limit": {"dir": "b", "limit": 0},
            "from": {"dir": "b", "from": "s1_1_1"},
            "to": {"dir": "b", "to": "x"},
        }
        for name, query in wrong.items():
            with self.subTest(name):
                self.assertEqual(self.bob.request("GET", CHANGES, None, query).error, (400, "M_INVALID_PARAM"))
        self.assertEqual(self.bob.request("GET", CHANGES).error, (400, "M_MISSING_PARAM"))


ThreadSubscriptionsTestOnPostgres = on_postgres(ThreadSubscriptionsTest)
