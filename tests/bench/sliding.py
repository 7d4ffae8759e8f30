"""What sliding sync costs a user in many rooms: `python -m tests.bench.sliding [ROOMS] [MESSAGES]`.

Starts a server of its own, fills it, and prints the milliseconds of CPU that its process takes for an answer: a first
window of 20 rooms (with nothing in memory, and with everything), a window of all rooms, a message, and nothing new.
Linux only.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.servers import Place, write_hearth
from tests.support.api_client import Client, Json, User
from tests.sync.sliding_client import SlidingClient, a_list

PORT = 18011
#: What Element X asks for.
STATE = [
    *((f"m.room.{name}", "") for name in ("name", "encryption", "topic", "avatar", "canonical_alias", "power_levels")),
    *((f"m.room.{name}", "") for name in ("join_rules", "tombstone", "create", "history_visibility")),
    ("m.room.member", "$LAZY"),
    ("m.room.member", "$ME"),
    ("org.matrix.msc3401.call.member", "*"),
    ("m.space.parent", "*"),
    ("m.space.child", "*"),
]
EXTENSIONS: Json = {name: {"enabled": True} for name in ("account_data", "receipts", "typing", "to_device", "e2ee")}


class Measured:
    """A server in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{PORT}"
        self._command = write_hearth(Place(folder, PORT))
        self.start()

    def start(self) -> None:
        """And wait until it answers."""
        self._process = subprocess.Popen(self._command)
        for _ in range(200):
            try:
                Client(self.url).get("/_matrix/client/versions")
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the server does not start")

    def stop(self) -> None:
        """In order."""
        self._process.terminate()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Its process's."""
        return self._process.pid

    def cpu_ms(self) -> float:
        """Of all threads so far."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e6

    def measure(self, do: Callable[[], object], times: int = 20) -> str:
        """Do something several times: the median of each time's CPU."""
        costs = []
        for _ in range(times):
            before = self.cpu_ms()
            do()
            costs.append(self.cpu_ms() - before)
        return f"{statistics.median(costs):.2f}"


def register(url: str, name: str) -> User:
    """A new user."""
    auth = {"type": "m.login.dummy"}
    return User(url, Client(url).post("/register", {"username": name, "password": "a long password", "auth": auth}))


def main(rooms: int, messages: int) -> None:
    """Fill and measure."""
    with tempfile.TemporaryDirectory() as folder:
        server = Measured(Path(folder))
        alice, bob = register(server.url, "alice"), register(server.url, "bob")
        room_ids = [alice.create_room(preset="public_chat", name=f"Room {number}") for number in range(rooms)]
        for room_id in room_ids:
            bob.join(room_id)
            for number in range(messages):
                alice.send(room_id, str(number))

        def first() -> SlidingClient:
            client = SlidingClient(bob, lists={"all_rooms": a_list(1, 19, STATE)}, extensions=EXTENSIONS)
            assert len(client.rooms()) == min(20, rooms)
            return client

        server.stop()
        server.start()
        bob.get("/account/whoami")
        print(f"first window of 20, nothing in memory: {server.measure(first, 1)}")
        print(f"first window of 20: {server.measure(first)}")
        client = first()
        everything = {"all_rooms": a_list(1, rooms, STATE)}
        print(f"window of all {rooms}: {server.measure(lambda: client.step(lists=everything), 1)}")
        print(f"nothing new: {server.measure(client.step)}")

        def message() -> None:
            assert room_ids[0] in client.rooms(30_000)

        costs = []
        for number in range(20):
            alice.send(room_ids[0], str(number))
            costs.append(float(server.measure(message, 1)))
        print(f"a message: {statistics.median(costs):.2f}")
        server.stop()


if __name__ == "__main__":
    main(*(int(value) for value in (*sys.argv[1:3], *("1000", "5")[len(sys.argv) - 1 :])))
