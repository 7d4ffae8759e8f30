"""Commands about who is in a room: join, knock, invite, leave, forget, kick, ban, unban."""

from __future__ import annotations

from cmdclient.client import api_path
from cmdclient.errors import UsageError
from cmdclient.masking import one_line
from cmdclient.registry import command
from cmdclient.session import Session
from cmdclient.views import Answer
from homeserver.protocol.ids import server_name_of


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
    session.current_room = str(answer.get("room_id"))
    return Answer(answer, [f"Joined {answer.get('room_id')}"])


@command("joinalias", "#ALIAS", "Join a room by its alias.")
def joinalias(session: Session, arguments: list[str]) -> Answer:
    """The same as `join`, which takes aliases, too."""
    if not arguments[0].startswith("#"):
        raise UsageError(f"{arguments[0]!r} is no alias; one looks like #tea:example.org")
    return join(session, arguments)


@command(
    "knock", "ROOM [REASON...]", "Ask to be let in, where the room takes such requests. ROOM is an id or an alias."
)
def knock(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3knockroomidoralias"""
    session.get_login()
    body = {"reason": arguments[1]} if len(arguments) == 2 else {}
    answer = session.client.post(api_path("knock", arguments[0]), body)
    return Answer(answer, [f"Asked to be let into {answer.get('room_id')}"])


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


@command("forget", "ROOM", "Forget a room that was left: its history is not shown any more.")
def forget(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidforget"""
    room_id = session.room_id(arguments[0])
    session.client.post(api_path("rooms", room_id, "forget"))
    return Answer({"room_id": room_id}, [f"Forgot {room_id}"])


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


def _change_membership(session: Session, verb: str, arguments: list[str], sentence: str) -> Answer:
    user_id = session.user_id(arguments[1])
    room_id = session.room_id(arguments[0])
    body = {"user_id": user_id} | ({"reason": arguments[2]} if len(arguments) > 2 else {})
    session.client.post(api_path("rooms", room_id, verb), body)
    return Answer({"room_id": room_id, "user_id": user_id}, [f"{sentence} {user_id}"])
