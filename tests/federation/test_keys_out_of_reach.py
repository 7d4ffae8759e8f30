"""Events of a server whose keys cannot be had when they come, passed on by another.

https://spec.matrix.org/v1.19/server-server-api/#retrieving-server-keys
"""

from __future__ import annotations

from homeserver.federation.identity import Identity
from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase
from tests.support.databases import on_postgres
from tests.support.peer_homeserver import new_key

KEYS = ("GET", "/_matrix/key/v2/server")


class KeysOutOfReachTest(HostileCase):
    """A third server, never heard of before, has joined through the peer."""

    def setUp(self) -> None:
        """Its keys are not to be had."""
        super().setUp()
        third = self.third = self.new_peer()
        third.room_id, third.version, third.state = self.room_id, self.peer.version, dict(self.peer.state)
        third.join_event = self.peer.join_event
        self.published = third.answers[KEYS]
        third.answers[KEYS] = lambda exchange: third.reply(exchange, {}, 503)

    def join(self, identity: Identity | None = None) -> Event:
        """The third server's join."""
        return self.third.build(
            "m.room.member", {"membership": "join"}, state_key=self.third.user_id, identity=identity
        )

    def test_an_event_waits_for_the_key_it_is_checked_with(self) -> None:
        """It is neither refused nor shown, and holds up nobody; once the key can be had it is there."""
        join = self.join()
        self.assertEqual(self.peer.send([join]).ok(), {"pdus": {join.event_id: {}}})
        self.assertNotIn(join.event_id, self.shown())
        self.third.answers[KEYS] = self.published

        self.alice.wait_for_event(self.room_id, join.event_id)

    def test_an_event_whose_key_is_not_its_servers_is_dropped_in_the_end(self) -> None:
        """Nothing of it is shown."""
        join = self.join(Identity(self.third.name, new_key("forged")))
        self.assertEqual(self.peer.send([join]).ok(), {"pdus": {join.event_id: {}}})
        self.third.answers[KEYS] = self.published
        good = self.join()
        self.peer.send([good]).ok()

        self.alice.wait_for_event(self.room_id, good.event_id)
        self.assertNotIn(join.event_id, self.shown())


KeysOutOfReachTestOnPostgres = on_postgres(KeysOutOfReachTest)
