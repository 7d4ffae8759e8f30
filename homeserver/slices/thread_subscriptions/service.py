"""Subscribing to threads, and telling a user's clients of it.

https://github.com/matrix-org/matrix-spec-proposals/pull/4306 (subscriptions), 4308 (what clients are told)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, invalid_param, not_found
from homeserver.rooms import queries_unread
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import RoomRecord
from homeserver.slices.thread_subscriptions import queries
from homeserver.slices.thread_subscriptions.queries import AUTOMATIC, MANUAL, UNSUBSCRIBED, Subscription, Thread

Json = dict[str, Any]

_PREFIX = "IO.ELEMENT.MSC4306"
_MOST_ROWS = 20_000
#: Beyond every position, and still of a token's length.
_LATEST = 10**18 - 1
#: Everything from the first position on was told; sync was telling what changed since the second.
_TOKEN = re.compile(r"t(\d{1,18})_(\d{1,18})\Z")
#: The `pos` of sliding sync, which begins with a position.
_POS = re.compile(r"s(\d{1,18})_\d{1,18}_\d{1,18}\Z")


class ThreadSubscriptions:
    """Local users' subscriptions. Each change is published under `thread_subscriptions` with the user's id as key.

    `deactivate` takes part in the transaction of `AccountHooks.on_deactivated`.
    """

    def __init__(self, database: Database, parts: RoomParts) -> None:
        self._database = database
        self._parts = parts

    async def is_automatic(self, user_id: str, thread: Thread) -> bool:
        """Whether the subscription was made by a client of its own accord; 404 where there is none."""
        found = await self._database.glance(queries.find_subscription, user_id, thread)
        if found is None or found.state == UNSUBSCRIBED:
            raise not_found("You are not subscribed to this thread.")
        return found.state == AUTOMATIC

    async def subscribe(self, user_id: str, room: RoomRecord, root_id: str, cause_id: str | None) -> None:
        """Subscribe a user, for the sake of an event of the thread, or because they want it (None).

        400 `M_NOT_IN_THREAD` for another event; 409 `M_CONFLICTING_UNSUBSCRIPTION` where the user has unsubscribed
        since that event was here; 400 `M_LIMIT_EXCEEDED` for one thread too many.
        """
        thread = Thread(room.room_id, root_id)

        def run(tx: Transaction) -> None:
            cause = None if cause_id is None else self._cause(tx, user_id, room, root_id, cause_id)
            before = queries.find_subscription(tx, user_id, thread)
            if cause is None:
                if before is None or before.state != MANUAL:
                    self._write(tx, user_id, thread, MANUAL, is_new=before is None)
            elif before is None:
                self._write(tx, user_id, thread, AUTOMATIC, is_new=True)
            elif before.state == UNSUBSCRIBED:
                if cause <= before.position:
                    raise _error(409, "M_CONFLICTING_UNSUBSCRIPTION", "You have unsubscribed since that event.")
                self._write(tx, user_id, thread, AUTOMATIC, is_new=False)

        await self._database.transact(run, locks=(f"thread_subscriptions:{user_id}",))

    async def unsubscribe(self, user_id: str, thread: Thread) -> None:
        """End a subscription, if there is one. What is in the thread by now subscribes the user no more."""

        def run(tx: Transaction) -> None:
            before = queries.find_subscription(tx, user_id, thread)
            self._write(tx, user_id, thread, UNSUBSCRIBED, is_new=before is None)

        await self._database.transact(run, locks=(f"thread_subscriptions:{user_id}",))

    async def page_back(self, user_id: str, start: str | None, stop: str | None, limit: int) -> Json:
        """One page of changes, the latest first, from a token on (None: from now) to another (None: to the first);
        400 `M_INVALID_PARAM` for what is no token."""
        upto, left_out = (_LATEST, _LATEST) if start is None else _start(start)
        # Sync has left out what changed since then, whichever answer the client takes for the one before it.
        since = 0 if stop is None else min(left_out, _stop(stop))
        rows = await self._database.read(queries.changed_between, user_id, since, upto, limit + 1)
        body = _body(rows[:limit])
        return {**body, "end": f"t{rows[limit - 1].position}_{left_out}"} if len(rows) > limit else body

    def changed_between(
        self, tx: Transaction, user_id: str, span: tuple[int, int], limit: int
    ) -> tuple[Json, str | None]:
        """(`subscribed` and `unsubscribed`, a token for `page_back` where that is not all) of the latest changes in
        (since, upto]; empty where nothing changed."""
        since, upto = span
        rows = queries.changed_between(tx, user_id, since, upto, limit + 1)
        more = f"t{rows[limit - 1].position}_{since}" if len(rows) > limit else None
        return _body(rows[:limit]), more

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """The account is gone, and with it what it followed."""
        queries.delete_user(tx, user_id)

    def _cause(self, tx: Transaction, user_id: str, room: RoomRecord, root_id: str, event_id: str) -> int:
        """The position at which an event of the thread came; 0 for history."""
        found = queries_unread.find_in_thread(tx, room.room_nid, event_id)
        if (
            found is None
            or found.thread_id != root_id
            or not self._parts.views.visible(tx, room.room_nid, user_id, [found.event_nid])
        ):
            raise _error(400, "M_NOT_IN_THREAD", "automatic: there is no such event in this thread.")
        return self._parts.loader.stored_by_nid(tx, [found.event_nid])[found.event_nid].position or 0

    def _write(self, tx: Transaction, user_id: str, thread: Thread, state: str, *, is_new: bool) -> None:
        if (
            is_new
            and queries.count_of(tx, user_id) >= _MOST_ROWS
            and not queries.delete_oldest_unsubscription(tx, user_id)
        ):
            raise MatrixError(400, "M_LIMIT_EXCEEDED", f"You can subscribe to at most {_MOST_ROWS} threads.")
        queries.write_subscription(tx, user_id, Subscription(thread, state, tx.position))
        tx.publish("thread_subscriptions", user_id)


def _body(rows: Iterable[Subscription]) -> Json:
    """`subscribed` and `unsubscribed`: room id to root event's id to what is said of the thread."""
    body: Json = {}
    for thread, state, position in rows:
        is_gone = state == UNSUBSCRIBED
        about = {} if is_gone else {"automatic": state == AUTOMATIC}
        of_room = body.setdefault("unsubscribed" if is_gone else "subscribed", {}).setdefault(thread.room_id, {})
        of_room[thread.root_id] = {**about, "bump_stamp": position}
    return body


def _error(status: int, errcode: str, message: str) -> MatrixError:
    """An error that is not in the specification yet."""
    return MatrixError(status, f"{_PREFIX}.{errcode}", message)


def _start(token: str) -> tuple[int, int]:
    """(the last position that was not told, since where sync was telling)."""
    match = _TOKEN.match(token)
    if match is None:
        raise invalid_param("from: this is no token of this server.")
    return int(match[1]) - 1, int(match[2])


def _stop(token: str) -> int:
    match = _POS.match(token)
    if match is not None:
        return int(match[1])
    match = _TOKEN.match(token)
    if match is None:
        raise invalid_param("to: this is no token of this server.")
    return int(match[1]) - 1
