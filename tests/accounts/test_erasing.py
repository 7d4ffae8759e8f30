"""Accounts that end and are erased, as those see it who were there, and those who come later."""

from __future__ import annotations

from typing import Any

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, FederationCase, HomeserverCase

TEXT = "something to be forgotten"


def deactivate(user: User, **body: Any) -> None:
    """End the account."""
    session = user.request("POST", "/account/deactivate", body).json["session"]
    identifier = {"type": "m.id.user", "user": user.user_id}
    auth = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD, "session": session}
    user.post("/account/deactivate", {**body, "auth": auth})


class ErasingTest(HomeserverCase):
    """Alice, who ends her account; Bob, who was there; Carol, who comes later."""

    def setUp(self) -> None:
        """Anew for each test."""
        self.alice, self.bob, self.carol = (self.new_user(name) for name in ("alice", "bob", "carol"))
        self.alice.put(f"/profile/{self.alice.user_id}/displayname", {"displayname": "Alice Liddell"})
        self.room = self.alice.create_room(preset="public_chat", name="Wonderland")
        self.bob.join(self.room)
        self.event_id = self.alice.send(self.room, TEXT)
        self.of_bob = self.bob.send(self.room, "of Bob")

    def content(self, reader: User, event_id: str) -> Any:
        """Of an event, as a reader sees it."""
        return reader.get(f"/rooms/{self.room}/event/{event_id}")["content"]

    def end(self, **body: Any) -> None:
        """Alice's account ends, and she has left."""
        deactivate(self.alice, **body)
        path = f"/rooms/{self.room}/state/m.room.member/{self.alice.user_id}"
        self.bob.sync_until(lambda _: self.bob.get(path)["membership"] == "leave")

    def test_who_comes_later_sees_nothing_of_what_was_said(self) -> None:
        """In none of the ways to read; others' messages and the room's name are there as ever."""
        self.end(erase=True)

        self.carol.join(self.room)

        self.assertEqual(self.content(self.carol, self.event_id), {})
        self.assertEqual(self.content(self.carol, self.of_bob)["body"], "of Bob")
        self.assertEqual(self.carol.state(self.room, "m.room.name"), {"name": "Wonderland"})
        shown = [
            self.carol.get(f"/rooms/{self.room}/messages", {"dir": "b", "limit": 50}),
            self.carol.get(f"/rooms/{self.room}/context/{self.of_bob}", {"limit": 50}),
            self.carol.sync(),
        ]
        for answer in shown:
            self.assertNotIn(TEXT, str(answer))
            self.assertIn("of Bob", str(answer))

    def test_who_was_there_still_sees_it(self) -> None:
        """Also who joined after the message, before the erasure."""
        self.carol.join(self.room)

        self.end(erase=True)

        for reader in (self.bob, self.carol):
            self.assertEqual(self.content(reader, self.event_id)["body"], TEXT)

    def test_an_account_that_only_ends_leaves_its_messages(self) -> None:
        """`erase` is false where it is not given."""
        self.end()

        self.carol.join(self.room)

        self.assertEqual(self.content(self.carol, self.event_id)["body"], TEXT)

    def test_the_profile_is_gone(self) -> None:
        """With `erase`."""
        self.end(erase=True)

        answer = self.bob.request("GET", f"/profile/{self.alice.user_id}")
        self.assertNotIn("Alice Liddell", str(answer.json))

    def test_it_is_remembered_after_a_restart(self) -> None:
        """The database has it."""
        self.end(erase=True)
        self.server.stop()
        self.server.start()

        self.carol.join(self.room)

        self.assertEqual(self.content(self.carol, self.event_id), {})


class ErasingAcrossServersTest(FederationCase):
    """A room here, and somebody of another server who joins later."""

    def test_a_server_that_comes_later_is_sent_no_content(self) -> None:
        """Its user pages back: the event comes, empty; another's comes whole."""
        alice, bob, dora = self.here.new_user("alice"), self.here.new_user("bob"), self.there.new_user("dora")
        room = alice.create_room(preset="public_chat")
        bob.join(room)
        event_id = alice.send(room, TEXT)
        bob.send(room, "of Bob")
        deactivate(alice, erase=True)
        path = f"/rooms/{room}/state/m.room.member/{alice.user_id}"
        bob.sync_until(lambda _: bob.get(path)["membership"] == "leave")

        dora.join(room, via=self.here.name)

        chunk = dora.get(f"/rooms/{room}/messages", {"dir": "b", "limit": 50})["chunk"]
        shown = {event["event_id"]: event["content"] for event in chunk}
        self.assertEqual(shown[event_id], {})
        self.assertIn("of Bob", str(chunk))
        self.assertNotIn(TEXT, str(chunk))


ErasingTestOnPostgres = on_postgres(ErasingTest)
