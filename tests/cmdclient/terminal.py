"""A terminal at which somebody uses the console of hearth-cli: types, and reads what is on the screen."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

from tests.cmdclient.server_fixture import cli_environment

CTRL_C, CTRL_D, CTRL_U, ALT_ENTER = "\x03", "\x04", "\x15", "\x1b\r"
HOME, DELETE, RIGHT = "\x01", "\x1b[3~", "\x1b[C"
_PATIENCE_S = 60.0
_ROWS = 50


class Terminal:
    """The console at `homeserver`, its logins in `config`. What scrolled off the screen is gone."""

    def __init__(self, homeserver: str, config: Path, columns: int = 200) -> None:
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "cmdclient", "--homeserver", homeserver],
            env={**cli_environment(config), "TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
            encoding="utf-8",
            dimensions=(_ROWS, columns),
        )
        self._screen = _Screen(columns, _ROWS, self.process.send)
        self._stream = pyte.Stream(self._screen)
        self.wait_for_prompt()

    def close(self) -> None:
        """End the program, whatever it does."""
        self.process.close(force=True)

    def press(self, keys: str) -> None:
        """Type without Enter."""
        self.process.send(keys)

    def say(self, line: str, *expected: str) -> None:
        """Type a line on an empty screen and wait until each of the texts can be read there."""
        self.wait_for_prompt()
        self._screen.erase_in_display(2)
        self.process.send(f"{line}\r")
        for text in expected:
            self.wait_for(text)

    def wait_for_prompt(self) -> None:
        """Wait until the cursor stands behind the prompt."""
        self.wait_until(lambda: self.cursor[0].endswith(">"), "the prompt")

    def wait_for_end(self) -> int:
        """Wait until the program has ended; returns its exit status."""
        self.process.expect(pexpect.EOF, timeout=_PATIENCE_S)
        self.process.close()
        assert self.process.exitstatus is not None
        return int(self.process.exitstatus)

    def wait_for(self, text: str) -> None:
        """Wait until a text can be read; AssertionError with the screen if that takes too long."""
        self.wait_until(lambda: text in self.text, repr(text))

    def wait_until(self, is_there: Callable[[], bool], what: str) -> None:
        """Wait until something can be seen; AssertionError with the screen if that takes too long."""
        until_s = time.monotonic() + _PATIENCE_S
        while not is_there():
            if time.monotonic() > until_s:
                raise AssertionError(f"{what} is not on the screen:\n{self.text}")
            try:
                self._stream.feed(self.process.read_nonblocking(65536, timeout=1))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                raise AssertionError(f"{what} was not on the screen when the console ended:\n{self.text}") from None

    @property
    def text(self) -> str:
        """What can be read on the screen: its rows, without the empty ones."""
        return "\n".join(row.rstrip() for row in self._screen.display if row.strip())

    @property
    def cursor(self) -> tuple[str, int]:
        """The text of the row where the cursor is, and its column."""
        return self._screen.display[self._screen.cursor.y].rstrip(), self._screen.cursor.x


class _Screen(pyte.Screen):
    """A screen that answers when it is asked where its cursor is, as terminals do."""

    def __init__(self, columns: int, rows: int, answer: Callable[[str], object]) -> None:
        super().__init__(columns, rows)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        self._answer(data)
