"""What is shown where there is no colour: events as lines, exchanges as they went over the wire, tables."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import textwrap
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from cmdclient.client import Exchange, Payload
from cmdclient.describing import description
from cmdclient.masking import MASK, masked, masked_target, one_line, plain, pretty_json
from cmdclient.views import EventView, ExchangeView, Json, Picture, Table, View

_ESCAPED = re.compile(r"(?:%(?!2[356B]|20)[0-9A-F]{2})+", re.IGNORECASE)
_LEAST_COLUMNS = 20
_NO_TERMINAL = (1000, 0)


def view_text(view: Sequence[View]) -> str:
    """A view as plain text, for pipes and terminals without colours."""
    return "\n".join(line for part in view for line in _view_lines(part))


def exchange_lines(exchange: Exchange) -> list[str]:
    """A request and its answer: method, path, JSON, status, JSON."""
    lines = request_lines(exchange)
    if exchange.body is not None and not isinstance(exchange.body, Payload):
        lines += _indented(pretty_json(exchange.body))
    lines.append(status_line(exchange))
    if exchange.answer is None:
        return lines
    text = plain(exchange.answer) if isinstance(exchange.answer, str) else pretty_json(exchange.answer)
    return lines + _indented(text)


def request_lines(exchange: Exchange) -> list[str]:
    """Method, path and headers of a request."""
    lines = [f"--> {exchange.method} {plain(_readable(masked_target(exchange.target)))}"]
    if exchange.is_authenticated:
        lines.append(f"    Authorization: Bearer {MASK}")
    if isinstance(exchange.body, Payload):
        lines.append(f"    ({len(exchange.body.content)} bytes of {plain(exchange.body.content_type)})")
    return lines


def status_line(exchange: Exchange) -> str:
    """Status and duration of an answer."""
    return f"<-- {exchange.status} {plain(exchange.reason)} ({exchange.duration_ms} ms)"


def curl_lines(exchange: Exchange, homeserver: str) -> list[str]:
    """A request as a command of curl that makes it again once the token stands in $TOKEN, and its status."""
    words = ["curl", "-X", exchange.method]
    parts = [shlex.join(words)]
    if exchange.is_authenticated:
        # Double quotes, so that the shell fills in the token.
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if isinstance(exchange.body, Payload):
        parts.append(shlex.join(["-H", f"Content-Type: {exchange.body.content_type}", "--data-binary", "@FILE"]))
    elif exchange.body is not None:
        body = json.dumps(masked(exchange.body), ensure_ascii=False)
        parts.append(shlex.join(["-H", "Content-Type: application/json", "--data", body]))
    parts.append(shlex.quote(f"{homeserver}{masked_target(exchange.target)}"))
    return [plain(" ".join(parts)), f"# {exchange.status} {plain(exchange.reason)} ({exchange.duration_ms} ms)"]


def event_lines(event: dict[str, Any], room_label: str | None = None) -> list[str]:
    """An event in the client format: when, where (if a label is given), who, what; further lines are indented.

    An invitation says nothing of its time.
    """
    parts = [moment(event["origin_server_ts"])] if "origin_server_ts" in event else []
    if room_label is not None:
        parts.append(f"[{one_line(room_label)}]")
    first, *others = plain(description(event)).splitlines() or [""]
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


def moment(timestamp_ms: Any) -> str:
    """When, in the local time of who reads it."""
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (TypeError, ValueError, OverflowError, OSError):
        return "????-??-?? ??:??:??"


def _view_lines(part: View) -> list[str]:
    match part:
        case str():
            return [part]
        case Table():
            width = shutil.get_terminal_size(fallback=_NO_TERMINAL).columns
            return table_lines(part.rows, width) if part.rows else []
        case Json():
            return ["(an empty answer)"] if part.value is None else pretty_json(part.value).splitlines()
        case EventView():
            return event_lines(part.event, part.room_label)
        case ExchangeView():
            return exchange_lines(part.exchange)
        case Picture():
            return [part.caption]


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


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]
