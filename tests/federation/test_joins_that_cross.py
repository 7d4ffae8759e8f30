"""Events that cross a join: accepted by a server of the room after the joining one was told what to cite, so that they
are neither in the state it gets nor, by themselves, sent to it.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase
from tests.federation.inbox import Inbox
from tests.support.databases import on_postgres

_MANY = 120


class CrossedJoinTest(HostileCase):
    """The peer is in Alice's room; a `joiner` comes."""

    def setUp(self) -> None:
        """A room, and two other servers."""
        super().setUp()
        self.joiner = self.new_peer()
        self.inbox = Inbox(self.joiner)

    def test_what_happens_between_the_halves_of_a_join_is_sent_to_the_joining_server(self) -> None:
        """Messages and memberships, in order, without anybody having to speak afterwards."""
        bob = self.server.new_user("bob")
        bob.join(self.room_id)
        join = self.joiner.make_join(self.room_id)
        first = bob.send(self.room_id, "first")
        second = self.alice.send(self.room_id, "second")
        bob.change(self.room_id, "leave")
        leave = self.state_ids()["m.room.member", bob.user_id]
        self.joiner.send_join(join)

        self.assertEqual(self.inbox.wait_for(leave), [first, second, leave])

    def test_a_join_that_nothing_crosses_is_sent_nothing(self) -> None:
        """The joining server has what happened before; the first message after the join comes alone."""
        self.alice.send(self.room_id, "before")
        self.joiner.join(self.room_id)
        after = self.alice.send(self.room_id, "after")

        self.assertEqual(self.inbox.wait_for(after), [after])

    def test_of_much_that_crosses_a_join_the_last_is_sent(self) -> None:
        """What comes before it in the room is asked for by those who get it."""
        join = self.joiner.make_join(self.room_id)
        crossed = [self.alice.send(self.room_id, str(number)) for number in range(_MANY)]
        self.joiner.send_join(join)
        sent = self.inbox.wait_for(crossed[-1])

        self.assertEqual(sent, crossed[-len(sent) :])
        self.assertLess(len(sent), _MANY)

    def test_what_crossed_a_join_is_sent_though_the_server_did_not_answer_at_first(self) -> None:
        """And though this one was started anew meanwhile."""
        join = self.joiner.make_join(self.room_id)
        crossed = self.alice.send(self.room_id, "crossed")
        self.inbox.is_up = False
        self.joiner.send_join(join)
        self.inbox.wait_for_refusal()
        self.server.stop()
        self.inbox.is_up = True
        self.server.start()
        self.joiner.send().ok()
        after = self.alice.send(self.room_id, "after")

        self.assertEqual(self.inbox.wait_for(after), [crossed, after])

    def test_messages_hidden_from_those_who_were_not_joined_are_not_sent(self) -> None:
        """The joining server had nobody in the room at them; the state is its business all the same."""
        self.alice.set_state(self.room_id, "m.room.history_visibility", {"history_visibility": "joined"})
        join = self.joiner.make_join(self.room_id)
        self.alice.send(self.room_id, "hidden")
        topic = self.alice.set_state(self.room_id, "m.room.topic", {"topic": "new"})
        self.joiner.send_join(join)

        self.assertEqual(self.inbox.wait_for(topic), [topic])

    def test_events_of_other_servers_that_crossed_a_join_are_passed_on(self) -> None:
        """Those that came before the join was let in: their servers did not know of it."""
        join = self.joiner.make_join(self.room_id)
        crossed = self.land(self.peer)
        self.joiner.send_join(join)

        self.assertEqual(self.inbox.wait_for(crossed.event_id), [crossed.event_id])

    def test_events_of_servers_that_do_not_know_of_the_join_yet_are_passed_on(self) -> None:
        """They come after the join was let in, and do not cite it."""
        self.joiner.join(self.room_id)
        crossed = self.land(self.peer)

        self.assertEqual(self.inbox.wait_for(crossed.event_id), [crossed.event_id])

    def test_servers_whose_joins_cross_learn_of_each_other(self) -> None:
        """Neither is in the state that the other got."""
        other = self.new_peer()
        others_inbox = Inbox(other)
        of_joiner, of_other = self.joiner.make_join(self.room_id), other.make_join(self.room_id)
        self.joiner.send_join(of_joiner)
        other.send_join(of_other)

        self.assertEqual(self.inbox.wait_for(of_other.event_id), [of_other.event_id])
        self.assertEqual(others_inbox.wait_for(of_joiner.event_id), [of_joiner.event_id])

    def test_a_server_that_joined_through_another_is_sent_what_crossed_its_join_here(self) -> None:
        """This server learns of the join by a transaction; what it sent before did not go to the joining one."""
        before = self.land(self.peer)
        crossed = [self.alice.send(self.room_id, text) for text in ("first", "second")]
        self.join_through_peer(before.event_id)

        self.assertEqual(self.inbox.wait_for(crossed[-1]), crossed)

    def test_a_server_that_joined_through_another_is_not_sent_what_its_join_cites(self) -> None:
        """It has that from the other server."""
        before = self.alice.send(self.room_id, "before")
        self.join_through_peer(before)
        after = self.alice.send(self.room_id, "after")

        self.assertEqual(self.inbox.wait_for(after), [after])

    def join_through_peer(self, prev_event_id: str) -> Event:
        """The joiner joins after an event, let in by the peer, which tells the server."""
        joiner, peer = self.joiner, self.peer
        joiner.room_id, joiner.version, joiner.state = self.room_id, peer.version, dict(peer.state)
        join = joiner.build(
            "m.room.member",
            {"membership": "join"},
            state_key=joiner.user_id,
            prev_events=[prev_event_id],
            depth=100,
        )
        self.assertEqual(peer.send([join]).ok(), {"pdus": {join.event_id: {}}})
        self.alice.wait_for_event(self.room_id, join.event_id)
        return join


CrossedJoinTestOnPostgres = on_postgres(CrossedJoinTest)
