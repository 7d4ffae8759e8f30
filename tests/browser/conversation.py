"""What somebody does with messages on a page of the web client."""

from __future__ import annotations

from pathlib import Path

from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.page import Page
from tests.support.homeserver import PASSWORD

_DROP = """
    const [target, name, type, text] = arguments;
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], name, { type }));
    for (const kind of ["dragenter", "dragover", "drop"]) {
        target.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }
"""
_PASTE = """
    const [target, name, type, bytes] = arguments;
    const transfer = new DataTransfer();
    const raw = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
    transfer.items.add(new File([raw], name, { type }));
    target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
"""


class Conversation:
    """A person at a page: logs in, opens rooms, writes, and does what the menus of messages offer."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url

    def log_in(self, localpart: str) -> None:
        """With the form."""
        self.page.browser.get(self._url)
        self.page.fill("login-username", localpart)
        self.page.fill("login-password", PASSWORD)
        self.page.click("login-submit")
        self.page.find("main-page")

    def open(self, room_id: str, event_id: str | None = None) -> None:
        """By its address, as a link does."""
        target = f"#/room/{room_id}" + (f"/{event_id}" if event_id else "")
        self.page.browser.execute_script("location.hash = arguments[0]", target)
        self.page.wait_for(
            lambda: room_id in self.page.values("room", "roomId"), lambda: f"for the room {room_id} to be open"
        )

    def write(self, text: str) -> None:
        """Into the composer, key by key."""
        self.page.find("composer-input").send_keys(text)

    def say(self, text: str) -> None:
        """Write, and press Enter. A line break in the text is Shift and Enter."""
        lines = text.split("\n")
        for line in lines[:-1]:
            self.write(line + Keys.SHIFT + Keys.ENTER + Keys.SHIFT)
        self.write(lines[-1] + Keys.ENTER)

    def message(self, text: str) -> WebElement:
        """The newest message with this text in it."""

        def found() -> WebElement | None:
            messages = self.page.browser.find_elements(By.CSS_SELECTOR, '[data-testid="message"]')
            return next((each for each in reversed(messages) if text in each.text), None)

        return self.page.wait_for(found, lambda: f"for a message with {text!r}; there are {self.texts()}")

    def texts(self) -> list[str]:
        """What the messages say that are drawn now."""
        return self.page.texts("message-body")

    def act(self, text: str, action: str) -> None:
        """Press a button of the bar over a message, which is there while the pointer is."""
        self._point_at(text)
        self.page.click(action)

    def choose(self, text: str, item: str) -> None:
        """From a message's menu."""
        self.act(text, "message-more")
        self.page.click(item)

    def drop_file(self, name: str, text: str, kind: str = "text/plain") -> None:
        """Let go of a file over the conversation."""
        target = self.page.find("drop-zone")
        self.page.browser.execute_script(_DROP, target, name, kind, text)

    def paste_file(self, name: str, kind: str, content_base64: str) -> None:
        """As from the clipboard, into the composer."""
        self.page.browser.execute_script(_PASTE, self.page.find("composer-input"), name, kind, content_base64)

    def attach(self, file: Path) -> None:
        """With the button that opens the system's dialog."""
        chooser = self.page.browser.find_element(By.CSS_SELECTOR, '[data-testid="composer-file"]')
        chooser.send_keys(str(file))

    def press(self, *keys: str) -> None:
        """Wherever the focus is."""
        self.page.browser.switch_to.active_element.send_keys(*keys)

    def _point_at(self, text: str) -> None:
        def is_there() -> bool:
            # From elsewhere: a pointer that is there already enters nothing.
            ActionChains(self.page.browser).move_to_element(self.page.find("room-name")).perform()
            ActionChains(self.page.browser).move_to_element(self.message(text)).perform()
            return bool(self.page.browser.find_elements(By.CSS_SELECTOR, '[data-testid="message-toolbar"]'))

        self.page.wait_for(is_there, lambda: f"for the buttons of {text!r}")
