"""When polls are woken: once everybody has been told of the change that wakes them."""

from __future__ import annotations

from collections.abc import Mapping
from unittest import TestCase

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock

from homeserver.database import Change, ChangeFeed
from homeserver.rooms.records import Membership
from homeserver.sync.streams import Streams, UserStream

ALICE = "@alice:a.test"


class WakingTest(TestCase):
    """One user who polls."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.feed = ChangeFeed()
        self.streams = Streams(self.feed, in_no_room, self.clock)

    def poll(self) -> Deferred[None]:
        """Wait as a long poll does."""

        async def wait() -> None:
            await self.streams.wait(await self.streams.get(ALICE), 30)

        return ensureDeferred(wait())

    def test_a_woken_poll_finds_the_serial_that_woke_it_where_its_change_is_kept(self) -> None:
        """Who touches a stream learns the serial only then; a poll that ran before that would miss the change."""
        kept_at: list[int] = []
        found: list[list[int]] = []
        self.poll().addCallback(lambda _: found.append(list(kept_at)))

        kept_at.append(self.streams.touch_users([ALICE]))
        self.clock.advance(0)

        self.assertEqual(found, [[self.streams.volatile]])

    def test_a_poll_wakes_after_all_subscribers_have_heard_of_the_commit(self) -> None:
        """Otherwise it could answer from a cache that is about to be dropped, and never tell of the change."""
        told: list[str] = []
        self.feed.subscribe("later topic", lambda _: told.append("cache"))
        self.poll().addCallback(lambda _: told.append("poll"))

        self.feed.deliver([Change(1, "membership", ALICE), Change(1, "later topic", "x")], 1)
        self.clock.advance(0)

        self.assertEqual(told, ["cache", "poll"])

    def test_what_changes_while_a_users_rooms_are_looked_up_is_noticed(self) -> None:
        """Of the people in them too, though the change reached nobody's stream."""
        looked_up: Deferred[Mapping[int, Membership]] = Deferred()

        async def look_up(user_id: str) -> Mapping[int, Membership]:
            return await looked_up

        streams = Streams(self.feed, look_up, self.clock)
        found = ensureDeferred(streams.get(ALICE))
        self.feed.deliver([Change(5, "device_lists", "7")], 5)
        looked_up.callback({7: Membership(7, "!r:a.test", ALICE, "join", 1, 1, False)})
        stream = result_of(found)

        self.assertTrue(stream.has_topic_since("device_lists", 4))
        self.assertFalse(stream.is_unchanged_since(4, stream.volatile_born_at))
        self.assertTrue(stream.is_unchanged_since(5, stream.volatile_born_at))

    def test_a_poll_ends_when_its_time_is_over(self) -> None:
        """Nothing changes for the user."""
        poll = self.poll()

        self.clock.advance(29)
        self.assertFalse(poll.called)
        self.clock.advance(1)
        self.assertTrue(poll.called)


def result_of(done: Deferred[UserStream]) -> UserStream:
    """What has been found."""
    results: list[UserStream] = []
    done.addCallback(results.append)
    return results[0]


async def in_no_room(user_id: str) -> Mapping[int, Membership]:
    """A user's memberships: none."""
    return {}
