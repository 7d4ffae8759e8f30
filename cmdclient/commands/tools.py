"""Commands about the client itself: show, raw, config, help, quit."""

from __future__ import annotations

import json
from typing import Any

from cmdclient.client import CLIENT_PREFIX
from cmdclient.errors import ApiError, UsageError
from cmdclient.registry import COMMANDS, command, get_command
from cmdclient.session import Session
from cmdclient.views import Answer, Json, Table

_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH")
_SHOWN = {"on": "shown", "off": "not shown", "curl": "shown as commands of curl"}


class Quit(Exception):
    """The console is to end."""


@command("show", "[on|off|curl]", "Show every exchange as it goes over the wire, or as a curl command; tokens masked.")
def show(session: Session, arguments: list[str]) -> Answer:
    """Is remembered for the next run."""
    if arguments:
        if arguments[0] not in _SHOWN:
            raise UsageError("Usage: show [on|off|curl]")
        session.credentials.show = arguments[0]
        session.credentials.write()
    return Answer({"show": session.credentials.show}, [f"Exchanges are {_SHOWN[session.credentials.show]}."])


@command(
    "raw", "METHOD PATH [JSON...]", "Send any request. A PATH that does not begin with /_ is one of /_matrix/client/v3."
)
def raw(session: Session, arguments: list[str]) -> Answer:
    """The answer is printed as it is, tokens masked; that of an error, too."""
    method, path = arguments[0].upper(), arguments[1]
    if method not in _METHODS:
        raise UsageError(f"{arguments[0]!r} is no method; methods are {', '.join(_METHODS)}.")
    if not all("!" <= char <= "~" for char in path):
        raise UsageError("The path has characters that must be escaped (%XX).")
    if not path.startswith("/_"):
        path = f"{CLIENT_PREFIX}/{path.lstrip('/')}"
    body: Any = None
    if len(arguments) == 3:
        try:
            body = json.loads(arguments[2])
        except ValueError as error:
            raise UsageError(f"What stands behind the path is not JSON: {error}") from error
    try:
        return _raw_answer(session, session.client.request(method, path, body))
    except ApiError as error:
        session.output.answer(_raw_answer(session, error.body))
        raise


@command("config", "[homeserver URL]", "Show the settings, or use another homeserver.")
def config(session: Session, arguments: list[str]) -> Answer:
    """Tokens are not among what is shown."""
    if arguments:
        if len(arguments) != 2 or arguments[0] != "homeserver":
            raise UsageError("Usage: config [homeserver URL]")
        session.use_homeserver(arguments[1])
    login = session.login
    settings: dict[str, Any] = {
        "homeserver": session.client.homeserver,
        "user": login.user_id if login else None,
        "device": login.device_id if login else None,
        "show": session.credentials.show,
        "file": str(session.credentials.path),
    }
    rows = [(name, "(nobody is logged in)" if value is None else value) for name, value in settings.items()]
    return Answer(settings, [Table(rows)])


@command("help", "[COMMAND]", "All commands, or one.")
def show_help(session: Session, arguments: list[str]) -> Answer:
    """From the registry."""
    if arguments:
        chosen = get_command(arguments[0])
        return Answer({"usage": chosen.synopsis, "help": chosen.help}, [chosen.synopsis, f"    {chosen.help}"])
    rows = [(found.synopsis, found.help) for found in COMMANDS.values()]
    notes = [
        "",
        "ROOM is a room id, an alias, or a part of the name of one of your rooms (in quotes if it has spaces).",
        "A dot for ROOM is the room you opened, joined or made last.",
        "USER is a user id, or the part of it before the colon for somebody on your own server.",
    ]
    return Answer(dict(rows), [Table(rows), *notes])


@command("quit", "", "End the console (also Ctrl-D).")
def end(session: Session, arguments: list[str]) -> None:
    """Ends a list of commands on standard input, too."""
    raise Quit


def _raw_answer(session: Session, answer: Any) -> Answer:
    if session.credentials.show == "on" and session.set_stream is not None:
        # At the console it stands there already.
        return Answer(answer)
    return Answer(answer, [Json(answer)])
