"""Commands about people: displayname, avatar, profile, presence, directory."""

from __future__ import annotations

import mimetypes

from cmdclient.client import CLIENT_PREFIX, api_path
from cmdclient.errors import UsageError
from cmdclient.files import read_file
from cmdclient.registry import command
from cmdclient.session import Session
from cmdclient.views import Answer, Json, Table

_PRESENCES = ("online", "unavailable", "offline")
_UPLOAD_PATH = "/_matrix/media/v3/upload"


@command("displayname", "[TEXT...]", "Show your display name, or set it.")
def displayname(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3profileuseriddisplayname"""
    path = api_path("profile", session.get_login().user_id, "displayname")
    if arguments:
        answer = session.client.put(path, {"displayname": arguments[0]})
        return Answer(answer, [f"Your display name is now {arguments[0]}"])
    answer = session.client.find(path)
    return Answer(answer, [answer.get("displayname") or "You have no display name. Set one: displayname TEXT"])


@command("avatar", "[FILE|MXC]", "Show your avatar's address, or set it: an image file, or an mxc:// address.")
def avatar(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3profileuseridavatar_url"""
    path = api_path("profile", session.get_login().user_id, "avatar_url")
    if not arguments:
        answer = session.client.find(path)
        return Answer(answer, [answer.get("avatar_url") or "You have no avatar. Set one: avatar FILE"])
    uri = arguments[0]
    if not uri.startswith("mxc://"):
        content, name = read_file(uri)
        kind = mimetypes.guess_type(name)[0] or ""
        if not kind.startswith("image/"):
            raise UsageError(f"{name} is no image, by its name.")
        uri = str(session.client.upload(_UPLOAD_PATH, content, kind, {"filename": name}).get("content_uri"))
    session.client.put(path, {"avatar_url": uri})
    return Answer({"avatar_url": uri}, [f"Your avatar is now {uri}"])


@command("profile", "[USER]", "The profile of a user, or yours.")
def profile(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3profileuserid"""
    user_id = session.user_id(arguments[0]) if arguments else session.get_login().user_id
    answer = session.client.get(api_path("profile", user_id))
    return Answer(answer, [Json(answer)])


@command("presence", "[USER|online|unavailable|offline] [MESSAGE...]", "Show the presence of a user, or set yours.")
def presence(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3presenceuseridstatus"""
    own = session.get_login().user_id
    if arguments and arguments[0] in _PRESENCES:
        body = {"presence": arguments[0]} | ({"status_msg": arguments[1]} if len(arguments) == 2 else {})
        return Answer(session.client.put(api_path("presence", own, "status"), body), [f"You are {arguments[0]} now."])
    user_id = session.user_id(arguments[0]) if arguments else own
    answer = session.client.get(api_path("presence", user_id, "status"))
    message = f" ({answer['status_msg']})" if answer.get("status_msg") else ""
    return Answer(answer, [f"{user_id} is {answer.get('presence')}{message}"])


@command("directory", "TEXT...", "Search the server's user directory.")
def directory(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3user_directorysearch"""
    session.get_login()
    answer = session.client.post(f"{CLIENT_PREFIX}/user_directory/search", {"search_term": arguments[0], "limit": 50})
    rows = [(str(each.get("user_id")), each.get("display_name") or "") for each in answer.get("results", [])]
    return Answer(answer, [Table(rows) if rows else "Nobody was found."])
