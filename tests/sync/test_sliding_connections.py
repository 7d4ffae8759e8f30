"""Sliding sync: what a connection remembers, over retries, restarts and waits.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#connections
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.sync.sliding_client import NAME, SlidingClient, a_list, a_room, bodies, ids

UNKNOWN = (400, "M_UNKNOWN_POS")


class SlidingConnectionsTest(HomeserverCase):
    """Alice writes in a room that Bob follows."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat", name="Ours")
        self.bob.join(self.room)

    def client(self, user: User | None = None, **body: Any) -> SlidingClient:
        """A connection that has been answered once."""
        client = SlidingClient(user or self.bob, **{"lists": {"all": a_list(state=[NAME])}, **body})
        client.step()
        return client

    def test_the_same_pos_is_answered_the_same_again(self) -> None:
        """The client lost the answer; what came meanwhile comes along."""
        client = self.client()
        first = self.alice.send(self.room, "1")
        lost = client.ask(client.pos).ok()
        self.assertEqual(ids(lost["rooms"][self.room]["timeline"]), [first])
        second = self.alice.send(self.room, "2")

        again = client.room(self.room)

        self.assertEqual(ids(again["timeline"]), [first, second])
        self.assertEqual(again["num_live"], 2)
        self.assertEqual(client.rooms(), {})

    def test_the_first_answer_may_be_lost_too(self) -> None:
        """Asked again without a `pos`, the connection begins anew."""
        client = SlidingClient(self.bob, lists={"all": a_list()})
        lost = client.ask().ok()
        self.assertIs(client.room(self.room)["initial"], True)
        self.assertEqual(client.ask(lost["pos"]).error, UNKNOWN)

    def test_a_lost_answer_counts_for_nothing(self) -> None:
        """Also for rooms that the repeated request does not ask for: they are told of when it does."""
        other = self.alice.create_room(preset="public_chat")
        self.bob.join(other)
        client = self.client(lists={}, room_subscriptions={self.room: a_room()})
        self.alice.send(self.room, "1")
        client.ask(client.pos, room_subscriptions={self.room: a_room(), other: a_room()}).ok()

        self.assertEqual(bodies(client.room(self.room, room_subscriptions={self.room: a_room()})), ["1"])
        self.assertIs(client.room(other, room_subscriptions={other: a_room()})["initial"], True)

    def test_only_the_last_two_answers_are_gone_on_from(self) -> None:
        """An older `pos` is unknown."""
        client = self.client()
        positions = [client.pos]
        for number in range(2):
            self.alice.send(self.room, str(number))
            client.step()
            positions.append(client.pos)
        self.alice.send(self.room, "3")
        client.step()
        self.assertEqual(client.ask(positions[0]).error, UNKNOWN)
        self.assertEqual(client.ask(positions[1]).error, UNKNOWN)
        self.assertEqual(client.ask(positions[2]).status, 200)

    def test_a_pos_is_good_for_its_own_connection_alone(self) -> None:
        """Not for another user, device or name; nor is what is none."""
        client = self.client()
        phone = self.client(self.bob.log_in_again())
        stranger = self.client(self.alice)
        for other in (phone, stranger, SlidingClient(self.bob, lists={}, conn_id="other")):
            self.assertEqual(other.ask(client.pos).error, UNKNOWN)
        for pos in ("s1", "s1_1_1", "x", f"{client.pos}0", "s999999999999999999_1_1"):
            self.assertEqual(client.ask(pos).error, UNKNOWN, pos)
        self.assertEqual(client.rooms(), {})

    def test_several_connections_of_a_device_do_not_touch_each_other(self) -> None:
        """Each has what is new to it."""
        names = ("room-list", "encryption", "notifications")
        clients = [self.client(conn_id=name) for name in names]
        event_id = self.alice.send(self.room, "1")
        for client in clients:
            self.assertEqual(ids(client.room(self.room)["timeline"]), [event_id])
        for client in clients:
            self.assertEqual(client.rooms(), {})

    def test_the_connection_used_longest_ago_makes_room(self) -> None:
        """A device has at most sixteen."""
        first, second = self.client(conn_id="first"), self.client(conn_id="second")
        self.alice.send(self.room, "1")
        first.step()
        others = [self.client(conn_id=str(number)) for number in range(15)]
        self.assertEqual(second.ask(second.pos).error, UNKNOWN)
        for kept in (first, *others):
            self.assertEqual(kept.ask(kept.pos).status, 200)

    def test_a_restart_changes_nothing(self) -> None:
        """Neither for a client that has the last answer nor for one that lost it."""
        client, loser = self.client(), self.client(conn_id="2")
        first = self.alice.send(self.room, "1")
        client.step()
        loser.ask(loser.pos).ok()
        self.server.stop()
        self.server.start()

        self.assertEqual(client.rooms(), {})
        self.assertEqual(ids(loser.room(self.room)["timeline"]), [first])
        second = self.alice.send(self.room, "2")
        for one in (client, loser):
            entry = one.room(self.room)
            self.assertEqual(ids(entry["timeline"]), [second])
            self.assertNotIn("initial", entry)

    def test_a_message_ends_a_wait(self) -> None:
        """At once."""
        client = self.client()
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(client.room, self.room, 30_000)
            event_id = self.alice.send(self.room, "1")
            self.assertEqual(ids(waiting.result(20)["timeline"]), [event_id])

    def test_a_wait_for_nothing_ends_where_it_began(self) -> None:
        """With the same `pos`, since nothing was told; and with the counts."""
        client = self.client()
        before = client.pos
        answer = client.step(50)
        self.assertEqual((client.pos, answer["lists"]), (before, {"all": {"count": 1}}))

    def test_what_is_not_asked_for_ends_no_wait(self) -> None:
        """A message in a room outside the window; it is not lost."""
        quiet = self.alice.create_room(preset="public_chat")
        self.bob.join(quiet)
        client = self.client(lists={}, room_subscriptions={self.room: a_room()})
        self.alice.send(quiet, "1")
        before = client.pos
        self.assertNotIn("rooms", client.step(200))
        self.assertEqual(client.pos, before)

    def test_another_request_ends_the_wait_of_the_one_before(self) -> None:
        """Which its client has given up; the new one is answered, and goes on."""
        client = self.client()
        with ThreadPoolExecutor(1) as threads:
            given_up = threads.submit(client.ask, client.pos, 30_000)
            for _ in range(100):
                client.step(100, room_subscriptions={self.room: a_room()})
                if given_up.done():
                    break
            self.assertTrue(given_up.done())
            self.assertEqual(given_up.result().ok()["pos"], client.pos)
        event_id = self.alice.send(self.room, "1")
        self.assertEqual(ids(client.room(self.room)["timeline"]), [event_id])

    def test_connections_end_with_their_device(self) -> None:
        """A login with the same device id begins anew."""
        phone = self.bob.log_in_again(device_id="PHONE")
        client = self.client(phone)
        phone.post("/logout")
        client.user = self.bob.log_in_again(device_id="PHONE")
        self.assertEqual(client.ask(client.pos).error, UNKNOWN)

    def test_history_goes_on_from_a_pos(self) -> None:
        """`/messages` takes it as it takes a token of `/sync`."""
        client = self.client()
        event_id = self.alice.send(self.room, "1")
        client.step()
        self.alice.send(self.room, "2")
        query = {"dir": "b", "from": client.pos, "limit": 1}
        self.assertEqual(ids(self.bob.get(f"/rooms/{self.room}/messages", query)["chunk"]), [event_id])

    def test_many_wishes_for_state_make_a_client_begin_anew(self) -> None:
        """Rather than that the server remembers ever more."""
        client = self.client()
        for number in range(205):
            pair = ("org.example", str(number))
            self.alice.send(self.room, "x")
            answer = client.ask(client.pos, room_subscriptions={self.room: a_room(1, [pair])})
            if answer.status != 200:
                break
            client.pos = answer.json["pos"]
        self.assertEqual(answer.error, UNKNOWN)
        client.pos = None
        self.assertIs(client.room(self.room)["initial"], True)


SlidingConnectionsTestOnPostgres = on_postgres(SlidingConnectionsTest)
