"""Commands about the state of a room: name, topic, state, power, upgrade, encrypt."""

from __future__ import annotations

import json
from typing import Any

from cmdclient.client import api_path
from cmdclient.errors import UsageError
from cmdclient.masking import one_line
from cmdclient.registry import command
from cmdclient.session import Session
from cmdclient.views import Answer, Json, Table

_GREATEST_POWER = 2**53 - 1


@command("topic", "ROOM [TEXT...]", "Show the topic of a room, or set it.")
def topic(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#mroomtopic"""
    return _text_state(session, arguments, "topic")


@command("name", "ROOM [TEXT...]", "Show the name of a room, or set it.")
def name(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#mroomname"""
    return _text_state(session, arguments, "name")


@command("state", "ROOM [TYPE] [STATE_KEY] [JSON...]", "All state of a room, one event of it, or set that one.")
def state(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidstateeventtypestatekey

    The state key is `""` for most types.
    """
    room_id, *words = arguments[0], *arguments[1:]
    path = api_path("rooms", session.room_id(room_id), "state", *words[:2])
    if len(words) == 3:
        return _sent(session.client.put(path, json_object(words[2])))
    if len(words) == 2 and words[1].startswith("{"):
        # What is written most often: the type and its content, with an empty state key.
        return _sent(
            session.client.put(api_path("rooms", session.room_id(room_id), "state", words[0]), json_object(words[1]))
        )
    if words:
        content = session.client.get(path)
        return Answer(content, [Json(content)])
    events = session.client.request("GET", path)
    rows = [
        (str(event.get("type")), str(event.get("state_key")), json.dumps(event.get("content"), ensure_ascii=False))
        for event in events
    ]
    return Answer(events, [Table(rows, ("type", "key", "content"))])


@command("power", "ROOM [USER] [LEVEL]", "The power levels of a room, or set that of a user.")
def power(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels"""
    path = api_path("rooms", session.room_id(arguments[0]), "state", "m.room.power_levels")
    levels = session.client.get(path)
    users: dict[str, Any] = levels.get("users", {})
    if len(arguments) < 3:
        wanted = [session.user_id(arguments[1])] if len(arguments) == 2 else sorted(users)
        default = levels.get("users_default", 0)
        rows = [(user_id, str(users.get(user_id, default))) for user_id in wanted]
        return Answer(levels, [Table([*rows, ("(everybody else)", str(default))], ("user", "level"))])
    user_id, level = session.user_id(arguments[1]), arguments[2]
    if not level.removeprefix("-").isdecimal() or abs(int(level)) > _GREATEST_POWER:
        raise UsageError(f"{level!r} is no power level; usual are 0, 50 (moderator) and 100 (administrator).")
    answer = session.client.put(path, {**levels, "users": {**users, user_id: int(level)}})
    return Answer(answer, [f"{user_id} has power level {level} now."])


@command("upgrade", "ROOM VERSION", "Move a room to another room version: a new room that replaces it.")
def upgrade(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidupgrade"""
    path = api_path("rooms", session.room_id(arguments[0]), "upgrade")
    answer = session.client.post(path, {"new_version": arguments[1]})
    return Answer(answer, [f"The room goes on as {answer.get('replacement_room')}"])


def json_object(text: str) -> dict[str, Any]:
    """A JSON object that was typed. UsageError for anything else."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"What stands at the end is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UsageError('What stands at the end is no JSON object; one looks like {"key": "value"}')
    return value


def _sent(answer: dict[str, Any]) -> Answer:
    return Answer(answer, [f"Sent {answer.get('event_id')}"])


def _text_state(session: Session, arguments: list[str], noun: str) -> Answer:
    path = api_path("rooms", session.room_id(arguments[0]), "state", f"m.room.{noun}")
    if len(arguments) == 2:
        return Answer(session.client.put(path, {noun: arguments[1]}), [f"The {noun} is now: {arguments[1]}"])
    answer = session.client.find(path)
    return Answer(answer, [one_line(answer.get(noun) or "") or f"The room has no {noun}."])
