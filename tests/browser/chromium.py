"""A headless Chromium, driven through chromedriver."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_ARGUMENTS = (
    "--headless=new",
    # Chromium's sandbox refuses to run as root; it sees pages of this test's servers only.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--window-size=1280,800",
    "--lang=en",
)


@contextmanager
def running_chromium() -> Iterator[Chrome]:
    """A browser with an empty profile, ended at the end."""
    options = ChromeOptions()
    options.binary_location = _program("chromium", "google-chrome")
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # Chromium leaves things behind where temporary files go.
    with tempfile.TemporaryDirectory(prefix="hearth-chromium-", ignore_cleanup_errors=True) as folder:
        # With its path given, selenium looks for no driver on the network.
        service = Service(_program("chromedriver"), env={**os.environ, "TMPDIR": folder})
        browser = Chrome(options=options, service=service)
        try:
            yield browser
        finally:
            browser.quit()


def console_errors(browser: Chrome) -> list[str]:
    """The errors in the console since the last call: of scripts, of requests, and breaches of the page's policy."""
    return [entry["message"] for entry in _log(browser, "browser") if entry["level"] == "SEVERE"]


#: What is asked to learn whether it is there: a request that the server refuses, by its path and status.
_OF_PROTOCOL = (
    ("/_matrix/client/v3/register ", "401"),
    ("/_matrix/client/v3/room_keys/version ", "404"),
    ("/account_data/", "404"),
    ("/_matrix/client/v3/keys/device_signing/upload ", "401"),
)

_KEPT = """
    const done = arguments[arguments.length - 1];
    indexedDB.databases().then((databases) =>
        done([{...localStorage}, {...sessionStorage}, document.cookie, databases.map(({name}) => name)]));
"""


def is_of_protocol(error: str) -> bool:
    """Whether an error in the console is only the browser's note of a question with the answer no."""
    return any(path in error and f"status of {status}" in error for path, status in _OF_PROTOCOL)


def kept_in(browser: Chrome) -> Any:
    """What the browser keeps of the page: local and session storage, cookies, the names of databases."""
    return browser.execute_async_script(_KEPT)


def requested_urls(browser: Chrome) -> list[str]:
    """What the pages have requested since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in _log(browser, "performance")]
    return [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]


def _log(browser: Any, name: str) -> list[dict[str, Any]]:
    """Selenium's `get_log` has no types."""
    entries: list[dict[str, Any]] = browser.get_log(name)
    return entries


def _program(*names: str) -> str:
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    raise RuntimeError(f"{names[0]} is not installed: ./check installs it.")
