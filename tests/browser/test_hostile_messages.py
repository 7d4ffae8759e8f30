"""A room full of what is meant to do harm: nothing of it runs, loads anything, or breaks the view."""

from __future__ import annotations

import unittest
from itertools import count
from typing import Any, ClassVar

from tests.browser.chromium import console_errors, is_of_protocol, requested_urls, running_chromium
from tests.browser.conversation import Conversation
from tests.browser.hostile import FILE_NAMES, HTML, NAMES, TEXTS, events_of_wrong_types
from tests.browser.page import Page
from tests.support.api_client import User
from tests.support.homeserver import Homeserver, running_homeserver

_RICH = "org.matrix.custom.html"
#: Elements that no message may bring into the page, and attributes that run or load something.
_FOREIGN = """
    const frame = document.querySelector('[data-testid="timeline"]');
    const bad = [...frame.querySelectorAll(
        'script, iframe, object, embed, form, link, meta, base, style, math, template, input, [style*="url("]')];
    const handlers = [...frame.querySelectorAll('*')].filter((element) =>
        element.getAttributeNames().some((name) => name.startsWith('on')));
    const links = [...frame.querySelectorAll('[href]')].filter((element) =>
        !/^(https?:|#|mailto:|matrix:|magnet:|ftp:)/.test(element.getAttribute('href')));
    const sources = [...frame.querySelectorAll('[src]')].filter((element) =>
        !/^(blob:|data:)/.test(element.getAttribute('src')));
    return [...bad, ...handlers, ...links, ...sources].map((element) => element.outerHTML.slice(0, 200));
"""
_WIDER = """
    const frame = document.querySelector('[data-testid="timeline"]');
    return frame.scrollWidth - frame.clientWidth;
"""


_WRONG_STATE: tuple[Any, ...] = (1, [], {"a": 1}, None)


class HostileMessagesTest(unittest.TestCase):
    """Mallory writes, Ann reads on: every message is scrolled through."""

    server: ClassVar[Homeserver]
    page: ClassVar[Page]
    ann: ClassVar[Conversation]
    reader: ClassVar[User]
    mallory: ClassVar[User]
    _numbers = count(1)
    room_id: str

    @classmethod
    def setUpClass(cls) -> None:
        """Ann is logged in."""
        super().setUpClass()
        cls.server = cls.enterClassContext(running_homeserver())
        cls.reader, cls.mallory = cls.server.register("ann"), cls.server.register("mallory")
        cls.page = Page(cls.enterClassContext(running_chromium()), "ann")
        cls.ann = Conversation(cls.page, cls.server.url)
        cls.ann.log_in("ann")

    def setUp(self) -> None:
        """A room of Mallory's."""
        self.room_id = self.mallory.create_room(name="Trap", preset="public_chat")
        self.reader.join(self.room_id)

    def send(self, content: Any, event_type: str = "m.room.message") -> str:
        """What the server takes of it; answers the event's id."""
        answer = self.mallory.request("PUT", f"/rooms/{self.room_id}/send/{event_type}/h{next(self._numbers)}", content)
        return answer.json["event_id"] if answer.status == 200 else ""

    def read_everything(self) -> None:
        """From the newest message back to the start of the room, looking at all of it on the way."""
        self.mallory.send(self.room_id, "still here")
        self.ann.open(self.room_id)
        self.page.wait_for_text("message-body", "still here")
        self.check()

        def is_at_start() -> bool:
            up = "const frame = arguments[0]; frame.scrollBy(0, -900); return frame.scrollTop"
            top = self.page.browser.execute_script(up, self.page.find("timeline"))
            self.check()
            return bool(top == 0 and self.page.texts("timeline-start"))

        self.page.wait_for(is_at_start, lambda: "to get to the start of the room")
        self.page.take_picture(self._testMethodName)
        self.page.click("jump-to-bottom")
        self.page.wait_for_text("message-body", "still here")
        self.ann.say("and writing goes on")
        self.page.wait_for_text("message-body", "and writing goes on")
        errors = [each for each in console_errors(self.page.browser) if not is_expected(each)]
        self.assertEqual(errors, [])
        foreign = [
            url for url in requested_urls(self.page.browser) if not url.startswith((self.server.url, "blob:", "data:"))
        ]
        self.assertEqual(foreign, [])

    def check(self) -> None:
        """Nothing has run, nothing foreign is in the page, nothing is wider than it."""
        run = self.page.browser.execute_script
        self.assertIsNone(run("return window.hostile ?? null"))
        self.assertEqual(run(_FOREIGN), [])
        self.assertLessEqual(run(_WIDER), 0)

    def test_markup(self) -> None:
        """Scripts, handlers, frames, foreign pictures and styles, nesting without end."""
        for html in HTML:
            self.send({"msgtype": "m.text", "body": "x", "format": _RICH, "formatted_body": html})
        self.read_everything()

    def test_texts_names_and_file_names(self) -> None:
        """Letters that turn the line around, names that are markup, texts as long as an event may be."""
        for text in TEXTS:
            self.send({"msgtype": "m.text", "body": text})
            self.send({"msgtype": "m.emote", "body": text[:500]})
        for name in NAMES:
            self.mallory.put(f"/rooms/{self.room_id}/state/m.room.name", {"name": name[:2000]})
            self.mallory.put(f"/rooms/{self.room_id}/state/m.room.topic", {"topic": name})
            self.mallory.request("PUT", f"/profile/{self.mallory.user_id}/displayname", {"displayname": name})
            self.send({"msgtype": "m.text", "body": "under another name"})
        for name in FILE_NAMES:
            for kind in ("m.file", "m.image", "m.video", "m.audio"):
                self.send({"msgtype": kind, "body": name, "filename": name, "url": "mxc://localhost/none"})
            self.send(
                {"m.relates_to": {"rel_type": "m.annotation", "event_id": self.send({}), "key": name}}, "m.reaction"
            )
        self.read_everything()
        self.mallory.send(self.room_id, "y" * 50_000)
        self.page.wait_for_text("message-show-all", "Show all")
        self.page.click("message-show-all")
        self.page.wait_for_nothing("message-show-all")
        self.check()

    def test_fields_of_wrong_types(self) -> None:
        """What cannot be shown is said so; the messages around it are there."""
        target = self.send({"msgtype": "m.text", "body": "target"})
        sent = [self.send(content, event_type) for event_type, content in events_of_wrong_types(target)]
        self.assertGreater(len([event_id for event_id in sent if event_id]), 100)
        for event_type in (
            "m.room.name",
            "m.room.topic",
            "m.room.avatar",
            "m.room.pinned_events",
            "m.room.canonical_alias",
        ):
            for key in ("name", "topic", "url", "pinned", "alias"):
                for value in _WRONG_STATE:
                    self.mallory.request("PUT", f"/rooms/{self.room_id}/state/{event_type}", {key: value})
        self.read_everything()


def is_expected(error: str) -> bool:
    """The files and events that the messages name are not there, as the server says to who asks; the SDK notes what it
    cannot use of them. A script that breaks off, and a breach of the page's policy, are another matter."""
    if "Uncaught" in error or "Content Security Policy" in error:
        return False
    is_absent = "status of 404" in error and any(part in error for part in ("/event/", "/relations/", "/context/"))
    return is_of_protocol(error) or is_absent or "/media/" in error or "/assets/matrix-js-sdk-" in error
