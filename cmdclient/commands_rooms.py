"""Commands about rooms and who is in them: create, join, invite, leave, kick, ban, unban, list, topic."""

from __future__ import annotations

from typing import Any

from cmdclient.client import api_path
from cmdclient.errors import ApiError, UsageError
from cmdclient.printing import one_line, table_lines
from cmdclient.registry import command, split
from cmdclient.session import Answer, Session
from homeserver.protocol.ids import is_valid_user_id, localpart_of, server_name_of

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
    return Answer(answer, [f"Created {answer.get('room_id')}"])


@command("join", "ROOM [via SERVER]", "Join a room by its id, its alias, or the name of one you are invited to.")
def join(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3joinroomidoralias"""
    own = session.get_login().user_id
    if len(arguments) == 2 or (len(arguments) == 3 and arguments[1] != "via"):
        raise UsageError("Usage: join ROOM [via SERVER]")
    room = arguments[0]
    if room.startswith("#") and ":" not in room:
        room = f"{room}:{server_name_of(own)}"
    elif not room.startswith(("!", "#")):
        room = session.room_id(room)
    # Servers older than v1.12 of the specification know only the second name.
    query = {"via": arguments[2], "server_name": arguments[2]} if len(arguments) == 3 else None
    answer = session.client.post(api_path("join", room), {}, query)
    return Answer(answer, [f"Joined {answer.get('room_id')}"])


@command("invite", "ROOM USER", "Invite a user to a room.")
def invite(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidinvite"""
    return _change_membership(session, "invite", arguments, "Invited")


@command("leave", "ROOM", "Leave a room, or refuse an invitation.")
def leave(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidleave"""
    room_id = session.room_id(arguments[0])
    label = session.rooms.label(room_id)
    session.client.post(api_path("rooms", room_id, "leave"))
    return Answer({"room_id": room_id}, [f"Left {one_line(label)}"])


@command("kick", "ROOM USER [REASON...]", "Remove a user from a room; they may come back.")
def kick(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidkick"""
    return _change_membership(session, "kick", arguments, "Removed")


@command("ban", "ROOM USER [REASON...]", "Remove a user from a room for good.")
def ban(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidban"""
    return _change_membership(session, "ban", arguments, "Banned")


@command("unban", "ROOM USER [REASON...]", "Allow a banned user to come back.")
def unban(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidunban"""
    return _change_membership(session, "unban", arguments, "No longer banned:")


@command("topic", "ROOM [TEXT...]", "Show the topic of a room, or set it.")
def topic(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#mroomtopic"""
    room_id = session.room_id(arguments[0])
    path = api_path("rooms", room_id, "state", "m.room.topic")
    if len(arguments) == 2:
        return Answer(session.client.put(path, {"topic": arguments[1]}), [f"The topic is now: {arguments[1]}"])
    try:
        answer = session.client.get(path)
    except ApiError as error:
        if error.errcode != "M_NOT_FOUND":
            raise
        answer = {}
    return Answer(answer, [one_line(answer.get("topic") or "") or "The room has no topic."])


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
    lines = table_lines(rows) if rows else ["You are in no rooms. Make one: create NAME; or see: list public"]
    return Answer([room.as_json() for room in rooms], lines)


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
    lines = table_lines(rows) if rows else ["There are no public rooms."]
    if answer.get("next_batch"):
        lines.append(f"There are more than these {len(rows)}.")
    return Answer(answer, lines)


def _members(session: Session, room_id: str) -> Answer:
    query = {"not_membership": "leave"}
    answer = session.client.get(api_path("rooms", room_id, "members"), query)
    members = {event.get("state_key", ""): event.get("content", {}) for event in answer.get("chunk", [])}
    rows = [
        (user_id, str(content.get("membership", "")), content.get("displayname") or "")
        for user_id, content in sorted(members.items())
    ]
    return Answer(members, table_lines(rows) if rows else ["Nobody is in the room."])


def _change_membership(session: Session, verb: str, arguments: list[str], sentence: str) -> Answer:
    user_id = arguments[1]
    own = session.get_login().user_id
    if not user_id.startswith("@"):
        user_id = f"@{user_id}:{server_name_of(own)}" if ":" not in user_id else f"@{user_id}"
    if not is_valid_user_id(user_id):
        raise UsageError(f"{arguments[1]!r} is no user id; one looks like @alice:example.org")
    room_id = session.room_id(arguments[0])
    body = {"user_id": user_id} | ({"reason": arguments[2]} if len(arguments) > 2 else {})
    session.client.post(api_path("rooms", room_id, verb), body)
    return Answer({"room_id": room_id, "user_id": user_id}, [f"{sentence} {user_id}"])


def _count(members: int) -> str:
    return "" if members < 0 else f"{members} member{'' if members == 1 else 's'}"
