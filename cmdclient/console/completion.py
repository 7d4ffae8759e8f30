"""Which words can stand next in a command line."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from cmdclient.client import CLIENT_PREFIX
from cmdclient.commands import COMMANDS
from cmdclient.session import Session

_MOST = 200
_PARAMETER = re.compile(r"\{[^}]*\}")


class Completion:
    """Of commands, rooms, members, files, and the paths of the API."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def candidates(self, line: str, word: str) -> list[str]:
        """The words that begin with `word` and can stand behind `line`, which is what was typed before it."""
        return [each for each in self._possible(line.split(), word) if each.startswith(word)][:_MOST]

    def _possible(self, words: list[str], word: str) -> list[str]:
        if not words:
            return sorted(COMMANDS)
        found = COMMANDS.get(words[0])
        if found is None:
            return []
        if found.name == "help":
            return sorted(COMMANDS)
        if found.name == "raw":
            return _methods() if len(words) == 1 else _paths(words[1].upper(), word) if len(words) == 2 else []
        parameters = [part for parameter in found.parameters for part in parameter.split()]
        parameter = parameters[min(len(words), len(parameters)) - 1] if parameters else ""
        return self._of_kind(parameter.strip("[].").split("|"), words, word)

    def _of_kind(self, kinds: list[str], words: list[str], word: str) -> list[str]:
        possible = [kind for kind in kinds if kind.islower()]
        if "ROOM" in kinds:
            possible += self._session.rooms.words()
        if "USER" in kinds:
            possible += self._users(words)
        if "FILE" in kinds:
            possible += _file_names(word)
        return possible

    def _users(self, words: list[str]) -> list[str]:
        accounts = [account.login.user_id for account in self._session.credentials.accounts()]
        rooms = [room.room_id for room in self._session.rooms.matches(words[1])] if len(words) > 1 else []
        if self._session.current_room is not None:
            rooms.append(self._session.current_room)
        return sorted({*accounts, *(user for room_id in rooms for user in self._session.rooms.people(room_id))})


@cache
def _endpoints() -> list[tuple[str, str]]:
    """Method and path of every operation of the client-server API, of the specification's version 1.19."""
    text = files("cmdclient").joinpath("api_endpoints.txt").read_text(encoding="utf-8")
    return [(method, path) for method, _, path in (line.partition(" ") for line in text.splitlines())]


def _methods() -> list[str]:
    return sorted({method for method, _ in _endpoints()})


def _paths(method: str, word: str) -> list[str]:
    """The paths that continue `word`, whose parameters may be filled in already."""
    prefix = "" if word.startswith("/") else f"{CLIENT_PREFIX}/"
    *typed, last = f"{prefix}{word}".split("/")
    found = set()
    for each, path in _endpoints():
        parts = path.split("/")
        if each == method and len(typed) < len(parts) and all(map(_fits, typed, parts)):
            part, rest = parts[len(typed)], parts[len(typed) + 1 :]
            if part.startswith(last) or _PARAMETER.fullmatch(part):
                found.add("/".join([*typed, part if part.startswith(last) else last, *rest]).removeprefix(prefix))
    return sorted(found)


def _fits(typed: str, part: str) -> bool:
    return typed == part or bool(_PARAMETER.fullmatch(part) and typed)


def _file_names(word: str) -> list[str]:
    folder, mark, _ = word.rpartition("/")
    shown = f"{folder}{mark}"
    try:
        entries = sorted(Path(shown or ".").expanduser().iterdir())[:_MOST]
    except OSError:
        return []
    return [f"{shown}{entry.name}{'/' if entry.is_dir() else ''}" for entry in entries]
