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
from cmdclient.credentials import Account, CredentialFile, Login
from cmdclient.encryption.gate import Encryption
from cmdclient.errors import CommandError, UsageError
from cmdclient.masking import masked
from cmdclient.printing import curl_lines, view_text
from cmdclient.rooms import RoomBook, find_room_id
from cmdclient.views import Answer, ExchangeView, View
from homeserver.protocol.ids import is_valid_user_id, server_name_of

CURRENT_ROOM = "."


@dataclass(slots=True)
class Output:
    """Where texts go. At a terminal `write` and `render` are others: the prompt stays whole, and there is colour."""

    is_json: bool = False
    write: Callable[[str], None] = field(default=lambda text: _write(sys.stdout, text))
    warn: Callable[[str], None] = field(default=lambda text: _write(sys.stderr, text))
    render: Callable[[Sequence[View]], str] = view_text

    def answer(self, answer: Answer | None) -> None:
        """Print what a command returned; None is nothing."""
        if answer is None:
            return
        if self.is_json:
            self.write(json.dumps(masked(answer.data)))
        elif answer.view:
            self.write(self.render(answer.view))


@dataclass(slots=True)
class Asking:
    """How a person is asked. The console replaces both."""

    secret: Callable[[str], str] = getpass.getpass
    line: Callable[[str], str] = input


class Session:
    """One run of hearth-cli, as one account at a time."""

    def __init__(self, credentials: CredentialFile, tls: ssl.SSLContext, homeserver: str, output: Output) -> None:
        self.credentials = credentials
        self.output = output
        self.asking = Asking()
        self.rooms = RoomBook()
        self.current_room: str | None = None
        self.set_stream: Callable[[bool], None] | None = None
        self._tls = tls
        self._encryption: Encryption | None = None
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
        self._change(self.client.homeserver, lambda: self.credentials.put_login(self.client.homeserver, login))

    def end(self) -> None:
        """The login is over."""
        self._change(self.client.homeserver, lambda: self.credentials.drop_login(self.client.homeserver))

    def use_homeserver(self, text: str) -> None:
        """Speak to another homeserver from now on, as whoever is logged in there."""
        url = homeserver_url(text)
        self.credentials.homeserver = url
        self._change(url, self.credentials.write)

    def use_account(self, account: Account) -> None:
        """Be somebody else of those who are logged in."""
        self._change(account.homeserver, lambda: self.credentials.put_login(account.homeserver, account.login))

    @property
    def encryption(self) -> Encryption:
        """The encryption of the login in use."""
        if self._encryption is None:
            folder = self.credentials.path.with_name("encryption")
            self._encryption = Encryption(self.client, self.get_login(), folder)
        return self._encryption

    @property
    def has_encryption(self) -> bool:
        """Whether encryption was needed in this run already."""
        return self._encryption is not None and self._encryption.is_loaded

    def on_sync(self, answer: dict[str, Any]) -> None:
        """Every answer of /sync comes by here: the next one would take what it has for other devices away."""
        if self.has_encryption:
            self.encryption.apply_sync(answer)

    def decrypted(self, room_id: str, event: dict[str, Any]) -> dict[str, Any]:
        """An event as its sender wrote it, or as it is when there is no key, or no library, for it."""
        if event.get("type") != "m.room.encrypted" or not Encryption.is_possible():
            return event
        return self.encryption.decrypt(room_id, event)

    def room_id(self, word: str) -> str:
        """The room that a word of a command means; see `find_room_id`. `.` is the room that was opened last."""
        self.get_login()
        if word == CURRENT_ROOM:
            if self.current_room is None:
                raise UsageError("No room is open; open one: open ROOM")
            return self.current_room
        return find_room_id(word, self.client, self.rooms)

    def user_id(self, word: str) -> str:
        """The user that a word of a command means: an id, or the part before the colon for one of the own server."""
        user_id = word if word.startswith("@") else f"@{word}"
        if ":" not in user_id:
            user_id = f"{user_id}:{server_name_of(self.get_login().user_id)}"
        if not is_valid_user_id(user_id):
            raise UsageError(f"{word!r} is no user id; one looks like @alice:example.org")
        return user_id

    def ask_password(self, prompt: str) -> str:
        """A password typed without being shown. UsageError where nobody can type one."""
        return self._ask(self.asking.secret, prompt, "password")

    def ask_line(self, prompt: str, what: str) -> str:
        """Something typed. UsageError, which names `what`, where nobody can type."""
        return self._ask(self.asking.line, prompt, what)

    def show(self, exchange: Exchange) -> None:
        """Print an exchange if exchanges are to be shown."""
        if self.credentials.show == "curl":
            self.output.warn("\n".join(curl_lines(exchange, self.client.homeserver)))
        elif self.credentials.show == "on":
            self.output.warn(self.output.render([ExchangeView(exchange)]))

    def _ask(self, ask: Callable[[str], str], prompt: str, what: str) -> str:
        if not sys.stdin.isatty():
            raise UsageError(f"There is no terminal to ask for the {what} at; write it behind the user name.")
        answer = ask(f"{prompt}: ")
        if not answer:
            raise UsageError(f"No {what} was given.")
        return answer

    def _change(self, homeserver: str, change: Callable[[], None]) -> None:
        if self.set_stream is not None:
            self.set_stream(False)
        change()
        self.client = self._new_client(homeserver)
        self._encryption = None
        self.rooms.clear()
        self.current_room = None

    def _new_client(self, homeserver: str) -> Client:
        login = self.credentials.find_login(homeserver)
        client = Client(homeserver, self._tls, login.access_token if login else None)
        client.observer = self.show
        return client


def _write(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
