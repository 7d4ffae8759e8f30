"""Writers and readers that go on whatever happens to their server, and remember what it told them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from urllib.parse import quote

from tests.faults.client import Client, Json, NoAnswer, Refused

_STATE_EVERY = 10


class Writer:
    """Sends numbered messages, one after the other, each until it is acknowledged, and now and then a room's topic.

    `sent`: requests, those again included. `acknowledged`: body to event id, in order.
    """

    def __init__(self, client: Client, room_id: str, name: str, pause_s: float) -> None:
        self.sent = 0
        self.acknowledged: dict[str, str] = {}
        self.refused: list[str] = []
        self._client = client
        self._room = quote(room_id)
        self._name = name
        self._pause_s = pause_s
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End once the message under way is acknowledged."""
        self._is_stopping.set()
        self._thread.join(60)
        if self._thread.is_alive():
            raise AssertionError(f"{self._name} still waits for an answer")

    def _run(self) -> None:
        number = 0
        while not self._is_stopping.wait(self._pause_s):
            number += 1
            body = f"{self._name} {number}"
            content = {"msgtype": "m.text", "body": body}
            path = f"/rooms/{self._room}/send/m.room.message/{quote(body)}"
            answer = self._until_answered("PUT", path, content)
            if answer is not None:
                self.acknowledged[body] = answer["event_id"]
            if number % _STATE_EVERY == 0:
                self._until_answered("PUT", f"/rooms/{self._room}/state/m.room.topic/", {"topic": body})
                own = f"/rooms/{self._room}/state/test.last/{quote(self._client.user_id)}"
                self._until_answered("PUT", own, {"number": number})

    def _until_answered(self, method: str, path: str, content: Json) -> Json | None:
        while True:
            self.sent += 1
            try:
                return self._client.ask(method, path, content)
            except NoAnswer:
                time.sleep(0.05)
            except Refused as error:
                # Whoever stops tells the client to ask again; anything else is a fault.
                if error.status not in (502, 503, 504):
                    self.refused.append(f"{path}: {error}")
                    return None
                time.sleep(0.05)


class Follower:
    """Follows a room with `/sync`. `seen`: how often each event came."""

    def __init__(self, client: Client, room_id: str) -> None:
        self.seen: Counter[str] = Counter()
        self.gaps = 0
        self.refused: list[str] = []
        self._client = client
        self._room_id = room_id
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._filter = quote('{"room":{"timeline":{"limit":1000}}}')
        self._since = client.insist("GET", f"/sync?timeout=0&filter={self._filter}")["next_batch"]

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._is_stopping.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            try:
                path = f"/sync?timeout=1000&filter={self._filter}&since={quote(self._since)}"
                answer = self._client.ask("GET", path)
            except NoAnswer:
                time.sleep(0.05)
                continue
            except Refused as error:
                if error.status not in (502, 503, 504):
                    self.refused.append(str(error))
                time.sleep(0.05)
                continue
            self._since = answer["next_batch"]
            timeline = answer.get("rooms", {}).get("join", {}).get(self._room_id, {}).get("timeline", {})
            self.seen.update(event["event_id"] for event in timeline.get("events", ()))
            self.gaps += timeline.get("limited", False)
