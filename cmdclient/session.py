"""What the commands work with: the connection, who is logged in, the rooms, and where to write."""

from __future__ import annotations

import getpass
import json
import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from cmdclient.client import Client, Exchange, homeserver_url
from cmdclient.credentials import CredentialFile, Login
from cmdclient.errors import CommandError, UsageError
from cmdclient.printing import exchange_lines, masked
from cmdclient.rooms import RoomBook, find_room_id


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has to say: `data` with --json, else `lines`."""

    data: Any
    lines: Sequence[str] = ()


@dataclass(slots=True)
class Output:
    """Where lines go. The console replaces `write` by one that keeps the prompt whole."""

    is_json: bool = False
    write: Callable[[str], None] = field(default=lambda text: _write(sys.stdout, text))
    warn: Callable[[str], None] = field(default=lambda text: _write(sys.stderr, text))

    def answer(self, answer: Answer | None) -> None:
        """Print what a command returned; None is nothing."""
        if answer is None:
            return
        if self.is_json:
            self.write(json.dumps(masked(answer.data)))
        elif answer.lines:
            self.write("\n".join(answer.lines))


class Session:
    """One run of hearth-cli at one homeserver at a time."""

    def __init__(self, credentials: CredentialFile, tls: ssl.SSLContext, homeserver: str, output: Output) -> None:
        self.credentials = credentials
        self.output = output
        self.rooms = RoomBook()
        self.is_showing = credentials.is_showing
        self.set_stream: Callable[[bool], None] | None = None
        self._tls = tls
        self.client = self._new_client(homeserver)

    @property
    def login(self) -> Login | None:
        """Who is logged in."""
        return self.credentials.find_login(self.client.homeserver)

    def get_login(self) -> Login:
        """Who is logged in. CommandError when nobody is."""
        if self.login is None:
            raise CommandError(
                f"Nobody is logged in at {self.client.homeserver}. "
                "Log in: login USER; or make an account: register USER"
            )
        return self.login

    def begin(self, login: Login) -> None:
        """Somebody logged in."""
        self._end_stream()
        self.credentials.put_login(self.client.homeserver, login)
        self.client = self._new_client(self.client.homeserver)
        self.rooms.clear()

    def end(self) -> None:
        """The login is over."""
        self._end_stream()
        self.credentials.drop_login(self.client.homeserver)
        self.client = self._new_client(self.client.homeserver)
        self.rooms.clear()

    def use_homeserver(self, text: str) -> None:
        """Speak to another homeserver from now on, as whoever is logged in there."""
        url = homeserver_url(text)
        self._end_stream()
        self.credentials.homeserver = url
        self.credentials.write()
        self.client = self._new_client(url)
        self.rooms.clear()

    def room_id(self, word: str) -> str:
        """The room that a word of a command means; see `find_room_id`."""
        self.get_login()
        return find_room_id(word, self.client, self.rooms)

    def ask_password(self, prompt: str) -> str:
        """A password typed without being shown. UsageError where nobody can type one."""
        if not sys.stdin.isatty():
            raise UsageError("There is no terminal to ask for the password at; write it behind the user name.")
        password = getpass.getpass(f"{prompt}: ")
        if not password:
            raise UsageError("No password was given.")
        return password

    def show(self, exchange: Exchange) -> None:
        """Print an exchange if exchanges are to be shown."""
        if self.is_showing:
            self.output.warn("\n".join(exchange_lines(exchange)))

    def _end_stream(self) -> None:
        if self.set_stream is not None:
            self.set_stream(False)

    def _new_client(self, homeserver: str) -> Client:
        login = self.credentials.find_login(homeserver)
        client = Client(homeserver, self._tls, login.access_token if login else None)
        client.observer = self.show
        return client


def _write(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
