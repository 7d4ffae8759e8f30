"""The line being typed at the terminal, and texts that arrive meanwhile: those go above it."""

from __future__ import annotations

import ctypes
import os
import readline
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

_HISTORY_LINES = 1000
_NUDGE_INTERVAL_S = 0.05
_CLEAR_LINE = "\r\033[K"
# From readline.h: it is at work on a completion; it waits for keys.
_STATE_COMPLETING = 0x0004000
_STATE_CALLBACK = 0x0080000


class LineEditor:
    """Reads lines, with history and completion. `candidates` gives the words that can stand behind a text.

    To be made and read from in the main thread; `write` is for every thread.
    """

    def __init__(self, candidates: Callable[[str], Sequence[str]]) -> None:
        self._candidates = candidates
        self._found: list[str] = []
        self._prompt = ""
        self._is_reading = False
        self._texts: deque[str] = deque()
        self._lock = threading.RLock()
        self._library = _find_library()
        is_libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")
        readline.set_completer_delims(" \t")
        readline.set_completer(self._complete)
        readline.set_history_length(_HISTORY_LINES)
        signal.signal(signal.SIGUSR1, self._on_nudge)

    def read(self, prompt: str) -> str:
        """One line. EOFError at the end of the input, KeyboardInterrupt for Ctrl-C."""
        self._prompt = prompt
        with self._lock:
            self._is_reading = True
        try:
            return input(prompt)
        finally:
            self._is_reading = False
            self._print_texts()

    def write(self, text: str) -> None:
        """Print a text on lines of its own."""
        self._texts.append(text)
        main = threading.main_thread()
        nudged = threading.Event()
        # Readline is for one thread only: the one that reads is asked to print, until it has come to it.
        while self._texts and self._is_reading and threading.current_thread() is not main and main.ident is not None:
            signal.pthread_kill(main.ident, signal.SIGUSR1)
            nudged.wait(_NUDGE_INTERVAL_S)
        if not self._is_reading:
            self._print_texts()

    def forget_last_line(self) -> None:
        """Take the line read last out of the history."""
        if length := readline.get_current_history_length():
            readline.remove_history_item(length - 1)

    def load_history(self, path: Path) -> None:
        """Begin with the lines of a file; one that is not there is an empty one."""
        try:
            readline.read_history_file(path)
        except OSError:
            return

    def save_history(self, path: Path) -> None:
        """Write the lines to a file that only its owner can read. OSError when that cannot be done."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        path.chmod(0o600)
        readline.write_history_file(path)

    def _complete(self, text: str, state: int) -> str | None:
        if state == 0:
            line = readline.get_line_buffer()[: readline.get_begidx()]
            self._found = [f"{word} " for word in self._candidates(line) if word.startswith(text)]
        return self._found[state] if state < len(self._found) else None

    def _print_texts(self) -> None:
        with self._lock:
            while self._texts:
                _print(f"{self._texts.popleft()}\n")

    def _on_nudge(self, number: int, frame: FrameType | None) -> None:
        library = self._library
        if not self._is_reading or not self._texts:
            return
        if library is None:
            _print(_CLEAR_LINE)
            self._print_texts()
            _print(f"{self._prompt}{readline.get_line_buffer()}")
            return
        state = ctypes.c_ulong.in_dll(library, "rl_readline_state").value
        if state & _STATE_CALLBACK and not state & _STATE_COMPLETING:
            library.rl_clear_visible_line()
            library.fflush(None)
            self._print_texts()
            library.rl_on_new_line()
            library.rl_redisplay()


def _find_library() -> ctypes.PyDLL | None:
    # Python's module does not offer these functions of GNU readline; libedit, its substitute, does not have them all.
    # https://tiswww.case.edu/php/chet/readline/readline.html#Redisplay
    try:
        library = ctypes.PyDLL(readline.__file__)
        for name in ("rl_clear_visible_line", "rl_on_new_line", "rl_redisplay", "rl_readline_state"):
            getattr(library, name)
    except (AttributeError, OSError):
        return None
    return library


def _print(text: str) -> None:
    # Past the buffer of standard output, which a signal may have come in the middle of writing to.
    data = text.encode(sys.stdout.encoding, "backslashreplace")
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]
