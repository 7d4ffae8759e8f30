"""Questions on the terminal."""

from __future__ import annotations

import getpass
import sys


class NoAnswer(Exception):
    """The answer was not given, or not twice the same."""


def ask_password() -> str:
    """A password, asked for twice; the first line of standard input where that is no terminal. Raises NoAnswer."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = getpass.getpass("Password: ")
        if getpass.getpass("The same again: ") != password:
            raise NoAnswer("the two passwords differ")
    if not password:
        raise NoAnswer("the password is empty")
    return password


def ask(question: str, otherwise: str = "") -> str:
    """One line; `otherwise` for an empty one."""
    shown = f"{question} [{otherwise}]: " if otherwise else f"{question}: "
    try:
        return input(shown).strip() or otherwise
    except EOFError:
        raise NoAnswer(f"no answer to {question!r}") from None
