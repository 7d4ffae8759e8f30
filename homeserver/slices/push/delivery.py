"""Telling push gateways: a queue for each pusher, in order, one request of it at a time.

What was told is written after each request, so that a crash repeats the one under way at most, and loses none.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from homeserver.clock import Clock
from homeserver.database import Database, Transaction
from homeserver.rooms.records import ReadPlace
from homeserver.slices.push import queries
from homeserver.slices.push.badges import Badges
from homeserver.slices.push.deciding import Deciding, Missed
from homeserver.slices.push.gateway import GatewayFailed, Gateways, retry_wait_ms
from homeserver.slices.push.messages import Messages, badge_body, wants_badge
from homeserver.slices.push.queue import PusherQueue
from homeserver.slices.push.records import LAST_NID, TOPIC, Due, Json, Pusher

logger = logging.getLogger(__name__)

Spawn = Callable[[Awaitable[None]], None]

#: What could not be told for so long is not told any more.
_STALE_MS = 24 * 3600 * 1000
#: After a failure that is no gateway's, such as a database that is away.
_RETRY_S = 10.0


@dataclass(frozen=True, slots=True)
class World:
    """What deliveries live in. `now_ms`: the wall clock."""

    spawn: Spawn
    reactor: Clock
    now_ms: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told to whom, and through whom."""

    deciding: Deciding
    messages: Messages
    badges: Badges
    gateways: Gateways


class Deliveries:
    """Used on the reactor thread."""

    def __init__(self, database: Database, telling: Telling, world: World) -> None:
        self._database = database
        self._telling = telling
        self._world = world
        self._queues: dict[int, PusherQueue] = {}
        self._is_stopped = False

    def add(self, pusher_nid: int, due: Due) -> None:
        """Something to tell."""
        self._queue(pusher_nid, ReadPlace(due.place.position, due.place.event_nid - 1)).add(due)
        self._wake(pusher_nid)

    def catch_up(self, pusher_nid: int, after: ReadPlace) -> None:
        """There may be something to tell of what came after a place, or after where the queue is."""
        self._queue(pusher_nid, after).fall_behind()
        self._wake(pusher_nid)

    def check_badge(self, pusher_nid: int) -> None:
        """How much is unread may have changed."""
        self._queue(pusher_nid, ReadPlace(self._telling.badges.position(), LAST_NID)).wants_badge = True
        self._wake(pusher_nid)

    def drop(self, pusher_nid: int) -> None:
        """The pusher is gone, or is to be told nothing."""
        queue = self._queues.pop(pusher_nid, None)
        if queue is not None:
            queue.set_timer(None)

    def retry(self, pusher_nid: int) -> None:
        """The pusher was set anew: no need to wait."""
        if pusher_nid in self._queues:
            self._wake(pusher_nid)

    def behind(self) -> list[tuple[int, ReadPlace]]:
        """Those that were not told all, and up to where they were."""
        return [(nid, queue.handled) for nid, queue in self._queues.items() if queue.pending or queue.is_behind]

    def stop(self) -> None:
        """Begin nothing more."""
        self._is_stopped = True
        for queue in self._queues.values():
            queue.set_timer(None)

    def _queue(self, pusher_nid: int, handled: ReadPlace) -> PusherQueue:
        queue = self._queues.get(pusher_nid)
        if queue is None:
            queue = self._queues[pusher_nid] = PusherQueue(pusher_nid, handled)
        return queue

    def _wake(self, pusher_nid: int) -> None:
        queue = self._queues[pusher_nid]
        if not queue.is_running and not self._is_stopped:
            queue.is_running = True
            queue.set_timer(None)
            self._world.spawn(self._run(queue))

    async def _run(self, queue: PusherQueue) -> None:
        try:
            while not self._is_stopped and self._queues.get(queue.pusher_nid) is queue:
                pusher = await self._database.glance(queries.find_pusher, queue.pusher_nid)
                if pusher is None or not pusher.is_enabled or not pusher.is_http:
                    self.drop(queue.pusher_nid)
                    return
                queue.finish(pusher.place)
                if queue.is_idle:
                    self.drop(queue.pusher_nid)
                    return
                wait_ms = pusher.retry_ts - self._world.now_ms()
                if wait_ms > 0:
                    self._wait(queue, wait_ms / 1000)
                    return
                await self._step(queue, pusher)
        except Exception:
            if not self._is_stopped:
                logger.exception("a pusher could not be told; tried again soon")
                self._wait(queue, _RETRY_S)
        finally:
            queue.is_running = False

    async def _step(self, queue: PusherQueue, pusher: Pusher) -> None:
        if queue.pending:
            await self._tell(queue, pusher, queue.pending[0])
        elif queue.is_behind:
            now = self._telling.badges.position()
            queue.begin_reading()
            queue.take(await self._database.read(self._missed, pusher.user_id, queue.handled, now))
        else:
            queue.wants_badge = False
            await self._tell_badge(queue, pusher)

    async def _tell(self, queue: PusherQueue, pusher: Pusher, due: Due) -> None:
        found = await self._database.read(self._body, pusher, due, self._telling.badges.position())
        if found is None:
            queue.finish(due.place)
            return
        badge, body = found
        await self._send(queue, pusher, due.place, badge, body)

    async def _tell_badge(self, queue: PusherQueue, pusher: Pusher) -> None:
        if pusher.badge is None or not wants_badge(pusher):
            return
        position = self._telling.badges.position()
        badge = await self._database.read(self._telling.badges.count, pusher.user_id, position)
        if badge != pusher.badge:
            await self._send(queue, pusher, None, badge, badge_body(pusher, badge))

    async def _send(self, queue: PusherQueue, pusher: Pusher, place: ReadPlace | None, badge: int, body: Json) -> None:
        try:
            rejected = await self._telling.gateways.notify(str(pusher.shape.data.get("url", "")), body)
        except GatewayFailed as error:
            if not self._is_stopped:
                await self._failed(queue, pusher, error, is_badge=place is None)
            return
        if pusher.shape.key.pushkey in rejected:
            logger.info("a pusher of %s was rejected by its gateway and is removed", pusher.user_id)
            await self._database.transact(self._remove, pusher)
            self.drop(pusher.pusher_nid)
            return
        if place is not None:
            queue.finish(place)
        await self._database.transact(queries.write_delivered, pusher.pusher_nid, queue.handled, badge)

    async def _failed(self, queue: PusherQueue, pusher: Pusher, error: GatewayFailed, *, is_badge: bool) -> None:
        failures = pusher.failures + 1
        retry_ts = self._world.now_ms() + retry_wait_ms(failures)
        if failures in (1, 10):
            logger.warning("a push gateway of %s failed (%d): %s", pusher.user_id, failures, error)
        queue.wants_badge = queue.wants_badge or is_badge
        await self._database.transact(queries.write_failure, pusher.pusher_nid, queue.handled, failures, retry_ts)

    def _wait(self, queue: PusherQueue, wait_s: float) -> None:
        if not self._is_stopped and self._queues.get(queue.pusher_nid) is queue:
            queue.set_timer(self._world.reactor.callLater(wait_s, self._wake, queue.pusher_nid))

    def _missed(self, tx: Transaction, user_id: str, after: ReadPlace, now: int) -> Missed:
        return self._telling.deciding.for_user(tx, user_id, after, now)

    def _body(self, tx: Transaction, pusher: Pusher, due: Due, position: int) -> tuple[int, Json] | None:
        told = self._telling.messages.find(tx, due)
        if told is None or (pusher.failures and told.event.origin_server_ts < self._world.now_ms() - _STALE_MS):
            return None
        badge = self._telling.badges.count(tx, due.user_id, position)
        return badge, self._telling.messages.compose(told, due, pusher, badge)

    def _remove(self, tx: Transaction, pusher: Pusher) -> None:
        """Unless it was set anew while its gateway was asked."""
        now = queries.find_pusher(tx, pusher.pusher_nid)
        if now is not None and now.pushkey_ts == pusher.pushkey_ts:
            queries.delete_pusher(tx, pusher.user_id, pusher.shape.key)
            tx.publish(TOPIC, pusher.user_id)
