"""The command that takes an event apart: event."""

from __future__ import annotations

from typing import Any

from cmdclient.client import api_path
from cmdclient.errors import ApiError, UsageError
from cmdclient.registry import command
from cmdclient.session import Session
from cmdclient.views import Answer, Json, View


@command("event", "EVENT [ROOM]", "An event in the form of servers, hash and signatures checked, and what allows it.")
def event(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/server-server-api/#pdus"""
    # Here, as it brings the server's protocol and its cryptography, and the first prompt is to come soon.
    from cmdclient.inspection import auth_tree_lines, check_lines, fetch_raw_room

    session.get_login()
    event_id = arguments[0]
    room_id = session.room_id(arguments[1]) if len(arguments) == 2 else _room_of(session, event_id)
    room = fetch_raw_room(session.client, room_id)
    pdu = room.pdus.get(event_id)
    if pdu is None:
        return _for_clients(session, room_id, event_id)
    checks = list(check_lines(session.client, pdu, room.version))
    tree = auth_tree_lines(room, event_id)
    view: list[View] = [Json(pdu), f"room version {room.version.version}", *checks, "authorised by:", *tree[1:]]
    return Answer({"pdu": pdu, "checks": checks, "auth_tree": tree}, view)


def _for_clients(session: Session, room_id: str, event_id: str) -> Answer:
    found: dict[str, Any] = session.client.get(api_path("rooms", room_id, "event", event_id))
    note = "This is the form for clients: the server gives the other one only of present state and of recent events."
    return Answer({"event": found}, [Json(found), note])


def _room_of(session: Session, event_id: str) -> str:
    if session.current_room is not None:
        return session.current_room
    try:
        return str(session.client.get(api_path("events", event_id)).get("room_id"))
    except ApiError as error:
        if error.status not in (403, 404):
            raise
        raise UsageError(f"Name the room of the event: event {event_id} ROOM") from error
