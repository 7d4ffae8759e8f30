"""The interactive console: a prompt with history and completion, and a stream in the background."""

from __future__ import annotations

import re
import shutil
import signal
import textwrap
import threading

from cmdclient.commands import Quit, run_line
from cmdclient.commands.following import tell_events
from cmdclient.console.completion import Completion
from cmdclient.console.prompt import Prompt
from cmdclient.encryption.gate import Encryption
from cmdclient.errors import CommandError
from cmdclient.rendering import ansi_text, has_colours
from cmdclient.session import Session
from cmdclient.sync import EventStream, RoomEvent, StreamThread, is_final

_HAS_PASSWORD = re.compile(r"\s*(?:login|register)\s+\S+\s+\S|.*(?:password|token)", re.IGNORECASE)


class Console:
    """Reads lines at a terminal and runs them until `quit` or the end of the input."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stream: StreamThread | None = None
        self._is_stream_wanted = True
        history = session.credentials.path.with_name("cli_history")
        self._prompt = Prompt(history, Completion(session), self.status, lambda line: not _HAS_PASSWORD.match(line))
        session.set_stream = self.set_stream
        session.output.write = session.output.warn = self._prompt.write
        session.asking.secret, session.asking.line = self._prompt.ask_secret, self._prompt.ask
        if has_colours():
            session.output.render = ansi_text

    def run(self) -> int:
        """Returns the exit status, 0: errors were told when they happened."""
        # Also where it was started by something that ignores Ctrl-C, and so would whatever it starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._prompt.write(f"hearth-cli at {self._session.client.homeserver}; commands: help")
        with self._prompt.active():
            try:
                self._read_lines()
            except (EOFError, Quit):
                return 0
            finally:
                self._end_stream()
        return 0

    def status(self) -> str:
        """The line below the prompt: who, where, what is unread."""
        session = self._session
        parts = [session.login.user_id if session.login else "not logged in", session.client.homeserver]
        if session.current_room is not None:
            parts.append(session.rooms.label(session.current_room))
        unread, highlights = session.rooms.unread()
        if unread:
            parts.append(f"{unread} unread" + (f", {highlights} mention you" if highlights else ""))
        if self._stream is not None and self._stream.is_running:
            parts.append("disconnected" if self._stream.is_disconnected else "streaming")
        return " | ".join(parts)

    def set_stream(self, is_on: bool) -> None:
        """Begin or end the stream in the background."""
        self._is_stream_wanted = is_on
        if self._stream is not None and (not is_on or not self._stream.is_running):
            self._end_stream()
        if is_on and self._stream is None:
            self._begin_stream()

    def _read_lines(self) -> None:
        is_first = True
        while True:
            if is_first and self._session.login is not None:
                # The prompt does not wait for a server that may be far away.
                threading.Thread(target=self._begin_stream_quietly, name="begin", daemon=True).start()
            is_first = False
            try:
                login = self._session.login
                line = self._prompt.read(f"{login.user_id if login else '(not logged in)'}> ")
                self._run_line(line)
            except KeyboardInterrupt:
                continue

    def _run_line(self, line: str) -> None:
        before = self._session.login
        try:
            self._session.output.answer(run_line(self._session, line))
        except CommandError as error:
            self._tell_error(f"error: {error}")
        if self._session.login is not None and self._session.login != before:
            self._is_stream_wanted = True
            self._begin_stream_quietly()

    def _begin_stream_quietly(self) -> None:
        try:
            if self._is_stream_wanted and self._stream is None:
                if Encryption.is_possible():
                    self._session.encryption.load().catch_up()
                self._begin_stream()
        except CommandError as error:
            self._complain(error)

    def _begin_stream(self) -> None:
        client = self._session.client.with_token(self._session.get_login().access_token)
        # Long polls are not what somebody wants to see who looks at what commands do.
        client.observer = None
        stream = EventStream(client, self._session.rooms, self._session.on_sync)
        self._stream = StreamThread(stream, client, self._tell)
        self._stream.start(self._complain)

    def _end_stream(self) -> None:
        if self._stream is not None:
            self._stream.stop()
            self._stream = None

    def _tell(self, events: list[RoomEvent]) -> None:
        tell_events(self._session, events)

    def _complain(self, error: CommandError) -> None:
        self._tell_error(f"The stream: {error}{'' if is_final(error) else ' It tries again.'}")

    def _tell_error(self, text: str) -> None:
        width = shutil.get_terminal_size().columns
        self._prompt.write(textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False))
