"""`/sync`: answering at once when something is new, waiting when nothing is.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from homeserver.database import Database
from homeserver.protocol.filters import SyncFilter
from homeserver.protocol.requester import Requester
from homeserver.rooms.occupancy import Occupancy
from homeserver.rooms.service import wall_clock_ms
from homeserver.sync.answer import AnswerComposer, Ask
from homeserver.sync.encryption import EncryptionSection
from homeserver.sync.polling import Polling
from homeserver.sync.sources import PresenceSource
from homeserver.sync.streams import UserStream
from homeserver.sync.tokens import SyncToken


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """The arguments of one `/sync`. `names_rooms`: events have `room_id`, which answers of `/sync` leave out."""

    filter: SyncFilter = field(default_factory=SyncFilter)
    since: SyncToken | None = None
    timeout_ms: int = 0
    full_state: bool = False
    set_presence: str = "online"
    state_key: str = "state"
    names_rooms: bool = False


class Sync:
    """Answers `/sync`."""

    def __init__(
        self,
        database: Database,
        polling: Polling,
        composer: AnswerComposer,
        occupancy: Occupancy,
        presence: PresenceSource,
        encryption: EncryptionSection,
    ) -> None:
        self._database = database
        self._polling = polling
        self._composer = composer
        self._occupancy = occupancy
        self._presence = presence
        self._encryption = encryption

    async def sync(self, requester: Requester, request: SyncRequest) -> dict[str, Any]:
        """One answer. Waits up to `timeout_ms` while there is nothing to tell; an initial sync never waits."""
        self._presence.set_presence(requester.user_id, request.set_presence, requester.device_id or "")
        if request.since is not None:
            await self._encryption.acknowledge(requester, request.since)
        stream = await self._polling.streams.get(requester.user_id)
        since = None if request.full_state else request.since
        upto, answer = await self._polling.poll(
            stream, since, request.timeout_ms, lambda upto: self._answer(requester, request, stream, upto)
        )
        return {"next_batch": str(upto), **answer, **await self._encryption.always(requester)}

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
            names_rooms=request.names_rooms,
            has_topic=lambda topic: since is None or stream.has_topic_since(topic, since.position),
        )
        small = changed is not None and len(changed) < 5 and not request.full_state
        run: Callable[..., Awaitable[dict[str, Any]]] = self._database.glance if small else self._database.read
        return await run(self._composer.compose, ask)
