"""From what happens in rooms to the pushers of those whom it notifies.

Only rooms in which somebody has a pusher are looked at, and there only at those who have.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from homeserver.database import ByteCache, CacheBudget, Change, Database
from homeserver.rooms.records import ReadPlace
from homeserver.slices.push import queries, queries_events
from homeserver.slices.push.deciding import Deciding
from homeserver.slices.push.delivery import Deliveries, Spawn
from homeserver.slices.push.mails import Mails
from homeserver.slices.push.records import HTTP, LAST_NID, TOPIC, Due

logger = logging.getLogger(__name__)

#: Where so few users have pushers, a room is asked for these, instead of all its members for pushers.
_FEW = 200


@dataclass(slots=True)
class _Span:
    """Positions of what came to a room, both included."""

    first: int
    last: int


class Audience:
    """Which users have pushers, and which of them are in a room."""

    def __init__(self, database: Database, budget: CacheBudget, server_name: str) -> None:
        self._database = database
        self._server_name = server_name
        self._pushers: dict[str, dict[int, str]] = {}
        self._rooms: ByteCache[int, Mapping[str, int]] = budget.cache("push_audiences")
        self._reading: dict[int, object] = {}
        database.feed.subscribe("members", lambda changes: self._drop([int(change.key) for change in changes]))

    async def load(self) -> None:
        """Take up who has any."""
        for user_id, nid, kind in await self._database.read(queries.enabled_pushers):
            self._pushers.setdefault(user_id, {})[nid] = kind

    def pushers_of(self, user_id: str) -> Mapping[int, str]:
        """The numbers of a user's pushers, and their kinds."""
        return self._pushers.get(user_id, {})

    def is_empty(self) -> bool:
        """Whether nobody has any."""
        return not self._pushers

    async def refresh(self, user_ids: set[str]) -> tuple[set[int], dict[int, str]]:
        """The pushers of these users have changed: which are not there any more, and which are new, with kinds."""
        before = {user_id: dict(self.pushers_of(user_id)) for user_id in user_ids}
        found: dict[str, dict[int, str]] = {}
        for user_id, nid, kind in await self._database.read(queries.enabled_of, user_ids):
            found.setdefault(user_id, {})[nid] = kind
        for user_id in user_ids:
            if found.get(user_id):
                self._pushers[user_id] = found[user_id]
            else:
                self._pushers.pop(user_id, None)
            if bool(before[user_id]) != bool(found.get(user_id)):
                self._rooms.clear()
                self._reading.clear()
        old = {nid: kind for kinds in before.values() for nid, kind in kinds.items()}
        new = {nid: kind for kinds in found.values() for nid, kind in kinds.items()}
        return set(old) - set(new), {nid: kind for nid, kind in new.items() if nid not in old}

    async def in_room(self, room_nid: int) -> Mapping[str, int]:
        """The users in a room who have pushers, and since which position they are in it."""
        known = self._rooms.get(room_nid)
        if known is not None:
            return known
        reading = self._reading[room_nid] = object()
        if len(self._pushers) <= _FEW:
            found = await self._database.read(queries_events.joined_among, room_nid, list(self._pushers))
        else:
            found = await self._database.read(queries_events.joined_with_pushers, room_nid, self._server_name)
        if self._reading.pop(room_nid, None) is reading:
            self._rooms.put(room_nid, found, 200 + 150 * len(found))
        return found

    def _drop(self, room_nids: list[int]) -> None:
        for room_nid in room_nids:
            self._reading.pop(room_nid, None)
            self._rooms.drop(room_nid)


class Fanout:
    """Follows the feed of changes. Used on the reactor thread. `has_read` is to be called when a user has read
    something, or answered."""

    def __init__(
        self, database: Database, audience: Audience, deciding: Deciding, ways: tuple[Deliveries, Mails], spawn: Spawn
    ) -> None:
        self._database = database
        self._audience = audience
        self._deciding = deciding
        self._deliveries, self._mails = ways
        self._spawn = spawn
        self._spans: dict[int, _Span] = {}
        self._span_at_work: _Span | None = None
        self._is_working = self._is_ready = self._is_stopped = False
        self._saved = 0
        feed = database.feed
        feed.subscribe("room", self._rooms_changed)
        feed.subscribe("membership", self._memberships_changed)
        feed.subscribe(TOPIC, lambda changes: spawn(self._pushers_changed({change.key for change in changes})))

    async def start(self) -> None:
        """Go on where the last run ended."""
        await self._audience.load()
        position = await self._database.glance(queries.read_progress)
        self._is_ready = True
        if not self._audience.is_empty():
            changes = await self._database.changes_after(position)
            self._memberships_changed([one for one in changes if one.topic == "membership"])
            self._rooms_changed([one for one in changes if one.topic == "room"])
        for pusher_nid in await self._database.read(queries.behind_pushers):
            self._deliveries.catch_up(pusher_nid, ReadPlace(0, 0))

    def stop(self) -> None:
        """Look at nothing more."""
        self._is_stopped = True
        self._deliveries.stop()
        self._mails.stop()

    async def save(self) -> None:
        """Write how far this came, so that the next run need not look at it again. Now and then."""
        open_spans = [*self._spans.values(), *([self._span_at_work] if self._span_at_work else [])]
        upto = min((span.first - 1 for span in open_spans), default=self._database.feed.position)
        if self._is_ready and upto > self._saved and not self._audience.is_empty():
            behind = self._deliveries.behind()
            await self._database.transact(queries.write_progress, upto, behind)
            self._saved = upto

    def has_read(self, user_id: str) -> None:
        """How much is unread may have changed."""
        for pusher_nid, kind in self._audience.pushers_of(user_id).items():
            if kind == HTTP:
                self._deliveries.check_badge(pusher_nid)

    def _rooms_changed(self, changes: list[Change]) -> None:
        if not self._is_ready or self._is_stopped or self._audience.is_empty():
            return
        for change in changes:
            room_nid = int(change.key)
            span = self._spans.setdefault(room_nid, _Span(change.position, change.position))
            span.first, span.last = min(span.first, change.position), max(span.last, change.position)
        if self._spans and not self._is_working:
            self._is_working = True
            self._spawn(self._work())

    def _memberships_changed(self, changes: list[Change]) -> None:
        """An invite may have come; or a room and what is unread there is gone."""
        if not self._is_ready or self._is_stopped:
            return
        for change in changes:
            for pusher_nid, kind in self._audience.pushers_of(change.key).items():
                if kind == HTTP:
                    self._deliveries.catch_up(pusher_nid, ReadPlace(change.position - 1, LAST_NID))
                    self._deliveries.check_badge(pusher_nid)

    async def _pushers_changed(self, user_ids: set[str]) -> None:
        gone, added = await self._audience.refresh(user_ids)
        for pusher_nid in gone:
            self._deliveries.drop(pusher_nid)
        for pusher_nid, kind in added.items():
            # Something may have come since it was set.
            if kind == HTTP:
                self._deliveries.catch_up(pusher_nid, ReadPlace(0, 0))
            else:
                await self._mails.expect(pusher_nid)
        for user_id in user_ids:
            for pusher_nid in self._audience.pushers_of(user_id):
                self._deliveries.retry(pusher_nid)

    async def _work(self) -> None:
        try:
            while self._spans and not self._is_stopped:
                room_nid = next(iter(self._spans))
                self._span_at_work = span = self._spans.pop(room_nid)
                await self._look_at(room_nid, span)
                self._span_at_work = None
        finally:
            self._is_working = False

    async def _look_at(self, room_nid: int, span: _Span) -> None:
        try:
            audience = await self._audience.in_room(room_nid)
            if audience:
                due = await self._database.read(self._deciding.in_room, room_nid, span.first, span.last, audience)
                for one in due:
                    await self._hand_out(one)
        except Exception:
            if not self._is_stopped:
                logger.exception("whom the events of a room notify could not be found out")

    async def _hand_out(self, due: Due) -> None:
        for pusher_nid, kind in dict(self._audience.pushers_of(due.user_id)).items():
            if kind == HTTP:
                self._deliveries.add(pusher_nid, due)
            else:
                await self._mails.expect(pusher_nid)
