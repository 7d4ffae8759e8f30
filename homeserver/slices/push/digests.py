"""What mails about missed messages say: text and HTML of the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, select_autoescape

UNSUBSCRIBE_PATH = "_synapse/client/unsubscribe"
_MOST_TEXT = 300
_MOST_NAME = 80


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was missed."""

    room_id: str
    event_id: str
    room: str
    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class Digest:
    """A mail. `headers`: beside the usual ones."""

    subject: str
    text: str
    html: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DigestSettings:
    """`client_url`: of a web client, in which links open; None: matrix.to leads to a client of the reader's choice.
    `public_baseurl` ends with a slash."""

    app_name: str
    server_name: str
    public_baseurl: str
    client_url: str | None = None


class Digests:
    """Writes them."""

    def __init__(self, settings: DigestSettings) -> None:
        self._settings = settings
        self._environment = Environment(
            loader=PackageLoader("homeserver.slices.push"),
            autoescape=select_autoescape(["html"]),
            keep_trailing_newline=True,
            trim_blocks=True,
        )

    def write(self, lines: Sequence[Line], more: int, token: str) -> Digest:
        """The mail for these (at least one), and for so many that are not told one by one. `token`: ends such mails."""
        by_room: dict[str, list[Line]] = {}
        for line in lines:
            by_room.setdefault(line.room_id, []).append(line)
        rooms = [
            {
                "name": _short(own[0].room, _MOST_NAME),
                "link": self._link(own[0]),
                "lines": [(_short(one.sender, _MOST_NAME), _short(one.text, _MOST_TEXT)) for one in own],
            }
            for own in by_room.values()
        ]
        url = f"{self._settings.public_baseurl}{UNSUBSCRIBE_PATH}?{urlencode({'token': token})}"
        values = {
            "subject": self._subject(list(by_room.values()), len(lines) + more),
            "rooms": rooms,
            "more": more,
            "unsubscribe": url,
            "app_name": self._settings.app_name,
            "server_name": self._settings.server_name,
        }
        text, html = (self._environment.get_template(f"digest.{kind}").render(values) for kind in ("txt", "html"))
        headers = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        return Digest(str(values["subject"]), text, html, headers)

    def _subject(self, rooms: Sequence[Sequence[Line]], number: int) -> str:
        what = "a message" if number == 1 else f"{number} messages"
        where = f"in {_short(rooms[0][0].room, _MOST_NAME)}"
        if len(rooms) > 1:
            where += " and elsewhere"
        return f"[{self._settings.app_name}] You have {what} {where}"

    def _link(self, line: Line) -> str:
        place = f"{quote(line.room_id, safe='!:')}/{quote(line.event_id, safe='$:')}"
        if self._settings.client_url is None:
            return f"https://matrix.to/#/{place}"
        return f"{self._settings.client_url.rstrip('/')}/#/room/{place}"


def _short(text: str, most: int) -> str:
    """On one line, and not longer than that."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text[: 4 * most]).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
