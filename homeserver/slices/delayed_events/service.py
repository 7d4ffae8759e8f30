"""Scheduling events, and changing one's mind.

https://github.com/matrix-org/matrix-spec-proposals/pull/4140
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

import msgspec

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, forbidden, not_found
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.ids import is_short_enough
from homeserver.protocol.requester import Requester
from homeserver.rooms.drafting import Wanted
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.service import TransactionKey, wall_clock_ms
from homeserver.slices.delayed_events import queries
from homeserver.slices.delayed_events.records import (
    LIFETIME_MS,
    MOST_CONTENT_BYTES,
    MOST_FINALISED,
    MOST_SCHEDULED,
    DelayedEvent,
    Json,
    refusal,
    too_many,
)

TOPIC = "delayed_events"
"""Published, with the user, where the next event may be due at another time than before."""


class DelayedEvents:
    """Keeps what is to be sent later. `deactivate` and `note_state` take part in transactions of the accounts' and the
    rooms'."""

    def __init__(self, database: Database, max_delay_ms: int, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._max_delay_ms = max_delay_ms
        self._clock = clock

    async def schedule(self, wanted: Wanted, requester: Requester, delay_ms: int, txn: TransactionKey | None) -> str:
        """Have it sent in so many milliseconds; its delay id. The same transaction key gives the id of the first time.

        Raises `MatrixError` 400 `M_MAX_DELAY_EXCEEDED`, 403 where the operator wants no such events, 413 `M_TOO_LARGE`,
        429 `M_LIMIT_EXCEEDED` for who has too many waiting.
        """
        if self._max_delay_ms == 0:
            raise forbidden("This server delays no events.")
        if delay_ms > self._max_delay_ms:
            message = f"An event can be delayed by at most {self._max_delay_ms} milliseconds."
            raise refusal("M_MAX_DELAY_EXCEEDED", message, max_delay=self._max_delay_ms)
        content = msgspec.json.encode(wanted.content)
        names = (wanted.room_id, wanted.type, wanted.state_key or "")
        if len(content) > MOST_CONTENT_BYTES or not all(is_short_enough(name) for name in names):
            raise MatrixError(413, "M_TOO_LARGE", "The content, type or state key is larger than an event may have it.")
        now_ms = self._clock()
        event = DelayedEvent(
            secrets.token_urlsafe(24),
            requester.user_id,
            wanted.room_id,
            wanted.type,
            wanted.state_key,
            content,
            delay_ms,
            now_ms,
            now_ms + delay_ms,
        )
        return await self._database.transact(self._insert, event, txn, locks=(f"delayed_events:{event.user_id}",))

    async def cancel(self, event: DelayedEvent) -> None:
        """It is never sent; 409 where it has been."""
        if not await self._database.transact(queries.finalise, event.delay_id, self._clock()):
            await self._check_outcome(event.delay_id, is_sent=False)

    async def restart(self, event: DelayedEvent) -> None:
        """Its delay begins anew; 409 where it is over."""
        if not await self._database.transact(self._restart, event):
            raise _is_over()

    async def get_event(self, delay_id: str, owner: str | None = None) -> DelayedEvent:
        """One by its id, for whoever knows that, or only where it is of this owner; 404."""
        event = await self._database.glance(queries.find_event, delay_id)
        if event is None or owner not in (None, event.user_id):
            raise not_found("There is no such delayed event.")
        return event

    async def events_of(self, user_id: str) -> tuple[list[DelayedEvent], list[DelayedEvent]]:
        """(those that wait, the next first; those that are over, the latest first)."""
        return await self._database.read(_events_of, user_id)

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account has ended: nothing is sent any more."""
        queries.delete_user(tx, user_id)

    def note_state(self, tx: Transaction, room: RoomRecord, changes: Mapping[StateKey, Event | None]) -> None:
        """Where somebody else has set what was to be set later, that is not done any more."""
        for delay_id, user_id, event_type, state_key in queries.scheduled_state(tx, room.room_id):
            event = changes.get((event_type, state_key))
            if event is not None and event.sender != user_id:
                error: Json = refusal("M_CANCELLED_BY_STATE_UPDATE", "Somebody else has set this state since.").body()
                queries.finalise(tx, delay_id, self._clock(), msgspec.json.encode(error))

    async def reap(self) -> None:
        """Forget what is long over."""
        await self._database.transact(queries.delete_finalised, self._clock() - LIFETIME_MS, MOST_FINALISED)

    def _insert(self, tx: Transaction, event: DelayedEvent, txn: TransactionKey | None) -> str:
        known = None if txn is None else queries.find_by_transaction(tx, txn)
        if known is not None:
            return known
        if queries.count_scheduled(tx, event.user_id) >= MOST_SCHEDULED:
            next_ts = queries.find_next_due(tx, event.user_id) or event.scheduled_ts
            raise too_many(max(1, next_ts - event.scheduled_ts))
        queries.insert_event(tx, event, txn)
        tx.publish(TOPIC, event.user_id)
        return event.delay_id

    def _restart(self, tx: Transaction, event: DelayedEvent) -> bool:
        is_restarted = queries.restart(tx, event.delay_id, self._clock())
        if is_restarted:
            tx.publish(TOPIC, event.user_id)
        return is_restarted

    async def _check_outcome(self, delay_id: str, *, is_sent: bool) -> None:
        """What was asked for has happened already, or the contrary has."""
        event = await self._database.glance(queries.find_event, delay_id)
        if event is None or (event.event_id is not None) != is_sent:
            raise _is_over()

    async def check_sent(self, event: DelayedEvent) -> None:
        """409 where it was cancelled."""
        await self._check_outcome(event.delay_id, is_sent=True)


def _is_over() -> MatrixError:
    return MatrixError(409, "M_UNKNOWN", "The delayed event is over: it was sent, or cancelled.")


def _events_of(tx: Transaction, user_id: str) -> tuple[list[DelayedEvent], list[DelayedEvent]]:
    return queries.scheduled_of(tx, user_id), queries.finalised_of(tx, user_id, MOST_FINALISED)
