"""A client that knows no way to log in opens the server's page in a web view, and is given the login's answer."""

from __future__ import annotations

import unittest

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.chromium import console_errors, running_chromium
from tests.support.api_client import User
from tests.support.homeserver import PASSWORD, Homeserver, running_homeserver

_PATIENCE_S = 90
_LISTEN = "window.matrixLogin = { onLogin: (response) => { window.heard = response; } };"


class LoginFallbackInBrowserTest(unittest.TestCase):
    """Chromium, and a server."""

    browser: Chrome
    server: Homeserver

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = cls.enterClassContext(running_homeserver())
        cls.browser = cls.enterClassContext(running_chromium())

    def log_in(self, user: str, password: str) -> None:
        """Fill in the form and send it."""
        for name, text in (("user", user), ("password", password)):
            field = self.browser.find_element(By.NAME, name)
            field.clear()
            field.send_keys(text)
        self.browser.find_element(By.NAME, "send").click()

    def test_the_client_is_given_the_answer(self) -> None:
        """A wrong password is told and can be put right; the device is the one the address names."""
        alice = self.server.register("alice")
        query = "device_id=GHTYAJCE&initial_device_display_name=Old+client&password=x"
        self.browser.get(f"{self.server.url}/_matrix/static/client/login/?{query}")
        self.browser.execute_script(_LISTEN)
        wait = WebDriverWait(self.browser, _PATIENCE_S)

        self.log_in("alice", "wrong")
        wait.until(lambda browser: browser.find_element(By.ID, "told").text)
        refused = console_errors(self.browser)
        self.log_in(alice.user_id, PASSWORD)
        heard = wait.until(lambda browser: browser.execute_script("return window.heard"))

        self.assertTrue(all("403" in error for error in refused), refused)
        self.assertEqual((heard["user_id"], heard["device_id"]), (alice.user_id, "GHTYAJCE"))
        device = User(self.server.url, heard).get("/devices/GHTYAJCE")
        self.assertEqual(device["display_name"], "Old client")
        self.assertIn("You are logged in", self.browser.find_element(By.ID, "done").text)
        self.assertNotIn(heard["access_token"], self.browser.page_source)
        self.assertEqual(console_errors(self.browser), [])
