"""Devices of users in a Chromium, with matrix-js-sdk and its Rust crypto."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

from selenium.webdriver import Chrome

from tests.browser.chromium import running_chromium
from tests.support.api_client import User

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 90.0
_LOOK_EVERY_S = 0.1


class Quiet(SimpleHTTPRequestHandler):
    """Serves the page's files."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class BrowserDevices:
    """Calls the page's functions (see `page/devices.ts`) by their names."""

    def __init__(self, browser: Chrome) -> None:
        self._browser = browser

    def call(self, function: str, *arguments: Any) -> Any:
        """What the function answers, when it does; raises what it throws."""
        script = "return window.devices[arguments[0]](...arguments[1])"
        return self._browser.execute_script(script, function, list(arguments))

    def open(self, name: str, user: User) -> None:
        """Open a device for a login."""
        login = {"url": user.url, "userId": user.user_id, "deviceId": user.device_id, "token": user.token}
        self.call("open", name, login)

    def until(self, look: Callable[[], T], is_right: Callable[[T], object]) -> T:
        """Look until it is right; returns what was seen. Raises AssertionError at the end of patience."""
        end_s = time.monotonic() + _PATIENCE_S
        while not is_right(seen := look()):
            if time.monotonic() > end_s:
                raise AssertionError(f"waited in vain; last seen was {seen}")
            time.sleep(_LOOK_EVERY_S)
        return seen


@contextmanager
def browser_devices() -> Iterator[BrowserDevices]:
    """A browser with the page open, built with the web client's packages."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hearth-page-"))
        _build(folder)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        browser = stack.enter_context(running_chromium())
        browser.get(f"http://127.0.0.1:{server.server_address[1]}/")
        yield BrowserDevices(browser)


def _build(folder: str) -> None:
    vite = ROOT / "webclient" / "node_modules" / "vite" / "bin" / "vite.js"
    if not vite.exists():
        raise RuntimeError("The web client's packages are not installed: run ./check or demo/start.sh, which do that.")
    # Where the machine has no Node.js, it is in the virtual environment: see packaging/environment.sh.
    search = os.pathsep.join((os.environ.get("PATH", ""), str(Path(sys.executable).parent)))
    node = shutil.which("node", path=search)
    if node is None:
        raise RuntimeError("node is not installed: ./check installs it.")
    configuration = Path(__file__).parent / "page" / "vite.config.mjs"
    command = [node, str(vite), "build", "--config", str(configuration), "--outDir", folder, "--logLevel", "warn"]
    subprocess.run(command, check=True, timeout=120, stdin=subprocess.DEVNULL)
