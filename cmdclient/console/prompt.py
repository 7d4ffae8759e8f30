"""The line being typed at the terminal, and texts that arrive meanwhile: those go above it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prompt_toolkit import ANSI, PromptSession, print_formatted_text
from prompt_toolkit.application import get_app_session
from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as Candidate
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.styles import Style

from cmdclient.console.above import Above
from cmdclient.console.completion import Completion

_STYLE = Style.from_dict({"bottom-toolbar": "noreverse dim"})


class Prompt:
    """Reads lines with history and completion. `status` gives the line below; `is_kept` says which lines are
    remembered.

    To be read from in the main thread; `write` is for every thread.
    """

    def __init__(
        self, history: Path, completion: Completion, status: Callable[[], str], is_kept: Callable[[str], bool]
    ) -> None:
        self._above: Above | None = None
        history.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            os.close(os.open(history, os.O_WRONLY | os.O_CREAT, 0o600))
            history.chmod(0o600)
        self._session: PromptSession[str] = PromptSession(
            history=_History(str(history), is_kept),
            completer=_Completer(completion),
            complete_while_typing=False,
            bottom_toolbar=lambda: f" {status()}",
            key_bindings=_keys(),
            style=_STYLE,
            # What is pasted or typed with Alt+Enter may have several lines; Enter sends them all.
            multiline=False,
            enable_open_in_editor=True,
            refresh_interval=1.0,
        )

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """While this lasts, what is written goes above the line that is being typed."""
        self._above = Above(get_app_session().output)
        try:
            yield
        finally:
            self._above = None

    def read(self, prompt: str) -> str:
        """One line, or several. EOFError at the end of the input, KeyboardInterrupt for Ctrl-C."""
        return self._read(self._session, prompt)

    def ask(self, prompt: str) -> str:
        """Something that is no command, and not remembered."""
        return self._read(PromptSession(), prompt)

    def ask_secret(self, prompt: str) -> str:
        """The same, not shown."""
        return self._read(PromptSession(), prompt, is_secret=True)

    def write(self, text: str) -> None:
        """Print a text on lines of its own; it may have escape sequences for colours."""
        if self._above is not None:
            self._above.write(f"{text}\n")
        else:
            print_formatted_text(ANSI(text))

    def _read(self, session: PromptSession[str], prompt: str, is_secret: bool = False) -> str:
        if self._above is None:
            return session.prompt(prompt, is_password=is_secret)
        with self._above.reading():
            return session.prompt(prompt, is_password=is_secret, pre_run=self._above.on_run)


class _History(FileHistory):
    """Without the lines that have a secret."""

    def __init__(self, path: str, is_kept: Callable[[str], bool]) -> None:
        super().__init__(path)
        self._is_kept = is_kept

    def append_string(self, string: str) -> None:
        if self._is_kept(string):
            # A history that cannot be written must not end the console.
            with contextlib.suppress(OSError):
                super().append_string(string)


class _Completer(Completer):
    def __init__(self, completion: Completion) -> None:
        self._completion = completion

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Candidate]:
        before = document.text_before_cursor
        word = "" if before.endswith(" ") else before.rpartition(" ")[2]
        line = before[: len(before) - len(word)]
        for candidate in self._completion.candidates(line, word):
            yield Candidate(candidate, -len(word))


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
