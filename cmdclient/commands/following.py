"""Commands that follow what happens: stream, tail."""

from __future__ import annotations

import time
from collections.abc import Iterable

from cmdclient.commands.messages import number
from cmdclient.errors import CommandError, UsageError
from cmdclient.registry import command
from cmdclient.session import Session
from cmdclient.sync import LONG_POLL_MS, EventStream, RoomEvent, is_final, next_pause_s
from cmdclient.views import Answer, EventView, View

_GREATEST_SECONDS = 10**9


@command(
    "stream",
    "[on|off|SECONDS]",
    "Print new events as they arrive, until Ctrl-C or for SECONDS. on: while other commands are given, until off.",
)
def stream(session: Session, arguments: list[str]) -> Answer | None:
    """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync"""
    session.get_login()
    if arguments and arguments[0] in ("on", "off"):
        if session.set_stream is None:
            raise UsageError("stream on|off is for the console only; here: stream [SECONDS]")
        session.set_stream(arguments[0] == "on")
        return Answer({"stream": arguments[0]}, [f"The stream is {arguments[0]}."])
    seconds = number(arguments[0], _GREATEST_SECONDS) if arguments else None
    _follow(session, seconds, None)
    return None


@command("tail", "ROOM [SECONDS]", "Print the new events of one room, until Ctrl-C or for SECONDS.")
def tail(session: Session, arguments: list[str]) -> None:
    """With --json an event a line."""
    seconds = number(arguments[1], _GREATEST_SECONDS) if len(arguments) == 2 else None
    _follow(session, seconds, session.room_id(arguments[0]))


def tell_events(session: Session, events: Iterable[RoomEvent]) -> None:
    """Print events of the stream: lines, or with --json an object a line."""
    view: list[View] = []
    for found in events:
        event = session.decrypted(found.room_id, found.event)
        if session.output.is_json:
            session.output.answer(Answer({**event, "room_id": found.room_id}))
            continue
        label = session.rooms.label(found.room_id)
        if found.has_gap:
            view.append(f"... earlier events in {label} are left out; see: messages ROOM")
        view.append(EventView(event, label))
    if view:
        session.output.write(session.output.render(view))


def _follow(session: Session, seconds: int | None, room_id: str | None) -> None:
    is_streaming = session.set_stream is not None
    if session.set_stream is not None:
        # Each event would be told twice.
        session.set_stream(False)
    try:
        _tell_all(session, seconds, room_id)
    except KeyboardInterrupt:
        # The terminal shows ^C; what follows begins a line.
        session.output.warn("")
    finally:
        if is_streaming and session.set_stream is not None:
            session.set_stream(True)


def _tell_all(session: Session, seconds: int | None, room_id: str | None) -> None:
    deadline_s = None if seconds is None else time.monotonic() + seconds
    events = EventStream(session.client, session.rooms, session.on_sync)
    events.begin()
    if session.set_stream is not None:
        session.output.write("New events, until Ctrl-C:" if seconds is None else f"New events for {seconds} s:")
    pause_s = 0.0
    while (left_s := LONG_POLL_MS / 1000 if deadline_s is None else deadline_s - time.monotonic()) > 0:
        try:
            found = events.poll(min(LONG_POLL_MS, round(left_s * 1000)))
            tell_events(session, [each for each in found if room_id in (None, each.room_id)])
            pause_s = 0.0
        except CommandError as error:
            if is_final(error):
                raise
            if pause_s == 0.0:
                session.output.warn(f"{error} The stream tries again.")
            pause_s = next_pause_s(error, pause_s)
            time.sleep(min(pause_s, left_s))
