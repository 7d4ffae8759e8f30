"""Writing, and what can be done with messages: in Chromium, with somebody else at the other end of the server."""

from __future__ import annotations

import base64
import re
import unittest
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from tests.browser.chromium import console_errors, is_of_protocol, running_chromium
from tests.browser.conversation import Conversation
from tests.browser.page import Page
from tests.slices.media.files import image
from tests.support.api_client import Json, User
from tests.support.homeserver import Homeserver, running_homeserver

PNG = base64.b64encode(image(4, 4)).decode()


class ConversationTest(unittest.TestCase):
    """Ann at the web client, Bob at another. Each test has its own room."""

    server: ClassVar[Homeserver]
    page: ClassVar[Page]
    ann: ClassVar[Conversation]
    ann_api: ClassVar[User]
    bob: ClassVar[User]
    room_id: str

    @classmethod
    def setUpClass(cls) -> None:
        """Everybody has an account; Ann is logged in."""
        super().setUpClass()
        cls.server = cls.enterClassContext(running_homeserver())
        cls.ann_api, cls.bob = cls.server.register("ann"), cls.server.register("bob")
        cls.bob.put(f"/profile/{cls.bob.user_id}/displayname", {"displayname": "Bob Builder"})
        cls.page = Page(cls.enterClassContext(running_chromium()), "ann")
        cls.ann = Conversation(cls.page, cls.server.url)
        cls.ann.log_in("ann")

    def setUp(self) -> None:
        """A room of both, open."""
        self.room_id = self.ann_api.create_room(name=self._testMethodName[5:40], preset="public_chat")
        self.bob.join(self.room_id)
        self.ann.open(self.room_id)
        self.page.find("composer-input")

    def tearDown(self) -> None:
        """However it went: a picture; and the page has complained of nothing."""
        self.page.take_picture(self._testMethodName)
        self.assertEqual([each for each in console_errors(self.page.browser) if not is_of_protocol(each)], [])

    def said(self, is_it: Callable[[Json], bool]) -> Json:
        """The event that Bob is given for what Ann did, as soon as it is there."""

        def look() -> Json | None:
            chunk = self.bob.get(f"/rooms/{self.room_id}/messages", {"dir": "b", "limit": "50"})["chunk"]
            return next((event for event in chunk if is_it(event)), None)

        return self.page.wait_for(look, lambda: "for what was sent to arrive")

    def heard(self, text: str) -> Json:
        """A message with exactly this body."""
        return self.said(lambda event: event["content"].get("body") == text)

    def bob_says(self, text: str, **content: Any) -> str:
        """And Ann's page shows it."""
        event_id = self.bob.send(self.room_id, text, **content)
        self.page.wait_for_text("message-body", text)
        return event_id

    def test_text_in_markdown_of_several_lines(self) -> None:
        """Shift and Enter is a new line, Enter sends; what is marked up is shown so, here and elsewhere."""
        self.ann.say("first **bold**\nsecond `code`")

        event = self.heard("first **bold**\nsecond `code`")
        html = event["content"]["formatted_body"]
        self.assertIn("<strong>bold</strong>", html)
        self.assertIn("<code>code</code>", html)
        body = self.ann.message("first bold").find_element(By.CSS_SELECTOR, '[data-testid="message-body"]')
        self.assertEqual(body.text, "first bold\nsecond code")
        self.assertEqual(self.page.find("composer-input").get_property("value"), "")

    def test_somebody_is_mentioned_from_the_list(self) -> None:
        """`@bo` offers Bob by his name; he is told by `m.mentions`, and the page shows the mention."""
        self.bob_says("here I am")

        self.ann.write("look @bo")
        self.page.wait_for_text("completion-item", "Bob Builder")
        self.ann.write(Keys.ENTER)
        self.ann.say("here")

        event = self.heard("look @Bob Builder here")
        self.assertEqual(event["content"]["m.mentions"], {"user_ids": [self.bob.user_id]})
        self.page.wait_for_text("mention", "Bob Builder")

    def test_emoji_by_their_names(self) -> None:
        """A name between colons, one chosen from the list, one from the picker."""
        self.ann.write("a :tada: b :thumbsu")
        self.page.wait_for_text("completion-item", ":thumbsup:")
        self.ann.write(Keys.TAB)
        self.page.click("composer-emoji")
        self.page.fill("emoji-search", "rocket")
        self.page.wait_for(lambda: len(self.page.values("emoji", "title")) < 20, lambda: "for fewer emoji")
        self.page.find("emoji-search").send_keys(Keys.ENTER)
        self.page.wait_for_nothing("emoji-picker")
        self.page.wait_for(
            lambda: "\U0001f680" in str(self.page.find("composer-input").get_property("value")),
            lambda: "for the rocket in the composer",
        )
        self.ann.say("")

        body = self.said(lambda event: "\U0001f680" in event["content"].get("body", ""))["content"]["body"]
        self.assertRegex(body, "^a \U0001f389 b \U0001f44d")

    def test_commands(self) -> None:
        """One that speaks, one that acts; a slip of the finger is not sent to everybody."""
        self.ann.say("/me waves")
        self.assertEqual(self.heard("waves")["content"]["msgtype"], "m.emote")

        self.ann.say("/topic All about commands")
        self.page.wait_for_text("room-topic", "All about commands")

        self.ann.say("/topci Nothing")
        self.page.wait_for_text("composer-error", "/topic")
        self.assertEqual(self.page.find("composer-input").get_property("value"), "/topci Nothing")

    def test_an_answer_leads_to_what_it_answers(self) -> None:
        """And who is answered is told."""
        question = self.bob_says("What is the time?")

        self.ann.act("What is the time?", "message-reply")
        self.page.wait_for_text("composer-replying", "Bob Builder")
        self.ann.say("Noon")

        content = self.heard("Noon")["content"]
        self.assertEqual(content["m.relates_to"]["m.in_reply_to"]["event_id"], question)
        self.assertEqual(content["m.mentions"]["user_ids"], [self.bob.user_id])
        self.page.wait_for_text("reply-text", "What is the time?")

    def test_a_message_edited_with_the_up_key(self) -> None:
        """It says that it is edited, and the menu shows what it was."""
        self.ann.say("teh mistake")
        self.heard("teh mistake")

        self.ann.write(Keys.UP)
        self.page.find("composer-editing")
        self.ann.write(Keys.CONTROL + "a" + Keys.CONTROL)
        self.ann.say("the mistake")

        edit = self.said(lambda event: "m.new_content" in event["content"])
        self.assertEqual(edit["content"]["m.new_content"]["body"], "the mistake")
        self.page.wait_for_text("message-body", "(edited)")
        self.ann.choose("the mistake", "menu-history")
        self.page.wait_for(lambda: len(self.page.texts("history-wording")) == 2, lambda: "for two wordings")
        self.assertIn("teh mistake", self.page.texts("history-wording")[1])
        self.page.click("history-dialog-close")

    def test_reactions_join_and_leave(self) -> None:
        """A click on somebody's reaction adds one, another takes it back."""
        event_id = self.bob_says("Cake?")
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": "\U0001f370"}
        self.bob.put(f"/rooms/{self.room_id}/send/m.reaction/r1", {"m.relates_to": relation})
        self.page.wait_for_text("reaction-count", "1")

        self.page.click("reaction")
        self.page.wait_for_text("reaction-count", "2")
        own = self.said(lambda event: event["type"] == "m.reaction" and event["sender"] == self.ann_api.user_id)
        self.assertEqual(own["content"]["m.relates_to"], relation)
        self.page.click("reaction")
        self.page.wait_for_text("reaction-count", "1")

    def test_a_message_deleted(self) -> None:
        """After a question; everybody sees that it was there."""
        self.ann.say("regrettable")
        self.heard("regrettable")

        self.ann.choose("regrettable", "menu-delete")
        self.page.fill("delete-dialog-reason", "a slip")
        self.page.click("delete-dialog-confirm")

        self.page.wait_for_text("message-body", "Message deleted: a slip")
        self.said(lambda event: event["type"] == "m.room.redaction")

    def test_a_message_pinned(self) -> None:
        """It is marked, and the room says who did it."""
        event_id = self.bob_says("Important")

        self.ann.choose("Important", "menu-pin")

        self.page.find("message-pinned")
        self.page.wait_for_text("notice", "pinned a message")
        self.assertEqual(self.bob.state(self.room_id, "m.room.pinned_events")["pinned"], [event_id])

    def test_a_message_forwarded(self) -> None:
        """Into another room, as if it were written there."""
        goal = self.ann_api.create_room(name="Elsewhere")
        self.page.wait_for_text("room-link-name", "Elsewhere")
        self.bob_says("News")

        self.ann.choose("News", "menu-forward")
        self.page.fill("forward-search", "Elsewhere")
        self.page.click("forward-goal")
        self.page.wait_for_text("forward-goal", "Sent")
        self.page.click("forward-dialog-close")

        self.ann.open(goal)
        self.page.wait_for_text("message-body", "News")

    def test_files_dropped_pasted_and_chosen(self) -> None:
        """Each is seen before it is sent; a picture opens large, a file keeps its name."""
        self.ann.drop_file("notes.txt", "some notes")
        self.ann.paste_file("dot.png", "image/png", PNG)
        with TemporaryDirectory() as folder:
            (Path(folder) / "plan.csv").write_text("a,b\n")
            self.ann.attach(Path(folder) / "plan.csv")
            names = ["notes.txt", "dot.png", "plan.csv"]
            self.page.wait_for(lambda: self.page.texts("upload-name") == names, lambda: f"for {names} to be chosen")
            self.ann.say("three files")
            self.page.wait_for_nothing("upload-name")

        self.page.wait_for_text("message-file-name", "plan.csv")
        caption = self.said(lambda event: event["content"].get("filename") == "notes.txt")["content"]
        self.assertEqual((caption["msgtype"], caption["body"]), ("m.file", "three files"))
        picture = self.said(lambda event: event["content"].get("msgtype") == "m.image")["content"]
        self.assertEqual((picture["info"]["w"], picture["info"]["h"]), (4, 4))
        self.page.click("message-image")
        self.page.find("lightbox-picture")
        self.page.click("lightbox-close")
        self.page.wait_for_nothing("lightbox")

    def test_a_poll_from_question_to_result(self) -> None:
        """Asked here, answered there, ended here."""
        self.page.click("composer-poll")
        self.page.fill("poll-dialog-question", "Tea or coffee?")
        fields = self.page.browser.find_elements(By.CSS_SELECTOR, '[data-testid="poll-dialog-answer"]')
        for field, answer in zip(fields, ("Tea", "Coffee"), strict=True):
            field.send_keys(answer)
        self.page.click("poll-dialog-submit")
        self.page.wait_for_text("poll-question", "Tea or coffee?")
        poll = self.said(lambda event: event["type"] == "org.matrix.msc3381.poll.start")

        self.page.browser.find_elements(By.CSS_SELECTOR, '[data-testid="poll-answer"]')[0].click()
        vote = {
            "m.relates_to": {"rel_type": "m.reference", "event_id": poll["event_id"]},
            "org.matrix.msc3381.poll.response": {"answers": ["answer-2"]},
        }
        self.bob.put(f"/rooms/{self.room_id}/send/org.matrix.msc3381.poll.response/v1", vote)
        self.page.wait_for_text("poll-total", "2 votes")
        self.page.click("poll-end")
        self.page.wait_for_text("poll-total", "Final result: 2 votes")
        self.said(lambda event: event["type"] == "org.matrix.msc3381.poll.end")

    def test_a_thread_beside_the_room(self) -> None:
        """Its answers are in the panel; the room shows how many there are."""
        root = self.bob_says("Shall we?")

        self.ann.act("Shall we?", "message-thread")
        panel = self.page.find("thread-panel")
        panel.find_element(By.CSS_SELECTOR, '[data-testid="composer-input"]').send_keys("In the thread" + Keys.ENTER)
        content = self.heard("In the thread")["content"]
        self.assertEqual(content["m.relates_to"]["rel_type"], "m.thread")
        self.assertEqual(content["m.relates_to"]["event_id"], root)
        self.bob.send(self.room_id, "Yes, there", **{"m.relates_to": {"rel_type": "m.thread", "event_id": root}})

        self.page.wait_for(lambda: "Yes, there" in panel.text, lambda: f"for Bob's answer in {panel.text!r}")
        self.page.wait_for_text("thread-link", "2 replies")
        self.page.click("thread-panel-close")
        self.assertNotIn("In the thread", self.ann.texts())

    def test_a_draft_outlives_a_look_elsewhere_and_a_reload(self) -> None:
        """What was half written is there again."""
        other = self.ann_api.create_room(name="Other room")
        self.page.wait_for_text("room-link-name", "Other room")
        self.ann.write("half a sent")
        kept = "return JSON.stringify(localStorage).includes('half a sent')"
        self.page.wait_for(lambda: self.page.browser.execute_script(kept), lambda: "for the draft to be kept")

        self.ann.open(other)
        self.page.wait_for(
            lambda: self.page.find("composer-input").get_property("value") == "", lambda: "for an empty composer"
        )
        self.page.browser.refresh()
        self.ann.open(self.room_id)

        self.page.wait_for(
            lambda: self.page.find("composer-input").get_property("value") == "half a sent", lambda: "for the draft"
        )
        self.page.find("composer-input").clear()
        self.ann.write("x" + Keys.BACKSPACE)

    def test_a_long_room_is_read_back_and_a_link_leads_into_it(self) -> None:
        """Older pages come in without moving what is read; only some rows are drawn; a link shows its message."""
        ids = [self.bob.send(self.room_id, f"line {number}") for number in range(1, 181)]
        self.page.wait_for_text("message-body", "line 180")

        self.scroll_back_to("line 1")
        self.assertLess(len(self.ann.texts()), 120)
        self.page.click("jump-to-bottom")
        self.page.wait_for_text("message-body", "line 180")
        self.ann.open(self.room_id, ids[60])
        self.page.wait_for_text("message-body", "line 61")
        in_view = "const r = arguments[0].getBoundingClientRect(); return r.top > 0 && r.bottom < innerHeight"
        self.page.wait_for(
            lambda: self.page.browser.execute_script(in_view, self.ann.message("line 61")), lambda: "to see line 61"
        )

    def scroll_back_to(self, text: str) -> None:
        """By the wheel of the mouse, as far as it takes."""

        def is_there() -> bool:
            up = "arguments[0].scrollBy(0, -1500); return arguments[0].scrollTop"
            self.page.browser.execute_script(up, self.page.find("timeline"))
            return any(re.search(rf"\b{text}$", line) for line in self.ann.texts())

        self.page.wait_for(is_there, lambda: f"to see {text!r}, not {self.ann.texts()[:3]}")
