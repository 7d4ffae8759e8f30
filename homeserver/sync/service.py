"""`/sync`: answering at once when something is new, waiting when nothing is.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from homeserver.clock import Clock
from homeserver.database import Database
from homeserver.protocol.filters import SyncFilter
from homeserver.protocol.requester import Requester
from homeserver.rooms.occupancy import Occupancy
from homeserver.rooms.service import wall_clock_ms
from homeserver.sync.answer import AnswerComposer, Ask
from homeserver.sync.sources import PresenceSource
from homeserver.sync.streams import Streams, UserStream
from homeserver.sync.tokens import SyncToken

MOST_TIMEOUT_MS = 600_000


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """The arguments of one `/sync`."""

    filter: SyncFilter = field(default_factory=SyncFilter)
    since: SyncToken | None = None
    timeout_ms: int = 0
    full_state: bool = False
    set_presence: str = "online"
    state_key: str = "state"


class Sync:
    """Answers `/sync`."""

    def __init__(
        self,
        database: Database,
        streams: Streams,
        composer: AnswerComposer,
        occupancy: Occupancy,
        presence: PresenceSource,
    ) -> None:
        self._database = database
        self._streams = streams
        self._composer = composer
        self._occupancy = occupancy
        self._presence = presence
        self._is_stopping = False

    async def sync(self, requester: Requester, request: SyncRequest, reactor: Clock) -> dict[str, Any]:
        """One answer. Waits up to `timeout_ms` while there is nothing to tell; an initial sync never waits."""
        self._presence.set_presence(requester.user_id, request.set_presence)
        stream = await self._streams.get(requester.user_id)
        ends_at_s = reactor.seconds() + min(request.timeout_ms, MOST_TIMEOUT_MS) / 1000
        since = request.since
        while True:
            await self._streams.follow_rooms(stream)
            upto = SyncToken(self._database.feed.position, self._streams.volatile)
            if since is None or request.full_state or not stream.is_unchanged_since(since.position, since.volatile):
                answer = await self._answer(requester, request, stream, upto)
                if answer or since is None or request.full_state:
                    return {"next_batch": str(upto), **answer}
            left_s = ends_at_s - reactor.seconds()
            if left_s <= 0 or self._is_stopping:
                return {"next_batch": str(upto)}
            if stream.is_unchanged_since(upto.position, upto.volatile):
                await self._streams.wait(stream, left_s)

    def stop(self) -> None:
        """Answer all waiting polls: the server goes down."""
        self._is_stopping = True
        self._streams.wake_all()

    async def _answer(
        self, requester: Requester, request: SyncRequest, stream: UserStream, upto: SyncToken
    ) -> dict[str, Any]:
        since = request.since
        memberships = await self._occupancy.memberships(requester.user_id)
        changed = None if since is None else stream.rooms_changed_since(since.position)
        has_account_data = (
            since is None
            or stream.has_topic_since("account_data", since.position)
            or stream.has_topic_since("push_rules", since.position)
        )
        ask = Ask(
            requester=requester,
            filter=request.filter,
            since=since,
            upto=upto,
            memberships=memberships,
            changed=changed,
            now_ms=wall_clock_ms(),
            has_account_data=has_account_data,
            full_state=request.full_state,
            state_key=request.state_key,
        )
        small = changed is not None and len(changed) < 5 and not request.full_state
        run: Callable[..., Awaitable[dict[str, Any]]] = self._database.glance if small else self._database.read
        return await run(self._composer.compose, ask)
