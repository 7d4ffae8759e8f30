"""A person with the web client open, and what people do with it."""

from __future__ import annotations

from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from tests.browser.page import Page
from tests.support.running_servers import RunningServer

PASSWORD = "correct horse battery staple"


class Person:
    """Somebody with an account on a server, looking at `page`."""

    def __init__(self, name: str, server: RunningServer, browser: Chrome) -> None:
        self.name = name
        self.user_id = f"@{name}:{server.name}"
        self.page = Page(browser, name)
        self._url = server.url

    def register(self) -> None:
        """From the start page to an account."""
        page = self.page
        page.browser.get(self._url)
        page.click("go-register")
        page.fill("register-username", self.name)
        page.fill("register-password", PASSWORD)
        page.click("register-submit")
        page.find("no-room")

    def log_in(self) -> None:
        """With the form that is shown."""
        self.page.fill("login-username", self.name)
        self.page.fill("login-password", PASSWORD)
        self.page.click("login-submit")
        self.page.find("main-page")

    def log_in_afresh(self) -> None:
        """On a browser that knows nothing of the account."""
        self.page.browser.get(self._url)
        self.log_in()

    def set_up_encryption(self) -> str:
        """Make a recovery key; returns it."""
        page = self.page
        page.click("encryption-notice-open")
        page.click("make-recovery-key")
        key = page.find("recovery-key").text
        page.take_picture("recovery-key")
        page.click("recovery-key-saved")
        page.click("recovery-key-done")
        page.wait_for_nothing("encryption-notice")
        return key

    def compare_emoji_with(self, other: Page) -> None:
        """Both pages show a comparison that has been accepted: see the same emoji, and say so."""
        ours, theirs = self.page.wait_for_texts("verification-emoji"), other.wait_for_texts("verification-emoji")
        if ours != theirs:
            raise AssertionError(f"different emoji: {ours}, {theirs}")
        self.page.take_picture("emoji")
        for page in (self.page, other):
            page.click("verification-match")
        for page in (self.page, other):
            page.click("verification-done")

    def create_room(self, name: str, alias_localpart: str | None = None) -> None:
        """Create a room, public if it has an alias, and be in it."""
        page = self.page
        page.click("create-room")
        page.fill("create-room-name", name)
        if alias_localpart is None:
            page.click("create-room-private")
        else:
            page.click("create-room-public")
            page.fill("create-room-alias", alias_localpart)
        page.click("create-room-submit")
        page.wait_for_nothing("create-room-dialog")
        page.wait_for_text("room-name", name)

    def join(self, alias: str, name: str) -> None:
        """Join by alias; the room of that name is open then."""
        self.page.click("join-room")
        self.page.fill("join-room-target", alias)
        self.page.click("join-room-submit")
        self.page.wait_for_text("room-name", name)

    def open_room(self, name: str) -> None:
        """From the list."""
        self.page.wait_for_text("room-link-name", name)
        self.page.browser.find_element(By.XPATH, f'//*[@data-testid="room-link-name"][.="{name}"]').click()
        self.page.wait_for_text("room-name", name)

    def invite(self, user_id: str) -> None:
        """Into the open room."""
        self.page.fill("invite-user-id", user_id)
        self.page.click("invite-submit")

    def leave(self) -> None:
        """The open room."""
        self.page.click("room-more")
        self.page.click("leave-room")
        self.page.click("leave-confirm")
        self.page.find("no-room")

    def write(self, text: str) -> None:
        """Into the composer, without sending it."""
        self.page.find("composer-input").send_keys(text)

    def say(self, text: str) -> None:
        """Write and press Enter; at the end the own page shows the message as sent."""
        page = self.page
        self.write(text + Keys.ENTER)
        page.wait_for_text("message-body", text)
        page.wait_for(lambda: set(page.values("message", "delivery")) == {"sent"}, lambda: f"for {text!r} to be sent")

    def wait_for_members(self, *people: Person) -> None:
        """Until the member list shows exactly these."""
        wanted = {person.user_id for person in people}
        self.page.wait_for(lambda: self._members() == wanted, lambda: f"for {wanted}; there are {self._members()}")

    def open_profile(self, other: Person) -> None:
        """From the member list of the open room."""
        self.wait_for_members(self, other)
        self.page.click_in("member", "userId", other.user_id, "member-open")
        self.page.wait_for_text("profile-id", other.user_id)

    def _members(self) -> set[str]:
        return set(self.page.values("member", "userId"))
