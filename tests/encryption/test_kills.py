"""Two servers are killed again and again while keys are claimed and messages to devices are under way."""

from __future__ import annotations

import http.client
import tempfile
import time
import unittest
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

from homeserver.commands.certificates import write_authority
from tests.slices.to_device.test_to_device import numbers
from tests.support.api_client import Answer, Json, User
from tests.support.crypto_device import CryptoDevice
from tests.support.databases import fresh_database, on_postgres
from tests.support.homeserver import Homeserver
from tests.support.server_process import ServerProcess, process_of

_RETRY = {"destination_min_retry_interval": 100, "destination_max_retry_interval": 300}
_ROUNDS = 3
_BETWEEN_KILLS_S = 0.4
_MESSAGES = 150
_KEYS = 400
_PATIENCE_S = 60.0


class KilledServersTest(unittest.TestCase):
    """Alice is here, Bob is there. Clients ask again with the same transaction id where they got no answer."""

    engine = "sqlite"
    here: ClassVar[Homeserver]
    there: ClassVar[Homeserver]
    processes: ClassVar[list[ServerProcess]]

    @classmethod
    def setUpClass(cls) -> None:
        """Both, as processes."""
        super().setUpClass()
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="hearth-killed-")))
        authority = write_authority("Test authority", folder / "ca.crt")
        cls.processes = []
        servers = []
        for name in ("here", "there"):
            (folder / name).mkdir()
            place = cls.enterClassContext(fresh_database(cls.engine))
            server = Homeserver(folder / name, place.config, authority, federation=_RETRY)
            process = process_of(server)
            cls.addClassCleanup(process.kill)
            process.start()
            servers.append(server)
            cls.processes.append(process)
        cls.here, cls.there = servers

    def test_no_message_is_lost_or_doubled_and_no_key_issued_twice(self) -> None:
        """Messages come in the order in which they were sent."""
        alice, bob = self.here.new_user("alice"), self.there.new_user("bob")
        neighbour = self.there.new_user("carol")
        device = CryptoDevice(bob)
        device.upload(device.one_time_keys(_KEYS))
        enough = Event()

        with ThreadPoolExecutor() as pool:
            sending = pool.submit(_send, alice, bob)
            reading = pool.submit(_read, bob)
            claims = [pool.submit(_claim, user, bob, enough) for user in (alice, alice, neighbour)]
            for _ in range(_ROUNDS):
                for process in self.processes:
                    time.sleep(_BETWEEN_KILLS_S)
                    process.kill()
                    process.start()
            sending.result()
            enough.set()
            issued = [key for each in claims for key in each.result()]
            received = reading.result()

        self.assertEqual(received, list(range(_MESSAGES)))
        self.assertGreater(len(issued), 0)
        enough.set()
        rest = self.claim_rest(neighbour, bob)
        self.assertEqual(len(set(issued + rest)), len(issued + rest))
        self.assertLessEqual(len(issued + rest), _KEYS)

    def claim_rest(self, asker: User, bob: User) -> list[str]:
        """All keys that are still there."""
        keys: list[str] = []
        while found := _claimed(asker.post("/keys/claim", _wanted(bob)), bob):
            keys.append(found)
        return keys


def _insist(ask: Callable[[], Answer]) -> Any:
    """Ask until there is an answer, as clients do."""
    until_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until_s:
        try:
            return ask().ok()
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
    raise AssertionError("the server does not come back")


def _send(alice: User, bob: User) -> None:
    for number in range(_MESSAGES):
        body = {"messages": {bob.user_id: {bob.device_id: {"n": number}}}}
        _insist(lambda: alice.request("PUT", f"/sendToDevice/m.new/{number}", body))  # noqa: B023
        time.sleep(0.02)


def _read(bob: User) -> list[int]:
    seen: list[int] = []
    since: Json = {}
    until_s = time.monotonic() + _PATIENCE_S
    while len(seen) < _MESSAGES and time.monotonic() < until_s:
        answer = _insist(lambda: bob.request("GET", "/sync", query={"timeout": 300, **since}))  # noqa: B023
        since = {"since": answer["next_batch"]}
        seen += numbers(answer)
    # Whatever would be doubled comes after the last one, too.
    return seen + numbers(_insist(lambda: bob.request("GET", "/sync", query={"timeout": 500, **since})))


def _claim(asker: User, bob: User, enough: Event) -> list[str]:
    keys: list[str] = []
    while not enough.is_set():
        answer = _insist(lambda: asker.request("POST", "/keys/claim", _wanted(bob)))
        found = _claimed(answer, bob)
        keys += [] if found is None else [found]
        time.sleep(0.03)
    return keys


def _wanted(bob: User) -> Json:
    return {"one_time_keys": {bob.user_id: {bob.device_id: "signed_curve25519"}}, "timeout": 2000}


def _claimed(answer: Json, bob: User) -> str | None:
    keys = answer["one_time_keys"].get(bob.user_id, {}).get(bob.device_id)
    return None if keys is None else next(iter(keys.values()))["key"]


KilledServersTestOnPostgres = on_postgres(KilledServersTest)
