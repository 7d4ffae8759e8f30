"""Getting pages and images: every address is checked when it is connected to, every URL by the operator's rules, also
where a redirection leads."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urljoin

from homeserver.http.egress import Egress, EgressStream
from homeserver.http.egress_errors import BodyTooLarge, EgressError, TimedOut
from homeserver.http.egress_settings import EgressOptions
from homeserver.slices.url_previews.records import NoPreview
from homeserver.slices.url_previews.url_rules import UrlRules

_TOTAL_MS = 15_000
_CONNECT_MS = 5_000
_MOST_REDIRECTS = 5
_REDIRECTIONS = frozenset({301, 302, 303, 307, 308})
_MOST_URL_CHARACTERS = 4096


class Fetching:
    """The way to web servers. `most_bytes`: of any answer."""

    def __init__(self, egress: Egress, rules: UrlRules, languages: Sequence[str], most_bytes: int) -> None:
        self._egress = egress
        self._rules = rules
        self._languages = ", ".join(languages)
        self.most_bytes = most_bytes

    def is_allowed(self, url: str) -> bool:
        """Whether the operator's rules let a URL be fetched."""
        return len(url) <= _MOST_URL_CHARACTERS and self._rules.is_allowed(url)

    async def open(self, url: str, accept: str) -> EgressStream:
        """A whole-hearted answer (2xx), whose body is to be read or aborted; raises `NoPreview`."""
        for _ in range(_MOST_REDIRECTS + 1):
            stream = await self.ask(url, accept)
            reference = stream.headers.find("location")
            if stream.status not in _REDIRECTIONS or reference is None:
                return _checked(stream)
            stream.abort()
            url = joined(stream.url, reference)
        raise NoPreview("too many redirections")

    async def ask(self, url: str, accept: str) -> EgressStream:
        """One answer, whatever it is; raises `NoPreview`."""
        if not self.is_allowed(url):
            raise NoPreview("the rules do not allow the URL")
        fields = [("Accept", accept), ("Accept-Language", self._languages)]
        options = EgressOptions(total_ms=_TOTAL_MS, connect_ms=_CONNECT_MS, max_body_bytes=self.most_bytes)
        try:
            return await self._egress.stream("GET", url, fields, options=options)
        except (EgressError, ValueError) as error:
            raise NoPreview(str(error)) from None


async def beginning(stream: EgressStream, most_bytes: int) -> bytes:
    """The first so many bytes of an answer; the rest is not taken. Raises `NoPreview`."""
    parts, size_bytes = [], 0
    try:
        async for chunk in stream:
            parts.append(chunk)
            size_bytes += len(chunk)
            if size_bytes >= most_bytes:
                stream.abort()
                break
    except EgressError as error:
        # What never ends may have said enough by then.
        if not parts or not isinstance(error, BodyTooLarge | TimedOut):
            raise NoPreview(str(error)) from None
    return b"".join(parts)[:most_bytes]


def joined(url: str, reference: str) -> str:
    """Where a reference in a page leads; raises `NoPreview`."""
    try:
        return urljoin(url, reference)
    except ValueError:
        raise NoPreview("a reference that is no URL") from None


def _checked(stream: EgressStream) -> EgressStream:
    encoding = stream.headers.get("content-encoding", "identity").lower()
    if not 200 <= stream.status < 300 or encoding != "identity":
        stream.abort()
        raise NoPreview(f"the answer is {stream.status}, encoded {encoding!r}")
    return stream
