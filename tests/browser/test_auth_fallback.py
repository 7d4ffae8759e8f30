"""A client opens the page of a stage in a window, and hears of it when the stage is completed."""

from __future__ import annotations

import unittest

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.chromium import console_errors, running_chromium
from tests.support.administrators import register_by_secret
from tests.support.homeserver import PASSWORD, Homeserver, running_homeserver
from tests.support.mail_server import MailServer, link_in

_PATIENCE_S = 90
POLICIES = [{"id": "terms", "version": "1", "languages": {"en": {"name": "Terms", "url": "https://a.example/"}}}]
_OPEN = """
    window.heard = [];
    window.addEventListener("message", (event) => window.heard.push([event.origin, event.data]));
    window.open(arguments[0]);
"""


class FallbackInBrowserTest(unittest.TestCase):
    """Chromium, a server that asks for consent and sends mail."""

    browser: Chrome
    server: Homeserver
    mail: MailServer

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.mail = MailServer().start()
        cls.addClassCleanup(cls.mail.close)
        email = {"smtp_host": "127.0.0.1", "smtp_port": cls.mail.port}
        cls.server = cls.enterClassContext(running_homeserver(policies=POLICIES, email=email))
        cls.browser = cls.enterClassContext(running_chromium())

    def press(self, selector: str) -> None:
        """Click what is there."""
        self.browser.find_element(By.CSS_SELECTOR, selector).click()

    def test_the_window_that_opened_the_page_is_told(self) -> None:
        """`authDone`, and the client's next request registers; the page's policy was not broken."""
        body = {"username": "alice", "password": PASSWORD}
        session = self.server.request("POST", "/register", body).json["session"]
        self.browser.get(f"{self.server.url}/_matrix/client/v3/auth/m.login.terms/fallback/web?session=none")
        client = self.browser.current_window_handle
        console_errors(self.browser)
        self.browser.execute_script(
            _OPEN, f"{self.server.url}/_matrix/client/v3/auth/m.login.terms/fallback/web?session={session}"
        )
        (page,) = set(self.browser.window_handles) - {client}
        self.browser.switch_to.window(page)
        wait = WebDriverWait(self.browser, _PATIENCE_S)
        wait.until(lambda browser: browser.find_elements(By.CSS_SELECTOR, "input[name=accepted]"))

        self.press("input[name=accepted]")
        self.press("button")
        wait.until(lambda browser: "That was it" in browser.page_source)

        self.assertEqual(console_errors(self.browser), [])
        self.browser.switch_to.window(client)
        heard = wait.until(lambda browser: browser.execute_script("return window.heard"))
        self.assertEqual(heard, [[self.server.url, "authDone"]])
        made = self.server.post("/register", {"auth": {"session": session}})
        self.assertEqual(made["user_id"], f"@alice:{self.server.name}")

    def test_the_link_in_a_mail_leads_on(self) -> None:
        """One confirms at once; at another a button does, and the browser goes on to the page, on another site, that
        the client has named."""
        goal = f"{self.server.url}/_matrix/client/versions".replace("127.0.0.1", "localhost")
        address = "bob@example.org"
        body = {"email": address, "client_secret": "s3cret", "send_attempt": 1}
        sid = self.server.post("/account/3pid/email/requestToken", body)["sid"]
        self.browser.get(link_in(self.mail.get_mail(address)))
        bob = register_by_secret(self.server, "bob")
        bob.post("/account/3pid", {"three_pid_creds": {"sid": sid, "client_secret": "s3cret"}})
        self.server.post("/account/password/email/requestToken", {**body, "next_link": goal})
        self.browser.get(link_in(self.mail.get_mail(address, 2)))

        self.press("button")

        WebDriverWait(self.browser, _PATIENCE_S).until(lambda browser: browser.current_url == goal)
