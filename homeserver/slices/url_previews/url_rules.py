"""Which URLs may be previewed: the operator's lists of patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import translate
from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}

Pattern = dict[str, re.Pattern[str]]


class UrlRules:
    """`denied` and `allowed`: part of a URL to a glob, or `^` and a regular expression; all parts have to match.

    `allowed` None: every URL that is not denied. Raises ValueError for a regular expression that is none.
    """

    def __init__(self, denied: Sequence[Mapping[str, str]], allowed: Sequence[Mapping[str, str]] | None) -> None:
        self._denied = [_compiled(each) for each in denied]
        self._allowed = None if allowed is None else [_compiled(each) for each in allowed]

    def is_allowed(self, url: str) -> bool:
        """Whether a preview may be made of a URL, and a redirection may lead there."""
        try:
            parts = urlsplit(url)
            found = {name: _part(parts, name) for name in (*_NAMES, "port")}
        except ValueError:
            return False
        if any(_matches(pattern, found) for pattern in self._denied):
            return False
        return self._allowed is None or any(_matches(pattern, found) for pattern in self._allowed)


_NAMES = ("scheme", "username", "password", "netloc", "hostname", "path", "query", "fragment")


def _part(parts: SplitResult, name: str) -> str | None:
    if name == "port":
        port = parts.port if parts.port is not None else _DEFAULT_PORTS.get(parts.scheme)
        return None if port is None else str(port)
    value: str | None = getattr(parts, name)
    return value


def _compiled(pattern: Mapping[str, str]) -> Pattern:
    try:
        return {
            name: re.compile(text if text.startswith("^") else translate(text), re.IGNORECASE)
            for name, text in pattern.items()
        }
    except re.error as error:
        raise ValueError(f"a pattern of URLs is wrong: {error}") from None


def _matches(pattern: Pattern, parts: Mapping[str, str | None]) -> bool:
    """A pattern without parts matches nothing."""
    if not pattern:
        return False
    for name, expression in pattern.items():
        value = parts[name]
        if value is None or expression.match(value) is None:
            return False
    return True
