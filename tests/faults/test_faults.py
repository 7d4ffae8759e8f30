"""Three servers that federate, a writer on each, and what happens to servers and networks: nothing may be lost.

After each fault all servers must hold every acknowledged message exactly once, in the order in which its writer sent
it, the same events altogether and the same state; and clients that followed the room were told each message once.
"""

from __future__ import annotations

import os
import tempfile
import time
import unittest
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from tests.faults.client import Client, Json
from tests.faults.load import Follower, Writer
from tests.faults.network import Network
from tests.faults.servers import ServerProcess, prepare_servers

_SERVERS = 3
_PAUSE_S = 0.04
_AGREE_S = 40.0


@unittest.skipUnless(os.geteuid() == 0, "network namespaces are root's")
class FaultTest(unittest.TestCase):
    """Servers, accounts and the network are shared by the tests; each has a room of its own."""

    network: ClassVar[Network]
    servers: ClassVar[list[ServerProcess]]
    clients: ClassVar[list[Client]]

    @classmethod
    def setUpClass(cls) -> None:
        """Three servers with an account on each."""
        folder = tempfile.TemporaryDirectory(prefix="hearth-faults-", ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        cls.network = Network(_SERVERS)
        cls.addClassCleanup(cls.network.remove)
        cls.servers = prepare_servers(Path(folder.name), cls.network)
        for server in cls.servers:
            cls.addClassCleanup(server.kill)
            server.launch()
        cls.clients = []
        for number, server in enumerate(cls.servers):
            server.wait_until_up()
            client = server.client()
            client.register(f"user{number}")
            cls.addClassCleanup(client.close)
            cls.clients.append(client)

    def begin(self, members: int = _SERVERS) -> None:
        """A room made on the first server and joined from some of the others, with a writer and a reader on each."""
        levels = {"state_default": 0}
        body: Json = {"preset": "public_chat", "power_level_content_override": levels}
        self.room_id = str(self.clients[0].insist("POST", "/createRoom", body)["room_id"])
        for number in range(1, members):
            self.join(number)
        writing = self.clients[:members]
        self.writers = [
            Writer(client.clone(), self.room_id, f"writer{number}", _PAUSE_S) for number, client in enumerate(writing)
        ]
        self.followers = [Follower(client.clone(), self.room_id) for client in writing]
        for follower in self.followers:
            follower.start()
        for writer in self.writers:
            writer.start()

    def join(self, number: int) -> None:
        """Join the room from a server."""
        path = f"/join/{quote(self.room_id)}?server_name={quote(self.servers[0].name)}"
        self.clients[number].insist("POST", path, {})

    def test_killing_each_server_in_turn_loses_nothing(self) -> None:
        """`kill -9` in the middle of sending and receiving, and a start some time later."""
        self.begin()
        for server in self.servers:
            time.sleep(1.0)
            server.kill()
            time.sleep(1.5)
            server.start()
        time.sleep(1.0)

        self.check_nothing_lost("kill -9 of each")

    def test_a_network_cut_between_two_servers_loses_nothing(self) -> None:
        """Two servers cannot reach each other, though both talk to the third, and all go on writing."""
        self.begin()
        time.sleep(1.0)
        self.network.cut(1, 2)
        try:
            time.sleep(6.0)
        finally:
            self.network.heal(1, 2)
        time.sleep(1.0)

        self.check_nothing_lost("network cut")

    def test_a_server_cut_off_from_all_others_catches_up_and_is_caught_up_with(self) -> None:
        """The room forks: both sides set the same state, and agree on one of them afterwards."""
        self.begin()
        time.sleep(0.5)
        for other in (0, 1):
            self.network.cut(other, 2)
        try:
            time.sleep(4.0)
        finally:
            for other in (0, 1):
                self.network.heal(other, 2)

        self.check_nothing_lost("one cut off for 4 s")

    def test_a_server_that_was_down_gets_everything_in_order(self) -> None:
        """More is due to it than one transaction holds, and what it was sent is in the order of writing."""
        self.begin()
        time.sleep(0.5)
        self.servers[2].terminate()
        time.sleep(6.0)
        self.servers[2].start()

        self.check_nothing_lost("one down for 6 s")

    def test_ending_a_server_in_order_under_load_loses_nothing(self) -> None:
        """SIGTERM: what is under way is finished, and the server ends without a complaint."""
        self.begin()
        for server in self.servers[:2]:
            time.sleep(0.5)
            self.assertEqual(server.terminate(), 0)
            server.start()
        time.sleep(0.5)

        self.check_nothing_lost("SIGTERM of two")

    def test_a_server_ends_in_order_while_others_do_not_answer(self) -> None:
        """SIGTERM does not wait for what is under way to servers that cannot be reached."""
        self.begin()
        self.network.cut(0, 2)
        try:
            time.sleep(2.0)
            self.assertEqual(self.servers[0].terminate(), 0)
        finally:
            self.network.heal(0, 2)
        self.servers[0].start()

        self.check_nothing_lost("SIGTERM during a cut")

    def test_a_server_that_joins_under_load_misses_nothing(self) -> None:
        """What the others send while it has the room only half is there, and all that went before can be read."""
        self.begin(members=2)
        time.sleep(2.0)
        self.join(2)
        time.sleep(1.0)

        self.check_nothing_lost("join under load")

    def check_nothing_lost(self, fault: str) -> None:
        """Stop writing, wait until the servers agree, and compare all they have with what was acknowledged."""
        for writer in self.writers:
            writer.stop()
        stopped_s = time.monotonic()
        acknowledged = {body: event for writer in self.writers for body, event in writer.acknowledged.items()}
        histories = self.wait_for_agreement(set(acknowledged.values()))
        took_s = time.monotonic() - stopped_s
        self.wait_until(lambda: all(one.seen.keys() >= set(acknowledged.values()) for one in self.followers), 20.0)
        for follower in self.followers:
            follower.stop()
        lost = sum(len(acknowledged.keys() - _bodies(history)) for history in histories)
        twice = sum(sum(count - 1 for count in _bodies(history).values()) for history in histories)
        sent = sum(writer.sent for writer in self.writers)
        print(
            f"\n{fault}: {sent} requests sent, {len(acknowledged)} messages acknowledged, {lost} lost,"
            f" {twice} duplicated, {len(histories[0])} events each, agreed {took_s:.1f} s after the last message"
        )
        self.check_histories(acknowledged, histories)
        self.check_followers(set(acknowledged.values()))

    def check_histories(self, acknowledged: dict[str, str], histories: list[list[Json]]) -> None:
        """Every message is there once, in order; all servers have the same."""
        self.assertGreater(len(acknowledged), 30)
        self.assertEqual([writer.refused for writer in self.writers if writer.refused], [])
        for history in histories:
            self.assertEqual(dict(_bodies(history)), dict.fromkeys(acknowledged, 1))
            found = {event["content"]["body"]: event["event_id"] for event in history if _is_message(event)}
            self.assertEqual(found, acknowledged)
            for writer in self.writers:
                order = [body for body in found if body in writer.acknowledged]
                self.assertEqual(order, list(writer.acknowledged))
        ids = [sorted(event["event_id"] for event in history) for history in histories]
        self.assertEqual(ids[1:], ids[:1] * (_SERVERS - 1))
        self.assertEqual(len(set(ids[0])), len(ids[0]))
        states = [client.state(self.room_id) for client in self.clients]
        self.assertEqual(states[1:], states[:1] * (_SERVERS - 1))

    def check_followers(self, acknowledged: set[str]) -> None:
        """Who follows the room with `/sync` was told every message, once."""
        for number, follower in enumerate(self.followers):
            self.assertEqual((number, follower.refused, follower.gaps), (number, [], 0))
            told = {event: follower.seen[event] for event in acknowledged}
            self.assertEqual({event: count for event, count in told.items() if count != 1}, {})

    def wait_for_agreement(self, expected: set[str]) -> list[list[Json]]:
        """The histories of all servers once they are the same and hold what is expected; or as they are at last."""
        histories: list[list[Json]] = []

        def is_agreed() -> bool:
            histories[:] = [client.history(self.room_id) for client in self.clients]
            ids = [{event["event_id"] for event in history} for history in histories]
            states = [client.state(self.room_id) for client in self.clients]
            return all(one == ids[0] and one >= expected for one in ids) and all(one == states[0] for one in states)

        self.wait_until(is_agreed, _AGREE_S)
        return histories

    def wait_until(self, condition: Callable[[], bool], patience_s: float) -> None:
        """Wait for a condition, and at most so long."""
        until_s = time.monotonic() + patience_s
        while not condition() and time.monotonic() < until_s:
            time.sleep(0.2)


def _is_message(event: Json) -> bool:
    return bool(event["type"] == "m.room.message")


def _bodies(history: list[Json]) -> Counter[str]:
    """How often each message's text is there."""
    return Counter(event["content"]["body"] for event in history if _is_message(event))
