"""Texts that arrive while a line is being typed: they go above it, each once, in their order."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.output import Output
from prompt_toolkit.utils import is_dumb_terminal

_GATHER_S = 0.05


class Above:
    """Writes to a terminal whose last lines may be a prompt.

    prompt_toolkit's `patch_stdout` hands texts to a thread, so that a question could be on the screen before what it
    is about, and a text that arrived while a prompt ended was never shown. Here a prompt begins when everything said
    before is written, and what waited when it ends is written then.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lock = threading.RLock()
        self._waiting: list[str] = []
        self._is_reading = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_due = False

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Around a prompt, in the main thread. Its application calls `on_run` when it runs."""
        with self._lock:
            self._is_reading = not is_dumb_terminal()
        try:
            yield
        finally:
            with self._lock:
                self._is_reading, self._loop, self._is_due = False, None, False
                self._write_waiting()

    def on_run(self) -> None:
        """The prompt's loop runs: from now on texts are handed to it."""
        with self._lock:
            self._loop = asyncio.get_running_loop()
            self._call_soon()

    def write(self, text: str) -> None:
        """Print a text, whole lines of it; for every thread."""
        with self._lock:
            self._waiting.append(text)
            if self._is_reading:
                self._call_soon()
            else:
                self._write_waiting()

    def _call_soon(self) -> None:
        # Many texts at once cost one painting of the prompt.
        if self._waiting and self._loop is not None and not self._is_due:
            self._is_due = True
            self._loop.call_soon_threadsafe(self._loop.call_later, _GATHER_S, self._interrupt)

    def _interrupt(self) -> None:
        run_in_terminal(self._write_due)

    def _write_due(self) -> None:
        with self._lock:
            self._is_due = False
            self._write_waiting()

    def _write_waiting(self) -> None:
        if self._waiting:
            texts, self._waiting = self._waiting, []
            self._output.enable_autowrap()
            self._output.write_raw("".join(texts))
            self._output.flush()
