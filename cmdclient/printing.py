"""What is shown: events as lines, exchanges as they went over the wire; no secrets and no control characters."""

from __future__ import annotations

import json
import re
import textwrap
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from cmdclient.client import Exchange

MASK = "****"
_SECRET_KEYS = frozenset(
    {"access_token", "refresh_token", "login_token", "password", "new_password", "token", "mac", "client_secret"}
)
_SECRET_QUERY = re.compile(r"([?&](?:access_token|loginToken|token|client_secret)=)[^&]*")
_ESCAPED = re.compile(r"(?:%(?!2[356B]|20)[0-9A-F]{2})+", re.IGNORECASE)
_LEAST_COLUMNS = 20
_MEMBERSHIP_VERBS = {
    "join": "joined",
    "leave": "left",
    "invite": "was invited",
    "ban": "was banned",
    "knock": "knocks",
}


def masked(value: Any) -> Any:
    """JSON with the values of tokens and passwords replaced, at every depth."""
    if isinstance(value, dict):
        return {
            key: MASK if key in _SECRET_KEYS and isinstance(item, str) else masked(item) for key, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def masked_target(target: str) -> str:
    """A path with its query, tokens in the query replaced."""
    return _SECRET_QUERY.sub(rf"\g<1>{MASK}", target)


def plain(text: str) -> str:
    """Text of others that can do nothing to a terminal: control and direction characters shown as U+FFFD."""
    return "".join(char if _is_harmless(char) else "\ufffd" for char in text)


def one_line(value: Any) -> str:
    """The same of anything, in one line."""
    return " ".join(plain(value if isinstance(value, str) else json.dumps(value)).split())


def pretty_json(value: Any) -> str:
    """Indented JSON, secrets masked; non-ASCII characters readable, dangerous ones not."""
    return plain(json.dumps(masked(value), indent=2, ensure_ascii=False))


def exchange_lines(exchange: Exchange) -> list[str]:
    """A request and its answer: method, path, JSON, status, JSON."""
    lines = [f"--> {exchange.method} {plain(_readable(masked_target(exchange.target)))}"]
    if exchange.is_authenticated:
        lines.append(f"    Authorization: Bearer {MASK}")
    if exchange.body is not None:
        lines += _indented(pretty_json(exchange.body))
    lines.append(f"<-- {exchange.status} {plain(exchange.reason)} ({exchange.duration_ms} ms)")
    if exchange.answer is None:
        return lines
    text = plain(exchange.answer) if isinstance(exchange.answer, str) else pretty_json(exchange.answer)
    return lines + _indented(text)


def event_lines(event: dict[str, Any], room_label: str | None = None) -> list[str]:
    """An event in the client format: when, where (if a label is given), who, what; further lines are indented.

    An invitation says nothing of its time.
    """
    parts = [_moment(event["origin_server_ts"])] if "origin_server_ts" in event else []
    if room_label is not None:
        parts.append(f"[{one_line(room_label)}]")
    first, *others = plain(_description(event)).splitlines() or [""]
    parts.append(f"{one_line(event.get('sender', '?'))}{'' if first.startswith('* ') else ':'} {first}")
    return [" ".join(parts), *(f"    {line}" for line in others)]


def table_lines(rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """Rows of the same length with the columns under each other; with `width`, the last column is broken into lines."""
    cells = [tuple(one_line(cell) for cell in row) for row in rows]
    widths = [max(map(_columns, column)) for column in list(zip(*cells, strict=True))[:-1]]
    indent = sum(widths) + 2 * len(widths)
    lines = []
    for *row, last in cells:
        start = "".join(f"{cell}{' ' * (wanted - _columns(cell))}  " for cell, wanted in zip(row, widths, strict=True))
        parts = [last] if width is None else textwrap.wrap(last, max(_LEAST_COLUMNS, width - indent)) or [""]
        lines += [f"{start}{parts[0]}".rstrip(), *(f"{' ' * indent}{part}" for part in parts[1:])]
    return lines


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(_columns_of(char) for char in text)


def _columns_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _readable(target: str) -> str:
    # As a person reads it; what keeps the parameters apart stays escaped.
    path, mark, query = target.partition("?")
    return f"{path}{mark}{_ESCAPED.sub(lambda found: unquote(found[0]), query)}"


def _description(event: dict[str, Any]) -> str:
    content = event.get("content")
    if not isinstance(content, dict):
        content = {}
    kind = event.get("type")
    if "redacted_because" in event.get("unsigned", {}):
        return "* (redacted)"
    describe = _DESCRIPTIONS.get(kind) if isinstance(kind, str) else None
    if describe is not None:
        return describe(event, content)
    key = event.get("state_key")
    state = f" of {key!r}" if key else ""
    return f"* {kind}{state} {json.dumps(masked(content), ensure_ascii=False)}"


def _message(event: dict[str, Any], content: dict[str, Any]) -> str:
    body = content.get("body")
    text = body if isinstance(body, str) else json.dumps(content, ensure_ascii=False)
    match content.get("msgtype"):
        case "m.emote":
            return f"* {text}"
        case "m.image" | "m.file" | "m.audio" | "m.video" as msgtype:
            return f"({msgtype[2:]}) {text} {content.get('url', '')}".rstrip()
    return text


def _member(event: dict[str, Any], content: dict[str, Any]) -> str:
    target, membership = event.get("state_key"), content.get("membership")
    verb = _MEMBERSHIP_VERBS.get(str(membership), f"has membership {membership}")
    reason = f" ({content['reason']})" if isinstance(content.get("reason"), str) else ""
    before = event.get("unsigned", {}).get("prev_content", {})
    match before.get("membership"), membership:
        case "join", "join":
            if content.get("displayname") != before.get("displayname"):
                return f"* is now called {content.get('displayname') or target}"
            return "* changed the profile"
        case "ban", "leave":
            return f"* {target} is no longer banned{reason}"
    if target == event.get("sender"):
        return f"* {verb}{reason}"
    return f"* {target} {'was removed' if membership == 'leave' else verb}{reason}"


def _setting(noun: str, key: str) -> Callable[[dict[str, Any], dict[str, Any]], str]:
    def describe(event: dict[str, Any], content: dict[str, Any]) -> str:
        value = content.get(key)
        return f"* set the {noun} to {value!r}" if value else f"* removed the {noun}"

    return describe


_DESCRIPTIONS: dict[str, Callable[[dict[str, Any], dict[str, Any]], str]] = {
    "m.room.message": _message,
    "m.room.member": _member,
    "m.room.name": _setting("room name", "name"),
    "m.room.topic": _setting("topic", "topic"),
    "m.room.canonical_alias": _setting("main alias", "alias"),
    "m.room.join_rules": _setting("join rule", "join_rule"),
    "m.room.history_visibility": _setting("history visibility", "history_visibility"),
    "m.room.guest_access": _setting("guest access", "guest_access"),
    "m.room.power_levels": lambda event, content: "* set the power levels",
    "m.room.encrypted": lambda event, content: "* (encrypted; hearth-cli does not decrypt)",
    "m.room.create": lambda event, content: f"* created the room, version {content.get('room_version', '1')}",
    "m.room.redaction": lambda event, content: f"* redacted {event.get('redacts', content.get('redacts'))}",
}


def _moment(timestamp_ms: Any) -> str:
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (TypeError, ValueError, OverflowError, OSError):
        return "????-??-?? ??:??:??"


def _is_harmless(char: str) -> bool:
    if char in "\n\t":
        return True
    # Characters that turn the direction of the text around them can make a line show something else than it says.
    return (
        unicodedata.category(char) not in ("Cc", "Cs")
        and char not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]
