"""Commands about what the server keeps for you: tags, account data, push rules, aliases."""

from __future__ import annotations

import json
from typing import Any

from cmdclient.client import api_path
from cmdclient.commands.state import json_object
from cmdclient.errors import UsageError
from cmdclient.registry import command
from cmdclient.session import Session
from cmdclient.views import Answer, Json, Table
from homeserver.protocol.ids import server_name_of


@command("tags", "ROOM [add|remove] [TAG] [ORDER]", "The tags of a room, such as m.favourite; add one, or remove it.")
def tags(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#room-tagging"""
    path = ("user", session.get_login().user_id, "rooms", session.room_id(arguments[0]), "tags")
    match arguments[1:]:
        case []:
            answer = session.client.get(api_path(*path))
            rows = [(tag, str(content.get("order", ""))) for tag, content in answer.get("tags", {}).items()]
            return Answer(answer, [Table(rows, ("tag", "order")) if rows else "The room has no tags."])
        case ["add", tag, *order]:
            session.client.put(api_path(*path, tag), {"order": _order(order[0])} if order else {})
            return Answer({"tag": tag}, [f"Tagged as {tag}"])
        case ["remove", tag]:
            session.client.delete(api_path(*path, tag))
            return Answer({"tag": tag}, [f"No longer tagged as {tag}"])
    raise UsageError("Usage: tags ROOM | tags ROOM add TAG [ORDER] | tags ROOM remove TAG")


@command("accountdata", "TYPE [JSON...]", "Account data of a type, or set it. TYPE in ROOM ... for that of a room.")
def account_data(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#client-config"""
    path = ["user", session.get_login().user_id]
    rest = arguments[1] if len(arguments) == 2 else ""
    if rest.startswith("in "):
        _, room, *more = rest.split(maxsplit=2)
        path += ["rooms", session.room_id(room)]
        rest = more[0] if more else ""
    path += ["account_data", arguments[0]]
    if rest:
        return Answer(session.client.put(api_path(*path), json_object(rest)), [f"Set {arguments[0]}"])
    answer = session.client.get(api_path(*path))
    return Answer(answer, [Json(answer)])


@command("pushrules", "[on|off|delete|mute] [KIND|ROOM] [RULE]", "Your push rules; switch one, delete it, mute a room.")
def push_rules(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#push-rules"""
    session.get_login()
    match arguments:
        case []:
            return _push_rule_table(session)
        case ["on" | "off" as switched, kind, rule]:
            path = api_path("pushrules", "global", kind, rule, "enabled")
            return Answer(session.client.put(path, {"enabled": switched == "on"}), [f"{rule} is {switched}."])
        case ["delete", kind, rule]:
            return Answer(session.client.delete(api_path("pushrules", "global", kind, rule)), [f"Deleted {rule}"])
        case ["mute", room]:
            room_id = session.room_id(room)
            session.client.put(api_path("pushrules", "global", "room", room_id), {"actions": []})
            return Answer({"room_id": room_id}, [f"Muted; only mentions notify. Undo: pushrules delete room {room_id}"])
    raise UsageError("Usage: pushrules | pushrules on|off|delete KIND RULE | pushrules mute ROOM")


@command("alias", "#ALIAS [add|delete] [ROOM]", "Which room an alias stands for; add it to a room, or delete it.")
def alias(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#room-aliases"""
    own = server_name_of(session.get_login().user_id)
    name = arguments[0] if ":" in arguments[0] else f"{arguments[0]}:{own}"
    if not name.startswith("#"):
        raise UsageError(f"{arguments[0]!r} is no alias; one looks like #tea:example.org")
    path = api_path("directory", "room", name)
    match arguments[1:]:
        case []:
            answer = session.client.get(path)
            return Answer(answer, [f"{answer.get('room_id')} on {', '.join(answer.get('servers', []))}"])
        case ["add", room]:
            room_id = session.room_id(room)
            session.client.put(path, {"room_id": room_id})
            return Answer({"alias": name, "room_id": room_id}, [f"{name} stands for {room_id} now."])
        case ["delete"]:
            session.client.delete(path)
            return Answer({"alias": name}, [f"Deleted {name}"])
    raise UsageError("Usage: alias #ALIAS | alias #ALIAS add ROOM | alias #ALIAS delete")


def _push_rule_table(session: Session) -> Answer:
    answer = session.client.get(api_path("pushrules") + "/")
    rules: dict[str, list[dict[str, Any]]] = answer.get("global", {})
    rows = [
        (
            kind,
            str(rule.get("rule_id")),
            "on" if rule.get("enabled") else "off",
            " ".join(each if isinstance(each, str) else json.dumps(each) for each in rule.get("actions", [])),
        )
        for kind in ("override", "content", "room", "sender", "underride")
        for rule in rules.get(kind, [])
    ]
    return Answer(answer, [Table(rows, ("kind", "rule", "", "actions"))])


def _order(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise UsageError(f"{word!r} is no order; that is a number from 0 to 1.") from None
