"""Whose an access token is: a cache by the token's hash, so that a request costs neither a wait nor a query.

https://spec.matrix.org/v1.19/client-server-api/#using-access-tokens
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from homeserver.accounts.queries_tokens import TokenRow, find_token
from homeserver.accounts.records import user_locked
from homeserver.accounts.sessions import Sessions
from homeserver.accounts.tokens import token_hash
from homeserver.database import Change, Database
from homeserver.devices.last_seen import GRANULARITY_MS, LastSeen, Sighting
from homeserver.devices.records import wall_clock_ms
from homeserver.protocol.errors import unknown_token
from homeserver.protocol.requester import Requester

#: Of about 700 bytes each. Past this the tenth that was added first goes.
MOST_ENTRIES = 20_000
_LOGOUTS = ("/logout", "/logout/all")
_NEVER = 2**63


class Asked(Protocol):
    """What of a request matters here."""

    @property
    def client_ip(self) -> str:
        """The client's address."""

    @property
    def user_agent(self) -> str:
        """The `User-Agent` field."""

    @property
    def path(self) -> str:
        """The path, without the query."""


@dataclass(slots=True)
class _Entry:
    requester: Requester
    expires_ts: int
    is_locked: bool
    note_after_ts: int = 0


class TokenAuthenticator:
    """Says whose an access token is; entries are dropped when the change feed says that a user's tokens changed."""

    def __init__(
        self, database: Database, sessions: Sessions, last_seen: LastSeen, clock: Callable[[], int] = wall_clock_ms
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._last_seen = last_seen
        self._clock = clock
        self._entries: dict[bytes, _Entry] = {}
        self._by_user: dict[str, set[bytes]] = {}
        self._drops = 0
        self.hits = 0
        self.misses = 0
        database.feed.subscribe("tokens", self._tokens_changed)

    def find_cached(self, token: str, request: Asked) -> Requester | None:
        """The requester, where that needs no query."""
        entry = self._entries.get(token_hash(token))
        if entry is None:
            return None
        now_ms = self._clock()
        if now_ms >= entry.expires_ts or (entry.is_locked and not _is_logout(request)):
            return None
        self.hits += 1
        if now_ms >= entry.note_after_ts:
            self._note(entry, request, now_ms)
        return entry.requester

    async def requester(self, token: str, request: Asked) -> Requester:
        """The requester; raises `MatrixError` 401 `M_UNKNOWN_TOKEN` or `M_USER_LOCKED`."""
        self.misses += 1
        entry = await self._load(token)
        if entry.is_locked and not _is_logout(request):
            raise user_locked()
        self._note(entry, request, self._clock())
        return entry.requester

    async def authenticate(self, token: str) -> Requester:
        """The requester of a token that comes from somewhere else than a request; raises as `requester`."""
        entry = await self._load(token)
        if entry.is_locked:
            raise user_locked()
        return entry.requester

    async def _load(self, token: str) -> _Entry:
        digest = token_hash(token)
        drops = self._drops
        row = await self._database.glance(find_token, digest)
        if row is None or row.is_deactivated:
            raise unknown_token()
        if row.expires_ts is not None and row.expires_ts <= self._clock():
            raise unknown_token(soft_logout=True)
        if row.supersedes is not None and row.refresh_nid is not None:
            await self._sessions.settle(row.user_id, row.refresh_nid)
            # It may be this token that lost against another one had by the same refresh: look again.
            drops = self._drops
            row = await self._database.glance(find_token, digest)
            if row is None:
                raise unknown_token()
        entry = _entry(row)
        # What was read may be older than a change that was told meanwhile; then it must not stay.
        if drops == self._drops:
            self._keep(digest, entry)
        return entry

    def _keep(self, digest: bytes, entry: _Entry) -> None:
        if len(self._entries) >= MOST_ENTRIES:
            for old in list(self._entries)[: MOST_ENTRIES // 10]:
                self._forget(old)
        self._entries[digest] = entry
        self._by_user.setdefault(entry.requester.user_id, set()).add(digest)

    def _forget(self, digest: bytes) -> None:
        user_id = self._entries.pop(digest).requester.user_id
        of_user = self._by_user[user_id]
        of_user.discard(digest)
        if not of_user:
            del self._by_user[user_id]

    def _tokens_changed(self, changes: list[Change]) -> None:
        self._drops += 1
        for change in changes:
            for digest in self._by_user.pop(change.key, ()):
                del self._entries[digest]

    def _note(self, entry: _Entry, request: Asked, now_ms: int) -> None:
        entry.note_after_ts = now_ms + GRANULARITY_MS
        requester = entry.requester
        if requester.device_id is not None:
            sighting = Sighting(now_ms, request.client_ip, request.user_agent)
            self._last_seen.note(requester.user_id, requester.device_id, sighting)


def _entry(row: TokenRow) -> _Entry:
    requester = Requester(
        row.user_id, row.device_id, row.token_nid, row.is_guest, row.is_admin, is_suspended=row.is_suspended
    )
    return _Entry(requester, _NEVER if row.expires_ts is None else row.expires_ts, row.is_locked)


def _is_logout(request: Asked) -> bool:
    """A locked user may still log out.

    https://spec.matrix.org/v1.19/client-server-api/#account-locking
    """
    return request.path.startswith("/_matrix/client/") and request.path.endswith(_LOGOUTS)
