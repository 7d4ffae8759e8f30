"""Somebody logs in with the web client, opens a room and says something there; what others said has to be shown.

python packaging/browser_message.py URL USER PASSWORD ROOM-NAME SHOWN SAID
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.browser.chromium import running_chromium
from tests.browser.page import Page


def main() -> None:
    """Raises where the page does not show what it should."""
    url, user, password, room, shown, said = sys.argv[1:]
    with running_chromium() as browser:
        page = Page(browser, user)
        browser.get(url)
        page.fill("login-username", user)
        page.fill("login-password", password)
        page.click("login-submit")
        page.find("main-page")
        page.wait_for_text("room-link-name", room)
        page.click("room-link-name")
        page.wait_for_text("room-name", room)
        page.wait_for_text("message-body", shown)
        page.find("composer-input").send_keys(said + "\n")
        page.wait_for_text("message-body", said)
        page.wait_for(lambda: set(page.values("message", "delivery")) == {"sent"}, lambda: f"for {said!r} to be sent")


if __name__ == "__main__":
    main()
