"""Commands about what was read and by whom, and about finding it again: read, receipts, typing, search."""

from __future__ import annotations

import json

from cmdclient.client import CLIENT_PREFIX, api_path
from cmdclient.commands.messages import last_events, number
from cmdclient.errors import UsageError
from cmdclient.printing import moment
from cmdclient.registry import command
from cmdclient.session import Session
from cmdclient.views import Answer, EventView, Table, View

_TYPING_S, _GREATEST_TYPING_S = 10, 120


@command("read", "ROOM [EVENT]", "Say that a room was read up to an event, or up to its last one.")
def read(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidread_markers"""
    room_id = session.room_id(arguments[0])
    event_id = arguments[1] if len(arguments) == 2 else _last_event_id(session, room_id)
    session.client.post(api_path("rooms", room_id, "read_markers"), {"m.fully_read": event_id, "m.read": event_id})
    return Answer({"room_id": room_id, "event_id": event_id}, [f"Read up to {event_id}"])


@command("receipts", "ROOM", "Who has read a room, and up to which event.")
def receipts(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#receipts"""
    room_id = session.room_id(arguments[0])
    room_filter = {"rooms": [room_id], "timeline": {"limit": 1}, "state": {"types": []}, "account_data": {"types": []}}
    wanted = {"room": room_filter, "presence": {"types": []}, "account_data": {"types": []}}
    query = {"filter": json.dumps(wanted), "timeout": "0", "set_presence": "offline"}
    room = session.client.get(api_path("sync"), query).get("rooms", {}).get("join", {}).get(room_id, {})
    found = [event for event in room.get("ephemeral", {}).get("events", []) if event.get("type") == "m.receipt"]
    rows = [
        (user_id, kind.removeprefix("m."), moment(told.get("ts")), str(told.get("thread_id", "")), event_id)
        for receipt in found
        for event_id, kinds in receipt.get("content", {}).items()
        for kind, users in kinds.items()
        for user_id, told in users.items()
    ]
    table = Table(sorted(rows), ("user", "kind", "when", "thread", "event"))
    return Answer(found, [table] if rows else ["Nobody has said so."])


@command("typing", "ROOM [SECONDS|off]", f"Show others that you are typing, for SECONDS (default {_TYPING_S}).")
def typing(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#typing-notifications"""
    room_id = session.room_id(arguments[0])
    word = arguments[1] if len(arguments) == 2 else str(_TYPING_S)
    body = {"typing": False} if word == "off" else {"typing": True, "timeout": number(word, _GREATEST_TYPING_S) * 1000}
    session.client.put(api_path("rooms", room_id, "typing", session.get_login().user_id), body)
    return Answer(body, ["You are shown as typing." if body["typing"] else "You are not shown as typing."])


@command("search", "[in ROOM] TEXT...", "Search the messages of all your rooms, or of one: search in ROOM TEXT.")
def search(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3search"""
    session.get_login()
    words = " ".join(arguments).split()
    wanted: dict[str, object] = {"order_by": "recent"}
    if len(words) > 2 and words[0] == "in":
        wanted["filter"] = {"rooms": [session.room_id(words[1])]}
        words = words[2:]
    if not words:
        raise UsageError("Usage: search [in ROOM] TEXT...")
    wanted["search_term"] = " ".join(words)
    answer = session.client.post(f"{CLIENT_PREFIX}/search", {"search_categories": {"room_events": wanted}})
    found = answer.get("search_categories", {}).get("room_events", {})
    events = [each["result"] for each in found.get("results", []) if isinstance(each.get("result"), dict)][::-1]
    if events:
        session.rooms.load(session.client)
    view: list[View] = [EventView(event, session.rooms.label(str(event.get("room_id")))) for event in events]
    if found.get("next_batch"):
        view.insert(0, f"The newest {len(events)} of {found.get('count')}:")
    return Answer(events, view or ["Nothing was found."])


def _last_event_id(session: Session, room_id: str) -> str:
    events = last_events(session, room_id, 1)
    if not events:
        raise UsageError("There is nothing to read in the room.")
    return str(events[-1].get("event_id"))
