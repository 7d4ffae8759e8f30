"""Push gateways that are away, slow, or hostile; and servers that stop.

https://spec.matrix.org/v1.19/push-gateway-api/
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
import unittest
from functools import partial
from pathlib import Path
from typing import Any

from tests.slices.push.push_case import INSECURE, PushCase
from tests.support.api_client import PATIENCE_S, Client, User
from tests.support.databases import on_postgres
from tests.support.homeserver import Homeserver
from tests.support.push_gateway import PATH, PushGateway, json_answer, pusher


class DeliveryTest(PushCase):
    """Nothing is lost, nothing comes twice."""

    def bodies(self, told: list[Any]) -> list[str]:
        """What the messages said."""
        return [one["content"]["body"] for one in told if "content" in one]

    def test_a_rejected_pusher_is_removed(self) -> None:
        """That one alone."""
        self.gateway.add_to(self.bob, "other")
        self.gateway.answer = lambda told: json_answer({"rejected": ["key"]})
        self.alice.send(self.room, "hello")
        self.gateway.wait(1, "key")
        self.gateway.wait(1, "other")
        deadline = time.monotonic() + PATIENCE_S
        while len(self.bob.get("/pushers")["pushers"]) == 2 and time.monotonic() < deadline:
            time.sleep(0.02)

        self.assertEqual([one["pushkey"] for one in self.bob.get("/pushers")["pushers"]], ["other"])
        self.alice.send(self.room, "again")
        self.gateway.wait(2, "other")
        self.assertEqual(len(self.gateway.of("key")), 1)

    def test_what_a_gateway_does_not_take_is_told_again(self) -> None:
        """Errors, nonsense, huge answers, redirections: each time the same event, and in the end the next ones."""
        answers: list[Any] = [
            json_answer({}, 503),
            (200, {}, b"<html>it works</html>"),
            json_answer({"rejected": "key"}),
            (302, {"Location": "https://127.0.0.1:1/"}, b""),
            (200, {}, b" " * 200_000 + b"{}"),
            None,
        ]
        for number, bad in enumerate(answers, 1):
            with self.subTest(number):
                bob = self.new_user("bob")
                room_id, key = self.room_with(bob), f"key{number}"
                said: list[Any] = [bad]
                self.gateway.answer = lambda told, said=said: said.pop() if said else json_answer({})  # type: ignore[misc]
                self.gateway.add_to(bob, key)
                self.alice.send(room_id, "one")
                self.alice.send(room_id, "two")
                told = self.gateway.wait_for(lambda told: self.bodies(told)[-1:] == ["two"], key)
                self.assertEqual(self.bodies(told), ["one", "one", "two"])
                self.assertEqual(len({one["event_id"] for one in told}), 2)

    def test_a_gateway_that_answers_slowly_holds_up_nobody_else(self) -> None:
        """Not another pusher of the same user's, nor the server."""
        other = PushGateway()
        self.addCleanup(other.close)
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def answer(told: Any) -> Any:
            go_on.wait(PATIENCE_S)
            return json_answer({})

        self.gateway.answer = answer
        other.add_to(self.bob, "other")
        sent = [self.alice.send(self.room, str(number)) for number in range(4)]

        self.assertEqual([one["event_id"] for one in other.wait(4)], sent)
        self.assertEqual(len(self.gateway.told), 1)
        go_on.set()
        self.assertEqual([one["event_id"] for one in self.gateway.wait(4)], sent)

    def test_what_is_read_before_it_is_told_is_not_told(self) -> None:
        """Nor what is redacted meanwhile."""
        port = self.gateway.port
        self.gateway.close()
        self.alice.send(self.room, "one")
        gone = self.alice.send(self.room, "two")
        self.read(self.alice.send(self.room, "three"))
        redacted = self.alice.send(self.room, "four")
        self.alice.put(f"/rooms/{self.room}/redact/{redacted}/t1", {})
        last = self.alice.send(self.room, "five")
        self.gateway = PushGateway(port)
        self.addCleanup(self.gateway.close)
        self.gateway.add_to(self.bob)
        told = self.gateway.wait_for(lambda told: any(one.get("event_id") == last for one in told))

        self.assertNotIn(gone, [one.get("event_id") for one in told])
        self.assertNotIn(redacted, [one.get("event_id") for one in told])

    def test_a_restart_loses_nothing(self) -> None:
        """What a gateway that was away was not told comes afterwards, in order; what it was told does not."""
        first = self.alice.send(self.room, "first")
        self.gateway.wait(1)
        port = self.gateway.port
        self.gateway.close()
        sent = [self.alice.send(self.room, str(number)) for number in range(3)]
        self.server.stop()
        self.gateway = PushGateway(port)
        self.addCleanup(self.gateway.close)
        self.server.start()
        told = self.gateway.wait(3)

        self.assertEqual([one["event_id"] for one in told], sent)
        self.assertNotIn(first, sent)

    def test_a_pusher_that_is_disabled_is_told_nothing(self) -> None:
        """Nor, once it is enabled, what came meanwhile."""
        self.gateway.add_to(self.bob, enabled=False)
        self.alice.send(self.room, "unheard")
        self.gateway.stays_at(0)
        self.gateway.add_to(self.bob, enabled=True)
        heard = self.alice.send(self.room, "heard")

        self.assertEqual(self.gateway.wait(1)[0]["event_id"], heard)

    def test_a_new_pusher_is_not_told_what_was_there_before(self) -> None:
        """Only what comes."""
        self.alice.send(self.room, "early")
        self.gateway.wait(1)
        self.gateway.add_to(self.bob, "new")
        late = self.alice.send(self.room, "late")

        self.assertEqual([one["event_id"] for one in self.gateway.wait(1, "new")], [late])


class ClosedAddressTest(PushCase):
    """A server that may not reach private addresses."""

    settings = {**INSECURE, "ip_range_whitelist": []}  # noqa: RUF012

    def test_no_private_address_is_asked(self) -> None:
        """Whatever its name."""
        self.bob.post("/pushers/set", pusher(f"https://localhost:{self.gateway.port}{PATH}", "name"))
        self.alice.send(self.room, "hello")

        self.gateway.stays_at(0)


class KilledTest(unittest.TestCase):
    """A server that is killed while its gateway is told."""

    def test_kill_9_loses_nothing(self) -> None:
        """Everything is told; the one that was under way perhaps twice, no other."""
        gateway = PushGateway()
        self.addCleanup(gateway.close)
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hearth-test-")))
        database = {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}}
        server = Homeserver(folder, database, None, **INSECURE)
        path = server.write_configuration()
        process = self.start(path, server)
        alice, bob = server.register("alice"), server.register("bob")
        room_id = alice.create_room(preset="public_chat")
        bob.join(room_id)
        gateway.add_to(bob)
        sent: list[str] = []
        gateway.answer = partial(_killing, process, gateway, len(sent) + 4)
        self.send_until_killed(alice, room_id, sent)
        process.wait(PATIENCE_S)
        gateway.answer = lambda told: json_answer({})
        self.start(path, server)
        gateway.wait_for(lambda told: {one.get("event_id") for one in told} >= set(sent))

        told = [one["event_id"] for one in gateway.told if "event_id" in one]
        self.assertEqual(list(dict.fromkeys(told))[: len(sent)], list(dict.fromkeys(told)))
        self.assertLessEqual(len(told) - len(set(told)), 1)

    def start(self, path: Path, server: Homeserver) -> subprocess.Popen[bytes]:
        """Start a process, and wait until it answers."""
        command = [sys.executable, "-m", "homeserver", "-c", str(path)]
        process = subprocess.Popen(
            command, cwd=Path(__file__).parents[3], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.addCleanup(process.wait, PATIENCE_S)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                Client(server.url).get("/_matrix/client/versions")
            except OSError:
                time.sleep(0.05)
            else:
                return process
        raise AssertionError("the server does not answer")

    def send_until_killed(self, alice: User, room_id: str, sent: list[str]) -> None:
        """Send as long as it is answered."""
        try:
            for number in range(1000):
                sent.append(alice.send(room_id, str(number)))
                # So that there is not too much to be told afterwards.
                time.sleep(0.02)
        except (OSError, AssertionError):
            return
        raise AssertionError("the server was not killed")


def _killing(process: subprocess.Popen[bytes], gateway: PushGateway, at: int, told: Any) -> Any:
    """Kill the server when its gateway is told the so-manieth, in place of an answer."""
    if len(gateway.told) >= at:
        process.kill()
        return None
    return json_answer({})


DeliveryTestOnPostgres = on_postgres(DeliveryTest)
