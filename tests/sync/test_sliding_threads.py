"""Sliding sync tells of subscriptions to threads.

https://github.com/matrix-org/matrix-spec-proposals/pull/4308
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.api_client import Json
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.sync.sliding_client import SlidingClient, a_list

NAME = "io.element.msc4308.thread_subscriptions"
UNSTABLE = "/_matrix/client/unstable"


class SlidingThreadsTest(HomeserverCase):
    """Bob has several devices, and threads to follow."""

    def setUp(self) -> None:
        self.bob = self.new_user("bob")
        self.room = self.bob.create_room()
        self.roots = [self.bob.send(self.room, f"root {number}") for number in range(4)]

    def path(self, number: int) -> str:
        """Where the subscription to a thread is."""
        return f"{UNSTABLE}/io.element.msc4306/rooms/{self.room}/thread/{self.roots[number]}/subscription"

    def subscribe(self, *numbers: int) -> None:
        """To threads, one after the other."""
        for number in numbers:
            self.bob.put(self.path(number), {})

    def client(self, name: str = NAME, **options: Any) -> SlidingClient:
        """A connection that asks for nothing else."""
        return SlidingClient(self.bob, extensions={name: {"enabled": True, **options}})

    def told(self, answer: Json, name: str = NAME) -> tuple[set[int], set[int]]:
        """(threads subscribed to, threads unsubscribed from) by an answer."""
        found = answer["extensions"].get(name, {})
        subscribed, unsubscribed = (
            {self.roots.index(root) for root in found.get(part, {}).get(self.room, {})}
            for part in ("subscribed", "unsubscribed")
        )
        return subscribed, unsubscribed

    def test_all_at_first_then_what_changes(self) -> None:
        """Also what a new connection's client may know from before to be otherwise."""
        self.subscribe(0, 1)
        self.bob.delete(self.path(1))
        client = self.client()
        first = client.step()
        self.assertEqual(self.told(first), ({0}, {1}))
        about = first["extensions"][NAME]
        self.assertIs(about["subscribed"][self.room][self.roots[0]]["automatic"], False)
        self.assertEqual(about["unsubscribed"][self.room][self.roots[1]].keys(), {"bump_stamp"})
        self.assertNotIn(NAME, client.step()["extensions"])
        self.subscribe(1)
        self.bob.delete(self.path(0))
        self.assertEqual(self.told(client.step()), ({1}, {0}))
        self.assertNotIn(NAME, client.step()["extensions"])

    def test_a_wait_ends(self) -> None:
        """With what another device does."""
        client = self.client()
        client.step()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.step, 20_000)
            self.subscribe(2)
            self.assertEqual(self.told(waiting.result()), ({2}, set()))

    def test_what_changes_nothing_is_not_told(self) -> None:
        """Subscribing again."""
        self.subscribe(0)
        client = self.client()
        client.step()
        self.subscribe(0)
        self.assertNotIn(NAME, client.step()["extensions"])

    def test_nobody_is_told_who_did_not_ask_or_is_somebody_else(self) -> None:
        """The extension is to be enabled; subscriptions are one's own."""
        alice = self.new_user("alice")
        others = [SlidingClient(self.bob), SlidingClient(alice, extensions={NAME: {"enabled": True}})]
        for other in others:
            other.step()
        self.subscribe(0)
        for other in others:
            self.assertNotIn(NAME, other.step()["extensions"])

    def test_what_is_too_much_is_found_by_paging(self) -> None:
        """From `prev_batch` back to the `pos` of the request; each change once."""
        client = self.client(limit=1)
        self.subscribe(0)
        client.step()
        pos = client.pos or ""
        self.subscribe(1, 2, 3)
        answer = client.step()
        self.assertEqual(self.told(answer), ({3}, set()))
        start = answer["extensions"][NAME]["prev_batch"]
        pages = []
        while start is not None:
            query = {"dir": "b", "limit": 1, "from": start, "to": pos}
            page = self.bob.get(f"{UNSTABLE}/io.element.msc4308/thread_subscriptions", query)
            pages.append(list(page["subscribed"][self.room]))
            start = page.get("end")
        self.assertEqual(pages, [[self.roots[2]], [self.roots[1]]])
        self.assertNotIn(NAME, client.step()["extensions"])

    def test_a_client_that_asks_for_it_later_misses_nothing(self) -> None:
        """What changed before its `pos` was never told to it either."""
        self.subscribe(0, 1)
        client = SlidingClient(self.bob, lists={"all": a_list()})
        client.step()
        pos = client.pos or ""
        answer = client.step(extensions={NAME: {"enabled": True, "limit": 1}})
        self.assertEqual(self.told(answer), ({1}, set()))
        query = {"dir": "b", "from": answer["extensions"][NAME]["prev_batch"], "to": pos}
        page = self.bob.get(f"{UNSTABLE}/io.element.msc4308/thread_subscriptions", query)
        self.assertEqual(list(page["subscribed"][self.room]), [self.roots[0]])

    def test_a_lost_answer_counts_for_nothing(self) -> None:
        """Asked again, also after a restart, it is told again, with what came meanwhile."""
        client = self.client()
        client.step()
        self.subscribe(0)
        self.assertEqual(self.told(client.ask(client.pos).ok()), ({0}, set()))
        self.subscribe(1)
        self.assertEqual(self.told(client.ask(client.pos).ok()), ({0, 1}, set()))
        self.server.stop()
        self.server.start()
        self.assertEqual(self.told(client.step()), ({0, 1}, set()))
        self.server.stop()
        self.server.start()
        self.assertNotIn(NAME, client.step()["extensions"])
        self.subscribe(2)
        self.assertEqual(self.told(client.step()), ({2}, set()))

    def test_either_name_and_no_limit_below_one(self) -> None:
        """The unstable one, or that of the proposal."""
        self.subscribe(0)
        stable = "thread_subscriptions"
        self.assertEqual(self.told(self.client(stable).step(), stable), ({0}, set()))
        self.assertEqual(self.client(limit=0).ask().error, (400, "M_INVALID_PARAM"))


SlidingThreadsTestOnPostgres = on_postgres(SlidingThreadsTest)
