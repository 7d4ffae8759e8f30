"""The interactive console: a prompt with history and completion, and a stream in the background."""

from __future__ import annotations

import re
import shutil
import textwrap

from cmdclient.commands import COMMANDS, Quit, run_line
from cmdclient.commands_messages import tell_events
from cmdclient.errors import CommandError
from cmdclient.line_editor import LineEditor
from cmdclient.session import Session
from cmdclient.sync import EventStream, RoomEvent, StreamThread, is_final

_HAS_PASSWORD = re.compile(r"\s*(?:login|register)\s+\S+\s+\S|.*(?:password|token)", re.IGNORECASE)


class Console:
    """Reads lines at a terminal and runs them until `quit` or the end of the input."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stream: StreamThread | None = None
        self._editor = LineEditor(self.candidates)
        self._history = session.credentials.path.with_name("cli_history")
        session.set_stream = self.set_stream
        session.output.write = self._editor.write
        session.output.warn = self._editor.write

    def run(self) -> int:
        """Returns the exit status, 0: errors were told when they happened."""
        self._editor.load_history(self._history)
        self._editor.write(f"hearth-cli at {self._session.client.homeserver}; commands: help")
        try:
            while True:
                try:
                    self._run_line(self._next_line())
                except KeyboardInterrupt:
                    self._editor.write("")
        except EOFError:
            # Ctrl-D leaves the cursor behind the prompt.
            self._editor.write("")
            return 0
        except Quit:
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
            self._stream.start(self._complain)

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
        line = self._editor.read(f"{login.user_id if login else '(not logged in)'}> ")
        if _HAS_PASSWORD.match(line):
            self._editor.forget_last_line()
        return line

    def _run_line(self, line: str) -> None:
        try:
            self._session.output.answer(run_line(self._session, line))
        except CommandError as error:
            self._tell_error(f"error: {error}")

    def _tell(self, events: list[RoomEvent]) -> None:
        tell_events(self._session, events)

    def _complain(self, error: CommandError) -> None:
        self._tell_error(f"The stream: {error}{'' if is_final(error) else ' It tries again.'}")

    def _tell_error(self, text: str) -> None:
        width = shutil.get_terminal_size().columns
        self._editor.write(textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False))

    def _save_history(self) -> None:
        try:
            self._editor.save_history(self._history)
        except OSError as error:
            self._editor.write(f"The history could not be saved in {self._history}: {error.strerror}")
