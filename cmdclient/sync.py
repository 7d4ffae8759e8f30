"""The stream of new events, by /sync.

https://spec.matrix.org/v1.19/client-server-api/#syncing
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cmdclient.client import Client, api_path
from cmdclient.errors import ApiError, CommandError, TransportError
from cmdclient.rooms import RoomBook

LONG_POLL_MS = 30_000
_GREATEST_PAUSE_S = 60.0
_NOTHING: dict[str, Any] = {"types": []}
_FILTER = json.dumps(
    {
        "presence": _NOTHING,
        "account_data": _NOTHING,
        "room": {
            "ephemeral": _NOTHING,
            "account_data": _NOTHING,
            "state": {"lazy_load_members": True},
            "timeline": {"limit": 50},
        },
    },
    separators=(",", ":"),
)


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """An event of a room; with `has_gap`, there are events before it that the server did not send along."""

    room_id: str
    event: dict[str, Any]
    has_gap: bool = False

    def as_json(self) -> dict[str, Any]:
        """The event with its `room_id`, which /sync leaves out."""
        return {**self.event, "room_id": self.room_id}


class EventStream:
    """The events that come after the stream was begun; keeps a room book up to date."""

    def __init__(
        self, client: Client, rooms: RoomBook, on_sync: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        self._client = client
        self._rooms = rooms
        self._on_sync = on_sync
        self._since: str | None = None

    def begin(self) -> None:
        """Find the present position: what is there already is not told."""
        self._since = self._rooms.load(self._client, self._on_sync)

    def poll(self, timeout_ms: int) -> list[RoomEvent]:
        """The events since the last call, waiting up to `timeout_ms` for the first."""
        if self._since is None:
            self.begin()
        query = {"filter": _FILTER, "timeout": str(timeout_ms), "since": str(self._since)}
        answer = self._client.request("GET", api_path("sync"), query=query, timeout_s=timeout_ms / 1000 + 30)
        if not isinstance(answer, dict):
            raise TransportError("The answer of /sync is no object.")
        events = new_events(answer)
        if self._on_sync is not None:
            self._on_sync(answer)
        self._rooms.apply(answer)
        self._since = answer.get("next_batch", self._since)
        return events


def new_events(answer: dict[str, Any]) -> list[RoomEvent]:
    """The events of an answer of /sync: of the timelines, and the invitations."""
    found: list[RoomEvent] = []
    rooms = answer.get("rooms", {})
    for room_id, room in [*rooms.get("join", {}).items(), *rooms.get("leave", {}).items()]:
        timeline = room.get("timeline", {})
        has_gap = timeline.get("limited") is True
        for event in timeline.get("events", []):
            found.append(RoomEvent(room_id, event, has_gap))
            has_gap = False
    for room_id, room in rooms.get("invite", {}).items():
        state = room.get("invite_state", {}).get("events", [])
        found += [RoomEvent(room_id, event) for event in state if _is_invitation(event)]
    return found


class StreamThread:
    """A stream in the background. `tell` is called in its thread."""

    def __init__(self, stream: EventStream, client: Client, tell: Callable[[list[RoomEvent]], None]) -> None:
        self._stream = stream
        self._client = client
        self._tell = tell
        self._is_ending = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_disconnected = False

    def start(self, complain: Callable[[CommandError], None]) -> None:
        """Begin. Interruptions of the connection are waited out; an error of the login ends the stream."""
        self._thread = threading.Thread(target=self._run, args=(complain,), name="stream", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; nothing is told any more when this returns."""
        self._is_ending.set()
        self._client.interrupt()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    @property
    def is_running(self) -> bool:
        """Whether it still listens."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self, complain: Callable[[CommandError], None]) -> None:
        pause_s = 0.0
        while not self._is_ending.wait(pause_s):
            try:
                events = self._stream.poll(LONG_POLL_MS)
                self.is_disconnected, pause_s = False, 0.0
                if not self._is_ending.is_set() and events:
                    self._tell(events)
            except CommandError as error:
                if self._is_ending.is_set():
                    return
                self.is_disconnected = True
                if pause_s == 0.0:
                    complain(error)
                if is_final(error):
                    return
                pause_s = next_pause_s(error, pause_s)


def is_final(error: CommandError) -> bool:
    """Whether trying again cannot help: the server refuses this login or this request."""
    return isinstance(error, ApiError) and error.status < 500 and error.status not in (408, 429)


def next_pause_s(error: CommandError, pause_s: float) -> float:
    """How long to wait after an error: what the server asks for, else twice as long as the last time."""
    asked_s = error.retry_after_s if isinstance(error, ApiError) else None
    return asked_s if asked_s else min(_GREATEST_PAUSE_S, max(1.0, pause_s * 2))


def _is_invitation(event: Any) -> bool:
    return (
        isinstance(event, dict)
        and event.get("type") == "m.room.member"
        and isinstance(event.get("content"), dict)
        and event["content"].get("membership") == "invite"
    )
