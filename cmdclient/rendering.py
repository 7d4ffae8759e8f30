"""The same in colour, for terminals: events with their markdown, JSON, tables, pictures of coloured half blocks."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cmdclient.client import Exchange, Payload
from cmdclient.describing import description
from cmdclient.masking import one_line, plain, pretty_json
from cmdclient.printing import moment, request_lines, status_line
from cmdclient.views import EventView, ExchangeView, Json, Picture, Table, View

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_SENDER_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green", "bright_magenta")
_PICTURE_COLUMNS, _PICTURE_ROWS = 60, 20


def has_colours() -> bool:
    """Whether the terminal is to be written to in colour: https://no-color.org"""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def ansi_text(view: Sequence[View]) -> str:
    """A view as text with the escape sequences of terminals."""
    # Rich takes a tenth of a second to load: the prompt is there before.
    from rich.console import Console

    buffer = io.StringIO()
    console = Console(file=buffer, force_terminal=True, width=shutil.get_terminal_size().columns, highlight=False)
    for part in view:
        if isinstance(part, Picture):
            _print_picture(console, buffer, part)
        elif (rendered := _rendered(part)) is not None:
            console.print(rendered, soft_wrap=isinstance(part, str | EventView) and not _is_markdown(part))
    return "\n".join(line.rstrip() for line in buffer.getvalue().rstrip("\n").split("\n"))


def _rendered(part: str | Table | Json | EventView | ExchangeView) -> RenderableType | None:
    from rich.text import Text

    match part:
        case str():
            return Text(part)
        case Table():
            return _table(part) if part.rows else None
        case Json():
            return Text("(an empty answer)") if part.value is None else _json(part)
        case EventView():
            return _event(part)
        case ExchangeView():
            return _exchange(part.exchange)


def _table(part: Table) -> RenderableType:
    from rich import box
    from rich import table as rich_table
    from rich.text import Text

    made = rich_table.Table(
        box=box.SIMPLE_HEAD if part.headers else None, show_header=bool(part.headers), pad_edge=False
    )
    for number in range(len(part.rows[0])):
        header = part.headers[number] if part.headers else ""
        made.add_column(header, style="bold" if number == 0 else "", overflow="fold")
    for row in part.rows:
        made.add_row(*(Text(one_line(cell)) for cell in row))
    return made


def _json(part: Json) -> RenderableType:
    from rich.syntax import Syntax

    return Syntax(pretty_json(part.value), "json", background_color="default", word_wrap=True)


def _is_markdown(part: View) -> bool:
    # Who wrote in markdown sent HTML along; the body is then what was typed.
    if not isinstance(part, EventView):
        return False
    content = part.event.get("content")
    return (
        part.event.get("type") == "m.room.message"
        and isinstance(content, dict)
        and content.get("msgtype") in ("m.text", "m.notice")
        and isinstance(content.get("formatted_body"), str)
        and isinstance(content.get("body"), str)
    )


def _event(part: EventView) -> RenderableType:
    from rich.console import Group
    from rich.markdown import Markdown
    from rich.padding import Padding
    from rich.text import Text

    event = part.event
    sender = one_line(event.get("sender", "?"))
    head = Text(f"{moment(event['origin_server_ts'])} " if "origin_server_ts" in event else "", style="dim")
    if part.room_label is not None:
        head.append(f"[{one_line(part.room_label)}] ", style="blue")
    words = plain(description(event))
    is_action = words.startswith("* ")
    head.append(sender, style=f"bold {_colour_of(sender)}" if not is_action else "dim")
    if _is_markdown(part):
        head.append(":")
        # Links as text: what a peer sends must not become something that hides where it leads.
        return Group(head, Padding(Markdown(words, hyperlinks=False), (0, 0, 0, 4)))
    first, *others = words.splitlines() or [""]
    head.append(f"{'' if is_action else ':'} {first}", style="dim" if is_action else "")
    for line in others:
        head.append(f"\n    {line}")
    return head


def _exchange(exchange: Exchange) -> RenderableType:
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    colour = "green" if exchange.status < 400 else "red"
    parts: list[RenderableType] = [_unbroken("\n".join(request_lines(exchange)), "cyan")]
    if exchange.body is not None and not isinstance(exchange.body, Payload):
        parts.append(Padding(_json(Json(exchange.body)), (0, 0, 0, 4)))
    parts.append(_unbroken(status_line(exchange), colour))
    if isinstance(exchange.answer, str):
        parts.append(Padding(Text(plain(exchange.answer)), (0, 0, 0, 4)))
    elif exchange.answer is not None:
        parts.append(Padding(_json(Json(exchange.answer)), (0, 0, 0, 4)))
    return Group(*parts)


def _unbroken(text: str, style: str) -> RenderableType:
    """Lines that the terminal breaks, and not we, so that they can be copied whole."""
    from rich.text import Text

    return Text(text, style=style, no_wrap=True, overflow="ignore")


def _colour_of(user_id: str) -> str:
    return _SENDER_COLOURS[sum(user_id.encode()) % len(_SENDER_COLOURS)]


def _print_picture(console: Console, buffer: io.StringIO, part: Picture) -> None:
    from rich.text import Text

    if console.color_system in ("truecolor", "256"):
        buffer.write(picture_text(part.content, min(_PICTURE_COLUMNS, console.width)))
    console.print(Text(part.caption))


def picture_text(content: bytes, columns: int) -> str:
    """An image as rows of half blocks, two pixels a character; empty for what is no image that can be opened."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "GIF", "WEBP")) as opened:
            opened.draft("RGB", (columns, 2 * _PICTURE_ROWS))
            opened.thumbnail((columns, 2 * _PICTURE_ROWS))
            image = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""
    rows = []
    pixels = image.load()
    assert pixels is not None
    for top in range(0, image.height - 1, 2):
        cells = []
        for x in range(image.width):
            upper, lower = pixels[x, top], pixels[x, top + 1]
            assert isinstance(upper, tuple) and isinstance(lower, tuple)
            cells.append(f"\x1b[38;2;{upper[0]};{upper[1]};{upper[2]};48;2;{lower[0]};{lower[1]};{lower[2]}m▀")
        rows.append(f"{''.join(cells)}\x1b[0m\n")
    return "".join(rows)
