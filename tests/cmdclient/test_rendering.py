"""What is shown in colour."""

from __future__ import annotations

import io
import re
import unittest

import pyte
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cmdclient.rendering import ansi_text, picture_text
from cmdclient.views import EventView, Json, Picture, Table
from tests.support.laws import law

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def shown(text: str) -> str:
    """What a terminal shows of it."""
    screen = pyte.Screen(200, 60)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return "\n".join(row.rstrip() for row in screen.display).strip()


class Rendering(unittest.TestCase):
    def test_markdown_of_a_message(self) -> None:
        content = {"msgtype": "m.text", "body": "some **bold** words", "formatted_body": "some <b>bold</b> words"}
        rendered = ansi_text([EventView({"type": "m.room.message", "sender": "@a:hs", "content": content})])
        self.assertIn("some bold words", shown(rendered))

    def test_a_link_shows_where_it_leads(self) -> None:
        """What a peer writes must not become a link that says something else."""
        content = {"msgtype": "m.text", "body": "[bank](https://evil.example)", "formatted_body": "x"}
        rendered = ansi_text([EventView({"type": "m.room.message", "sender": "@a:hs", "content": content})])
        self.assertIn("https://evil.example", shown(rendered))
        self.assertNotIn("\x1b]8", rendered)

    def test_a_picture_is_coloured_blocks(self) -> None:
        content = io.BytesIO()
        Image.new("RGB", (4, 4), (255, 0, 0)).save(content, "PNG")
        rows = picture_text(content.getvalue(), 60).splitlines()
        self.assertEqual([_ESCAPE.sub("", row) for row in rows], ["▀▀▀▀", "▀▀▀▀"])
        self.assertIn("\x1b[38;2;255;0;0;48;2;255;0;0m", rows[0])

    def test_what_is_no_picture_is_its_caption(self) -> None:
        for content in (b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, b"<svg/>"):
            with self.subTest(content):
                self.assertEqual(shown(ansi_text([Picture(content, "Saved x")])), "Saved x")

    def test_a_table_with_headers(self) -> None:
        text = shown(ansi_text([Table([("a", "b")], ("first", "second"))]))
        self.assertTrue(text.startswith("first"), text)

    @law(100)
    @given(_JSON, st.sampled_from(["m.room.message", "m.room.member", "m.reaction", "m.room.create", "x"]))
    def test_no_event_breaks_the_terminal(self, content: object, kind: str) -> None:
        """Whatever an event holds, only colours are switched by what is printed."""
        for fields in (
            {"content": content},
            {"content": {"body": content, "formatted_body": "x", "msgtype": "m.text"}},
        ):
            event = {"type": kind, "sender": content, "origin_server_ts": content, **fields}
            text = _ESCAPE.sub("", ansi_text([EventView(event, "room"), Json(content)]))
            self.assertFalse(re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text), text)
