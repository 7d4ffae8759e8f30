"""The interactive console: a prompt with history and completion, and a stream in the background."""

from __future__ import annotations

import os
import re
import readline
import sys
from pathlib import Path

from cmdclient.commands import COMMANDS, Quit, run_line
from cmdclient.commands_messages import tell_events
from cmdclient.errors import CommandError
from cmdclient.session import Session
from cmdclient.sync import EventStream, RoomEvent, StreamThread

_HISTORY_LINES = 1000
_HAS_PASSWORD = re.compile(r"\s*(?:login|register)\s+\S+\s+\S|.*(?:password|token)", re.IGNORECASE)
_CLEAR_LINE = "\r\033[K"


class Console:
    """Reads lines at a terminal and runs them until `quit` or the end of the input."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stream: StreamThread | None = None
        self._is_prompting = False
        self._prompt = ""
        self._candidates: list[str] = []
        self._history = session.credentials.path.with_name("cli_history")
        session.set_stream = self.set_stream
        session.output.write = self._write
        session.output.warn = self._write

    def run(self) -> int:
        """Returns the exit status, 0: errors were told when they happened."""
        self._prepare_readline()
        self._write(f"hearth-cli at {self._session.client.homeserver}; commands: help")
        try:
            while True:
                try:
                    self._run_line(self._next_line())
                except KeyboardInterrupt:
                    self._write("")
        except (Quit, EOFError):
            return 0
        finally:
            self.set_stream(False)
            self._save_history()

    def set_stream(self, is_on: bool) -> None:
        """Begin or end the stream in the background."""
        if self._stream is not None and (not is_on or not self._stream.is_running):
            self._stream.stop()
            self._stream = None
        if is_on and self._stream is None:
            client = self._session.client.with_token(self._session.get_login().access_token)
            stream = EventStream(client, self._session.rooms)
            stream.begin()
            self._stream = StreamThread(stream, client, self._tell)
            self._stream.start(lambda error: self._write(f"The stream: {error}"))

    def complete(self, text: str, state: int) -> str | None:
        """For readline: the completion number `state` of the word `text`."""
        if state == 0:
            line = readline.get_line_buffer()[: readline.get_begidx()]
            self._candidates = [f"{word} " for word in self.candidates(line) if word.startswith(text)]
        return self._candidates[state] if state < len(self._candidates) else None

    def candidates(self, line: str) -> list[str]:
        """The words that can stand behind `line`."""
        words = line.split()
        if not words:
            return sorted(COMMANDS)
        found = COMMANDS.get(words[0])
        if found is None:
            return []
        if found.name == "help":
            return sorted(COMMANDS)
        if found.name == "list" and len(words) == 2:
            return self._session.rooms.words() if words[1] == "members" else []
        parameters = found.parameters
        parameter = parameters[len(words) - 1] if len(words) <= len(parameters) else ""
        if parameter == "ROOM":
            return self._session.rooms.words()
        return [word for word in re.split(r"[\[\]|\s]", parameter) if word.islower()]

    def _next_line(self) -> str:
        login = self._session.login
        self._prompt = f"{login.user_id if login else '(not logged in)'}> "
        self._is_prompting = True
        try:
            line = input(self._prompt)
        finally:
            self._is_prompting = False
        length = readline.get_current_history_length()
        if length and _HAS_PASSWORD.match(line):
            readline.remove_history_item(length - 1)
        return line

    def _run_line(self, line: str) -> None:
        try:
            self._session.output.answer(run_line(self._session, line))
        except CommandError as error:
            self._write(f"error: {error}")

    def _tell(self, events: list[RoomEvent]) -> None:
        tell_events(self._session, events)

    def _write(self, text: str) -> None:
        # While a line is being typed, the text goes above it and the line is drawn again.
        if self._is_prompting:
            sys.stdout.write(f"{_CLEAR_LINE}{text}\n{self._prompt}{readline.get_line_buffer()}")
        else:
            sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def _prepare_readline(self) -> None:
        is_libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")
        readline.set_completer_delims(" \t")
        readline.set_completer(self.complete)
        readline.set_history_length(_HISTORY_LINES)
        try:
            readline.read_history_file(self._history)
        except OSError:
            return

    def _save_history(self) -> None:
        try:
            _make_private(self._history)
            readline.write_history_file(self._history)
        except OSError as error:
            self._write(f"The history could not be saved in {self._history}: {error.strerror}")


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    path.chmod(0o600)
