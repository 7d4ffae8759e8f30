"""The commands by name, and how a line becomes one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cmdclient.errors import UsageError
from cmdclient.session import Session
from cmdclient.views import Answer

Body = Callable[[Session, list[str]], Answer | None]
_AnyBody = TypeVar("_AnyBody", bound=Body)

_WORD = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|(\S+))(?=\s|$)|\s*(\S+)""")
_PARAMETER = re.compile(r"\[[^\]]*\]|\S+")


@dataclass(frozen=True, slots=True)
class Command:
    """`usage` names the parameters: `ROOM` needed, `[N]` optional, the last with `...` takes the rest as written."""

    name: str
    usage: str
    help: str
    body: Body

    @property
    def parameters(self) -> list[str]:
        """The parameters as in the usage; a literal word and its value in brackets count as one."""
        return _PARAMETER.findall(self.usage)

    @property
    def least(self) -> int:
        """How many words are needed."""
        return sum(not parameter.startswith("[") for parameter in self.parameters)

    @property
    def most(self) -> int:
        """How many words there may be; the rest counts as one."""
        return sum(len(parameter.split()) for parameter in self.parameters)

    @property
    def takes_rest(self) -> bool:
        """Whether the last parameter is the rest of the line."""
        return self.usage.rstrip("]").endswith("...")

    @property
    def synopsis(self) -> str:
        """Name and usage."""
        return f"{self.name} {self.usage}".rstrip()

    def run(self, session: Session, words: Sequence[str]) -> Answer | None:
        """Run with the words of a command line that a shell has already split."""
        arguments = list(words)
        if self.takes_rest and len(arguments) > self.most:
            arguments[self.most - 1 :] = [" ".join(arguments[self.most - 1 :])]
        if not self.least <= len(arguments) <= self.most:
            raise UsageError(f"Usage: {self.synopsis}")
        return self.body(session, arguments)

    def run_text(self, session: Session, text: str) -> Answer | None:
        """Run with what stands behind the name in a line."""
        return self.run(session, split(text, self.most if self.takes_rest else None))


COMMANDS: dict[str, Command] = {}


def command(name: str, usage: str, help: str) -> Callable[[_AnyBody], _AnyBody]:  # noqa: A002
    """Register the decorated function as a command."""

    def register(body: _AnyBody) -> _AnyBody:
        COMMANDS[name] = Command(name, usage, help, body)
        return body

    return register


def get_command(name: str) -> Command:
    """A command by its name. UsageError, with what may have been meant, when there is none."""
    if found := COMMANDS.get(name.lower()):
        return found
    similar = difflib.get_close_matches(name.lower(), COMMANDS, n=3)
    meant = f" Did you mean {' or '.join(similar)}?" if similar else ""
    raise UsageError(f"There is no command {name!r}.{meant} All commands: help")


def run_line(session: Session, line: str) -> Answer | None:
    """Run a line; an empty one or a comment (`# ...`) does nothing."""
    name, *rest = line.split(maxsplit=1) or ["#"]
    if name.startswith("#"):
        return None
    return get_command(name).run_text(session, rest[0] if rest else "")


def split(text: str, most: int | None = None) -> list[str]:
    """The words of a text; quotes keep one with spaces together. At most `most`, the last then being the rest as
    it was written, quotes included."""
    words: list[str] = []
    position, text = 0, text.strip()
    while position < len(text):
        if most is not None and len(words) == most - 1:
            words.append(text[position:].strip())
            break
        match = _WORD.match(text, position)
        if match is None:
            break
        words.append(next(group for group in match.groups() if group is not None))
        position = match.end()
    return words
