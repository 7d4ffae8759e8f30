"""Commands about rooms: create, open, rooms, members, list."""

from __future__ import annotations

from typing import Any

from cmdclient.client import api_path
from cmdclient.commands.messages import messages
from cmdclient.errors import UsageError
from cmdclient.registry import command, split
from cmdclient.session import Session
from cmdclient.views import Answer, Table, View
from homeserver.protocol.ids import localpart_of

_PUBLIC_LIMIT = 100


@command(
    "create", "[#ALIAS|NAME...]", "Make a room: create [#ALIAS] [NAME WORDS] [public|private]. Private if not said."
)
def create(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom"""
    session.get_login()
    words = split(arguments[0]) if arguments else []
    is_public = False
    if words and words[-1] in ("public", "private"):
        is_public = words.pop() == "public"
    body: dict[str, Any] = {
        "preset": "public_chat" if is_public else "private_chat",
        "visibility": "public" if is_public else "private",
    }
    if words and words[0].startswith("#"):
        body["room_alias_name"] = localpart_of(words.pop(0))
    if words:
        body["name"] = " ".join(words)
    answer = session.client.post(api_path("createRoom"), body)
    session.current_room = str(answer.get("room_id"))
    return Answer(answer, [f"Created {answer.get('room_id')}"])


@command("list", "[public|members] [ROOM|SERVER]", "Your rooms; or list members ROOM; or list public [SERVER].")
def list_rooms(session: Session, arguments: list[str]) -> Answer:
    """Rooms are told by one /sync."""
    session.get_login()
    if arguments and arguments[0] == "public":
        return _public(session, arguments[1:])
    if len(arguments) == 2 and arguments[0] == "members":
        return _members(session, session.room_id(arguments[1]))
    if arguments:
        raise UsageError("Usage: list | list members ROOM | list public [SERVER]")
    session.rooms.load(session.client)
    rooms = session.rooms.all()
    rows = [
        (room.label, "invited" if room.membership == "invite" else _count(room.members), room.room_id, room.topic)
        for room in rooms
    ]
    nothing = "You are in no rooms. Make one: create NAME; or see: list public"
    return Answer([room.as_json() for room in rooms], [Table(rows) if rows else nothing])


@command("rooms", "", "Your rooms, with unread messages and mentions.")
def rooms(session: Session, arguments: list[str]) -> Answer:
    """The counts are the server's, by your push rules."""
    session.get_login()
    session.rooms.load(session.client)
    found = session.rooms.all()
    rows = [
        (room.label, _number(room.unread), _number(room.highlights), _count(room.members), room.room_id)
        for room in found
    ]
    table = Table(rows, ("room", "unread", "mentions", "members", "id"))
    return Answer([room.as_json() for room in found], [table] if rows else ["You are in no rooms."])


@command("members", "ROOM", "Who is in a room.")
def members(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmembers"""
    return _members(session, session.room_id(arguments[0]))


@command("open", "ROOM [N]", "Open a room: its last N events, and from then on . means this room.")
def open_room(session: Session, arguments: list[str]) -> Answer:
    """`session.room_id` understands the dot."""
    session.current_room = session.room_id(arguments[0])
    return messages(session, [session.current_room, *arguments[1:]])


def _public(session: Session, servers: list[str]) -> Answer:
    query = {"limit": str(_PUBLIC_LIMIT)} | ({"server": servers[0]} if servers else {})
    answer = session.client.get(api_path("publicRooms"), query)
    rows = [
        (
            room.get("canonical_alias") or room.get("room_id", ""),
            room.get("name") or "",
            _count(room.get("num_joined_members", -1)),
            room.get("topic") or "",
        )
        for room in answer.get("chunk", [])
    ]
    view: list[View] = [Table(rows) if rows else "There are no public rooms."]
    if answer.get("next_batch"):
        view.append(f"There are more than these {len(rows)}.")
    return Answer(answer, view)


def _members(session: Session, room_id: str) -> Answer:
    query = {"not_membership": "leave"}
    answer = session.client.get(api_path("rooms", room_id, "members"), query)
    found = {event.get("state_key", ""): event.get("content", {}) for event in answer.get("chunk", [])}
    rows = [
        (user_id, str(content.get("membership", "")), content.get("displayname") or "")
        for user_id, content in sorted(found.items())
    ]
    return Answer(found, [Table(rows) if rows else "Nobody is in the room."])


def _number(count: int) -> str:
    return str(count) if count else ""


def _count(members: int) -> str:
    return "" if members < 0 else f"{members} member{'' if members == 1 else 's'}"
