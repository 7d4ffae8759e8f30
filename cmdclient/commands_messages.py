"""Commands about what is said in rooms: send, messages, stream."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from typing import Any

from cmdclient.client import api_path
from cmdclient.errors import CommandError, UsageError
from cmdclient.printing import event_lines
from cmdclient.registry import command
from cmdclient.session import Answer, Session
from cmdclient.sync import LONG_POLL_MS, EventStream, RoomEvent, is_final, next_pause_s

_DEFAULT_MESSAGES = 10
_GREATEST_MESSAGES = 1000
_GREATEST_SECONDS = 10**9
_PAGE = 100


@command("send", "ROOM TEXT...", "Send a text message to a room; /me before the text makes it an emote.")
def send(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid"""
    room_id, text = session.room_id(arguments[0]), arguments[1]
    content = {"msgtype": "m.text", "body": text}
    if text.startswith("/me "):
        content = {"msgtype": "m.emote", "body": text.removeprefix("/me ")}
    path = api_path("rooms", room_id, "send", "m.room.message", secrets.token_urlsafe(12))
    answer = session.client.put(path, content)
    return Answer(answer, [f"Sent {answer.get('event_id')}"])


@command("messages", "ROOM [N]", f"The last N events of a room (default {_DEFAULT_MESSAGES}), the oldest first.")
def messages(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmessages"""
    wanted = _number(arguments[1], _GREATEST_MESSAGES) if len(arguments) == 2 else _DEFAULT_MESSAGES
    room_id = session.room_id(arguments[0])
    found: list[dict[str, Any]] = []
    start: str | None = None
    while len(found) < wanted:
        query = {"dir": "b", "limit": str(min(_PAGE, wanted - len(found)))} | ({"from": start} if start else {})
        page = session.client.get(api_path("rooms", room_id, "messages"), query)
        found += page.get("chunk", [])
        start = page.get("end")
        if start is None:
            break
    found = found[:wanted][::-1]
    lines = [line for event in found for line in event_lines(event)]
    return Answer(found, lines or ["There is nothing to see in the room."])


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
    seconds = _number(arguments[0], _GREATEST_SECONDS) if arguments else None
    if session.set_stream is not None:
        # Each event would be told twice.
        session.set_stream(False)
    try:
        _follow(session, seconds)
    except KeyboardInterrupt:
        # The terminal shows ^C; what follows begins a line.
        session.output.warn("")
    return None


def tell_events(session: Session, events: Iterable[RoomEvent]) -> None:
    """Print events of the stream: lines, or with --json an object a line."""
    for found in events:
        if session.output.is_json:
            session.output.answer(Answer(found.as_json()))
            continue
        label = session.rooms.label(found.room_id)
        gap = [f"... earlier events in {label} are left out; see: messages ROOM"] if found.has_gap else []
        session.output.write("\n".join([*gap, *event_lines(found.event, label)]))


def _follow(session: Session, seconds: int | None) -> None:
    deadline_s = None if seconds is None else time.monotonic() + seconds
    events = EventStream(session.client, session.rooms)
    events.begin()
    if session.set_stream is not None:
        session.output.write("New events, until Ctrl-C:" if seconds is None else f"New events for {seconds} s:")
    pause_s = 0.0
    while (left_s := LONG_POLL_MS / 1000 if deadline_s is None else deadline_s - time.monotonic()) > 0:
        try:
            tell_events(session, events.poll(min(LONG_POLL_MS, round(left_s * 1000))))
            pause_s = 0.0
        except CommandError as error:
            if is_final(error):
                raise
            if pause_s == 0.0:
                session.output.warn(f"{error} The stream tries again.")
            pause_s = next_pause_s(error, pause_s)
            time.sleep(min(pause_s, left_s))


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise UsageError(f"{text!r} is no number from 1 to {most}.")
    return int(text)
