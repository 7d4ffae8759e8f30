"""Rooms, people and messages are found: the list of rooms, the palette, the directory, spaces, and searches."""

from __future__ import annotations

import unittest
from typing import ClassVar

from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

from tests.browser.accessibility import barriers_on
from tests.browser.chromium import console_errors, is_of_protocol, running_chromium
from tests.browser.conversation import Conversation
from tests.browser.page import Page
from tests.support.api_client import User
from tests.support.homeserver import Homeserver, running_homeserver


class FindingTest(unittest.TestCase):
    """Ann, who is in some rooms; Bob, who writes in them."""

    server: ClassVar[Homeserver]
    page: ClassVar[Page]
    ann: ClassVar[Conversation]
    reader: ClassVar[User]
    bob: ClassVar[User]
    garden: ClassVar[str]
    kitchen: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        """Two rooms of both; Ann is logged in."""
        super().setUpClass()
        cls.server = cls.enterClassContext(running_homeserver())
        cls.reader, cls.bob = cls.server.register("ann"), cls.server.register("bob")
        cls.garden = cls.bob.create_room(name="Garden", preset="public_chat")
        cls.kitchen = cls.bob.create_room(name="Kitchen", preset="public_chat")
        for room_id in (cls.garden, cls.kitchen):
            cls.reader.join(room_id)
            cls.bob.send(room_id, "welcome")
        cls.page = Page(cls.enterClassContext(running_chromium()), "ann")
        cls.ann = Conversation(cls.page, cls.server.url)
        cls.ann.log_in("ann")

    def setUp(self) -> None:
        """In the garden."""
        self.ann.open(self.garden)
        self.page.wait_for_text("room-name", "Garden")

    def tearDown(self) -> None:
        """However it went: a picture; and the page has complained of nothing."""
        self.page.take_picture(self._testMethodName)
        self.assertEqual([each for each in console_errors(self.page.browser) if not is_of_protocol(each)], [])

    def sections(self) -> dict[str, list[str]]:
        """The names of the rooms under each heading."""
        found = self.page.browser.find_elements(By.CSS_SELECTOR, '[data-testid="room-section"]')
        names = '[data-testid="room-link-name"]'
        return {
            str(section.get_attribute("data-section")): [
                each.text for each in section.find_elements(By.CSS_SELECTOR, names)
            ]
            for section in found
        }

    def menu_of(self, name: str, item: str) -> None:
        """Choose from the menu that a right click on a room opens."""
        link = f'//*[@data-testid="room-link-name"][.="{name}"]'
        ActionChains(self.page.browser).context_click(self.page.browser.find_element(By.XPATH, link)).perform()
        self.page.click(item)
        self.page.wait_for_nothing("room-menu")

    def test_a_favourite_and_what_is_less_important(self) -> None:
        """A room goes from heading to heading, and back."""
        self.menu_of("Kitchen", "room-menu-favourite")
        self.page.wait_for(
            lambda: self.sections().get("favourites") == ["Kitchen"], lambda: f"for it in {self.sections()}"
        )
        self.menu_of("Kitchen", "room-menu-low-priority")
        self.page.wait_for(lambda: "lowPriority" in self.sections(), lambda: f"for it in {self.sections()}")
        self.page.browser.find_element(
            By.CSS_SELECTOR, '[data-section="lowPriority"] [data-testid="room-section-title"]'
        ).click()
        self.page.wait_for_text("room-link-name", "Kitchen")
        self.menu_of("Kitchen", "room-menu-low-priority")
        self.page.wait_for(lambda: "lowPriority" not in self.sections(), lambda: f"for it not in {self.sections()}")

    def test_unread_until_it_is_read(self) -> None:
        """A number for what is new, gone once the room is opened; and a mark of one's own."""
        self.bob.send(self.kitchen, "soup is ready")
        self.page.wait_for_text("room-unread", "1")

        self.ann.open(self.kitchen)
        self.page.wait_for_text("message-body", "soup is ready")
        self.page.wait_for_nothing("room-unread")
        self.ann.open(self.garden)
        self.menu_of("Kitchen", "room-menu-read")
        self.page.find("room-unread")
        self.menu_of("Kitchen", "room-menu-read")
        gone = '[data-testid="room-unread"]'
        self.page.wait_for(
            lambda: not self.page.browser.find_elements(By.CSS_SELECTOR, gone), lambda: "for the mark to be gone"
        )

    def test_the_palette_goes_anywhere(self) -> None:
        """Ctrl and K from wherever the focus is; a few letters, Enter."""
        self.ann.press(Keys.CONTROL, "k")
        self.page.fill("palette-input", "kitch")
        self.page.wait_for(
            lambda: self.page.values("palette-entry", "ariaSelected")[:1] == ["true"],
            lambda: "for the first to be chosen",
        )
        self.page.wait_for_text("palette-entry", "Kitchen")
        self.page.find("palette-input").send_keys(Keys.ENTER)
        self.page.wait_for_text("room-name", "Kitchen")

        self.ann.press(Keys.CONTROL, "k")
        self.page.fill("palette-input", ">find")
        self.page.wait_for(lambda: len(self.page.texts("palette-entry")) == 1, lambda: "for one command")
        self.page.find("palette-input").send_keys(Keys.ENTER)
        self.page.find("directory")
        self.page.click("directory-close")

    def test_a_room_of_the_directory_is_joined(self) -> None:
        """By a word of its topic."""
        self.bob.create_room(name="Bees", topic="All about honey", preset="public_chat", visibility="public")

        self.page.click("open-directory")
        self.page.fill("directory-search", "honey")
        self.page.wait_for(
            lambda: len(found := self.page.texts("directory-room")) == 1 and "Bees" in found[0],
            lambda: f"for the one room, not {self.page.texts('directory-room')}",
        )
        self.page.click("directory-join")

        self.page.wait_for_text("room-name", "Bees")

    def test_a_space_shows_its_rooms_only(self) -> None:
        """Also those of a space in it; and what there is to join."""
        village = self.reader.create_room(name="Village", creation_content={"type": "m.space"})
        self.reader.set_state(village, "m.space.child", {"via": [self.server.name]}, self.garden)
        well = self.bob.create_room(name="Well", preset="public_chat")
        self.reader.set_state(village, "m.space.child", {"via": [self.server.name]}, well)

        self.page.click("space")
        self.page.wait_for(lambda: self.page.texts("room-link-name") == ["Garden"], lambda: "for the garden alone")
        self.page.click("space-explore")
        self.page.wait_for_text("directory-room", "Well")
        self.page.click("directory-close")
        self.page.click("space-all")
        self.page.wait_for_text("room-link-name", "Kitchen")

    def test_messages_are_searched_here_and_everywhere(self) -> None:
        """A word that stands in two rooms; what is found leads there."""
        self.bob.send(self.garden, "marmalade in the garden")
        self.bob.send(self.kitchen, "marmalade in the kitchen")

        self.page.click("search-toggle")
        self.page.find("search-input").send_keys("marmalade" + Keys.ENTER)
        self.page.wait_for(lambda: len(self.page.texts("search-hit")) == 1, lambda: "for one hit")
        self.page.click("search-everywhere")
        self.page.wait_for(lambda: len(self.page.texts("search-hit")) == 2, lambda: "for two hits")
        hits = self.page.browser.find_elements(By.CSS_SELECTOR, '[data-testid="search-hit"] button')
        next(hit for hit in hits if "kitchen" in hit.text).click()

        self.page.wait_for_text("room-name", "Kitchen")
        self.page.wait_for_text("message-body", "marmalade in the kitchen")

    def test_pins_threads_and_files_have_their_panels(self) -> None:
        """Each lists what there is, and leads to it."""
        root = self.bob.send(self.garden, "a root")
        self.bob.send(self.garden, "an answer", **{"m.relates_to": {"rel_type": "m.thread", "event_id": root}})
        self.bob.set_state(self.garden, "m.room.pinned_events", {"pinned": [root]})
        file = {"msgtype": "m.file", "body": "seeds.pdf", "url": "mxc://localhost/none", "info": {"size": 5000}}
        self.bob.put(f"/rooms/{self.garden}/send/m.room.message/file", file)

        self.page.click("pinned-toggle")
        self.page.wait_for_text("pinned", "a root")
        self.page.click("threads-toggle")
        self.page.wait_for_text("thread", "1 reply")
        self.page.click("room-more")
        self.page.click("room-more-files")
        self.page.wait_for_text("file-entry", "seeds.pdf")
        self.page.click("threads-toggle")
        self.page.browser.find_element(By.CSS_SELECTOR, '[data-testid="thread"] button').click()
        panel = self.page.find("thread-panel")
        self.page.wait_for(lambda: "an answer" in panel.text, lambda: f"for the thread, not {panel.text!r}")

    def test_nobody_is_kept_out(self) -> None:
        """axe-core finds nothing on any of the views, in light and in dark."""
        self.bob.send(
            self.garden, "look https://example.org", format="org.matrix.custom.html", formatted_body="<b>look</b>"
        )
        self.page.wait_for_text("message-body", "look")
        for scheme in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            self.page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            self._look(f"room in {scheme}")
            for name in ("search", "threads", "pinned", "members"):
                self.page.click(f"{name}-toggle")
                self._look(f"{name} in {scheme}")
            self.page.click("members-toggle")
            self.page.click("open-palette")
            self.page.find("palette-entry")
            self._look(f"palette in {scheme}")
            self.page.find("palette-input").send_keys(Keys.ESCAPE)
            self.page.wait_for_nothing("palette")
            self.page.click("open-directory")
            self.page.find("directory-list")
            self._look(f"directory in {scheme}")
            self.page.click("directory-close")
            self.page.click("composer-emoji")
            self.page.find("emoji")
            self._look(f"emoji in {scheme}")
            self.page.find("emoji-search").send_keys(Keys.ESCAPE)
            self.page.wait_for_nothing("emoji-picker")
            self.ann.write("/")
            self.page.find("completion-item")
            self._look(f"commands in {scheme}")
            self.ann.write(Keys.BACKSPACE)
            self.ann.act("look", "message-more")
            self.page.find("message-menu")
            self._look(f"menu in {scheme}")
            self.ann.press(Keys.ESCAPE)
            self.page.wait_for_nothing("message-menu")

    def _look(self, view: str) -> None:
        self.page.take_picture(view.replace(" ", "-"))
        with self.subTest(view=view):
            self.assertEqual(barriers_on(self.page.browser), [])
