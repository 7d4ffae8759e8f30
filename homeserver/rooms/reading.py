"""Reading a room: state, members, single events, history. Each answer is cut to what the reader may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, forbidden, not_found
from homeserver.protocol.events import StateKey
from homeserver.protocol.requester import Requester
from homeserver.rooms import queries_events, queries_rooms, queries_state
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import RoomRecord, StoredEvent
from homeserver.rooms.service import Rooms, wall_clock_ms
from homeserver.rooms.snapshots import EMPTY, State
from homeserver.rooms.tokens import Place, PlaceToken, parse_token
from homeserver.rooms.unseen import MEMBER
from homeserver.rooms.views import Viewer
from homeserver.rooms.visibility import Reader

#: A page that would be empty, since what there is is not shown, goes on so many times.
_MOST_ROUNDS = 10
#: One that is put together at once where its events are in memory.
_SMALL_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """One page of `/messages`: what is asked for."""

    start: PlaceToken | None
    stop: PlaceToken | None
    is_backward: bool
    limit: int
    is_wanted: Callable[[dict[str, Any]], bool] | None = None
    lazy_members: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What of an event's surroundings is asked for: at most `limit` events, half of them before it."""

    event_id: str
    limit: int
    is_wanted: Callable[[dict[str, Any]], bool] | None = None
    lazy_members: bool = False


@dataclass(frozen=True, slots=True)
class _Scanned:
    """Events found in the order walked, and the place of the last one looked at; None where there was none."""

    nids: list[int]
    last: tuple[int, int] | None
    is_at_end: bool


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """One page of `/messages`: events in the client format, tokens, and the member events of the senders."""

    chunk: list[msgspec.Raw]
    start: str
    end: str | None
    state: list[msgspec.Raw]
    gaps: tuple[str, ...]


class RoomReading:
    """Answers what clients read of one room."""

    def __init__(self, database: Database, rooms: Rooms, parts: RoomParts) -> None:
        self._database = database
        self._rooms = rooms
        self._parts = parts

    async def state(self, room_id: str, requester: Requester) -> list[msgspec.Raw]:
        """The state: the current one for joined users, that at their departure for those who left."""
        room = await self._wait_for_members(room_id, requester)
        return await self._database.read(self._state, room, requester)

    async def whole_state(self, room_id: str, requester: Requester) -> msgspec.Raw:
        """The same as one JSON array."""
        room = await self._wait_for_members(room_id, requester)
        return await self._database.browse(self._whole_state, room, requester, self._parts.states.stamp())

    async def state_event(
        self, room_id: str, key: StateKey, requester: Requester
    ) -> tuple[dict[str, Any], msgspec.Raw]:
        """(content, whole event) of one state event; 404 where the state has none."""
        room = await self._rooms.find_room(room_id)
        if key[0] == MEMBER and room is not None and self._rooms.partial.is_partial(room.room_nid):
            state = await self._database.glance(self._snapshot_for, room, requester)
            if key not in state:
                await self._rooms.partial.wait(room.room_nid)
        return await self._database.glance(self._state_event, room, key, requester)

    async def members(
        self, room_id: str, requester: Requester, at: PlaceToken | None, keep: Callable[[str], bool]
    ) -> list[msgspec.Raw]:
        """The member events, now or at a token, whose membership `keep` says yes to."""
        room = await self._wait_for_members(room_id, requester)
        return await self._database.read(self._members, room, requester, at, keep)

    async def joined_members(self, room_id: str, requester: Requester) -> msgspec.Raw:
        """User id to `display_name` and `avatar_url` of everybody joined, as JSON."""
        room = await self._rooms.find_room(room_id)
        if room is None:
            raise forbidden(f"{requester.user_id} is not in the room.")
        if self._rooms.partial.is_partial(room.room_nid):
            await self._rooms.get_room_of(room_id, requester.user_id)
            await self._rooms.partial.wait(room.room_nid)
        return await self._parts.joined.get(self._database, room, requester.user_id)

    async def event(self, room_id: str, event_id: str, requester: Requester) -> msgspec.Raw:
        """One event; 404 where it is not there or may not be seen."""
        room = await self._rooms.find_room(room_id)
        return await self._database.glance(self._event, room, event_id, requester)

    async def context(self, room_id: str, around: Surroundings, requester: Requester) -> dict[str, Any]:
        """An event with what came before and after it, and the state at the last of these."""
        room = await self._rooms.find_room(room_id)
        return await self._database.read(self._context, room, around, requester)

    async def page(self, room_id: str, page: Page, requester: Requester) -> PageAnswer:
        """One page of history."""
        room = await self._rooms.find_room(room_id)
        run = self._database.browse if page.limit <= _SMALL_PAGE else self._database.read
        return await run(self._page, room, page, requester)

    async def get_readable(self, room_id: str, event_id: str | None, requester: Requester) -> RoomRecord:
        """A room the requester may read: 403 `M_FORBIDDEN` otherwise; 404 where they may not see the event named."""
        room = await self._rooms.find_room(room_id)
        if event_id is not None:
            await self._database.glance(self._visible_event, room, event_id, requester)
        await self._database.glance(self._snapshot_for, room, requester)
        if room is None:
            raise forbidden(f"{requester.user_id} is not in the room.")
        return room

    async def find_place(self, room: RoomRecord, token: str) -> Place:
        """The place in a room's history that a token stands for; 400 `M_INVALID_PARAM` for what is none."""
        return Place(*await self._database.glance(place_of_token, room, parse_token(token)))

    async def _wait_for_members(self, room_id: str, requester: Requester) -> RoomRecord | None:
        """The room, once all its members are known; raises at once for somebody who may not read it."""
        room = await self._rooms.find_room(room_id)
        if room is not None and self._rooms.partial.is_partial(room.room_nid):
            await self._database.glance(self._snapshot_for, room, requester)
            await self._rooms.partial.wait(room.room_nid)
        return room

    def readable_state(self, tx: Transaction, room_nid: int, requester: Requester) -> list[int]:
        """The numbers of the state events a user may read, within a transaction; raises as `state`."""
        return list(self._snapshot_for(tx, self._parts.loader.room(tx, room_nid), requester).values())

    def _snapshot_for(self, tx: Transaction, room: RoomRecord | None, requester: Requester) -> State:
        """The state a user may read: 403 `M_FORBIDDEN` for somebody who never was in the room."""
        return self._parts.snapshots.get(tx, self._admit(tx, room, requester)[1])

    def _admit(self, tx: Transaction, room: RoomRecord | None, requester: Requester) -> tuple[Reader, int]:
        """(what the user may rely on, the snapshot of the state they may read); raises as `_snapshot_for`."""
        if room is None:
            raise forbidden(f"{requester.user_id} is not in the room.")
        current_nid = queries_rooms.find_current_snapshot(tx, room.room_nid)
        reader = self._parts.visibility.reader(tx, room.room_nid, requester.user_id)
        if current_nid is not None and reader.is_joined:
            return reader, current_nid
        if reader.departure is not None:
            return reader, reader.departure.snapshot_nid
        if current_nid is not None and self._parts.visibility.is_world_readable(tx, current_nid):
            return reader, current_nid
        raise forbidden(f"{requester.user_id} is not in the room.")

    def _raws(
        self, tx: Transaction, nids: list[int], requester: Requester, *, is_bundled: bool = False
    ) -> list[msgspec.Raw]:
        viewer = Viewer.of(requester, wall_clock_ms())
        return self._parts.views.raws(tx, viewer, nids, is_bundled=is_bundled)

    def _state(self, tx: Transaction, room: RoomRecord | None, requester: Requester) -> list[msgspec.Raw]:
        return self._raws(tx, list(self._snapshot_for(tx, room, requester).values()), requester)

    def _whole_state(
        self, tx: Transaction, room: RoomRecord | None, requester: Requester, stamp: tuple[int, int]
    ) -> msgspec.Raw:
        reader, snapshot_nid = self._admit(tx, room, requester)
        return self._parts.states.get(tx, Viewer.of(requester, wall_clock_ms()), reader, snapshot_nid, stamp)

    def _state_event(
        self, tx: Transaction, room: RoomRecord | None, key: StateKey, requester: Requester
    ) -> tuple[dict[str, Any], msgspec.Raw]:
        nid = self._snapshot_for(tx, room, requester).get(key)
        if nid is None:
            raise not_found(f"The room has no state {key[0]} with the key {key[1]!r}.")
        return self._parts.loader.get(tx, nid).content, self._raws(tx, [nid], requester)[0]

    def _members(
        self,
        tx: Transaction,
        room: RoomRecord | None,
        requester: Requester,
        at: PlaceToken | None,
        keep: Callable[[str], bool],
    ) -> list[msgspec.Raw]:
        state = self._snapshot_for(tx, room, requester)
        if at is not None and room is not None and at.position is not None:
            state = self._state_at(tx, room, at.position, requester, state)
        nids = [nid for key, nid in state.items() if key[0] == "m.room.member"]
        events = self._parts.loader.get_many(tx, nids)
        wanted = [nid for nid in nids if keep(events[nid].membership or "leave")]
        return self._raws(tx, wanted, requester)

    def _state_at(self, tx: Transaction, room: RoomRecord, position: int, requester: Requester, latest: State) -> State:
        """The state at a position, for somebody whose `latest` readable state is this."""
        reader = self._parts.visibility.reader(tx, room.room_nid, requester.user_id)
        if reader.departure is not None and position >= reader.departure.position:
            return latest
        snapshot_nid = queries_state.find_snapshot_at(tx, room.room_nid, position)
        if snapshot_nid is None:
            return EMPTY
        is_member = reader.is_joined or reader.departure is not None
        if not is_member and not self._parts.visibility.is_world_readable(tx, snapshot_nid):
            raise forbidden(f"{requester.user_id} may not read the room as it was then.")
        return self._parts.snapshots.get(tx, snapshot_nid)

    def _event(self, tx: Transaction, room: RoomRecord | None, event_id: str, requester: Requester) -> msgspec.Raw:
        stored = self._visible_event(tx, room, event_id, requester)
        return self._raws(tx, [stored.event_nid], requester, is_bundled=True)[0]

    def _visible_event(
        self, tx: Transaction, room: RoomRecord | None, event_id: str, requester: Requester
    ) -> StoredEvent:
        stored = self._parts.loader.find_stored(tx, event_id)
        if room is None or stored is None or stored.event.room_id != room.room_id or stored.position is None:
            raise not_found("There is no such event, or you may not see it.")
        reader = self._parts.visibility.reader(tx, room.room_nid, requester.user_id)
        if not self._parts.visibility.visible_to(tx, reader, [stored]):
            raise not_found("There is no such event, or you may not see it.")
        return stored

    def _context(
        self, tx: Transaction, room: RoomRecord | None, around: Surroundings, requester: Requester
    ) -> dict[str, Any]:
        self._snapshot_for(tx, room, requester)
        if room is None:
            raise not_found("There is no such room.")
        stored = self._visible_event(tx, room, around.event_id, requester)
        place = (stored.event.depth, stored.event_nid)
        reader = self._parts.visibility.reader(tx, room.room_nid, requester.user_id)
        count = around.limit // 2
        before = queries_events.page_back(tx, room.room_nid, place, count)
        after = queries_events.page_forward(tx, room.room_nid, (place[0], place[1] + 1), around.limit - count)
        before_nids = self._shown_nids(tx, reader, before, around.is_wanted)
        after_nids = self._shown_nids(tx, reader, after, around.is_wanted)
        last_nid = after_nids[-1] if after_nids else stored.event_nid
        last = self._parts.loader.stored_by_nid(tx, [last_nid])[last_nid]
        state = EMPTY if last.state_after is None else self._parts.snapshots.get(tx, last.state_after)
        shown = [stored.event_nid, *before_nids, *after_nids]
        state_nids = list((self._lazy(tx, state, shown) if around.lazy_members else state).values())
        start = before[-1] if before else place
        end = (after[-1][0], after[-1][1] + 1) if after else (place[0], place[1] + 1)
        return {
            "event": self._raws(tx, [stored.event_nid], requester, is_bundled=True)[0],
            "events_before": self._raws(tx, before_nids, requester, is_bundled=True),
            "events_after": self._raws(tx, after_nids, requester, is_bundled=True),
            "state": self._raws(tx, state_nids, requester),
            "start": str(PlaceToken(place=Place(*start))),
            "end": str(PlaceToken(place=Place(*end))),
        }

    def _page(self, tx: Transaction, room: RoomRecord | None, page: Page, requester: Requester) -> PageAnswer:
        reader, snapshot_nid = self._admit(tx, room, requester)
        if room is None:
            raise forbidden(f"{requester.user_id} is not in the room.")
        start = self._start(tx, room, page, reader)
        if page.limit == 0:
            # Nothing was looked at: that the history ends here is not said.
            token = str(PlaceToken(place=Place(*start)))
            return PageAnswer([], token, token, [], ())
        found = self._scan(tx, room, page, start, reader)
        gaps: tuple[str, ...] = ()
        if page.is_backward:
            floor = -1 if found.is_at_end or found.last is None else found.last[0]
            gaps = tuple(gap for gap, depth in queries_rooms.gaps(tx, room.room_nid, floor) if depth <= start[0] + 1)
        members = self._sender_members(tx, snapshot_nid, found.nids) if page.lazy_members else []
        return PageAnswer(
            self._raws(tx, found.nids, requester, is_bundled=True),
            str(PlaceToken(place=Place(*start))),
            None if found.last is None else _next_token(found.last, page.is_backward),
            self._raws(tx, members, requester),
            gaps,
        )

    def _scan(self, tx: Transaction, room: RoomRecord, page: Page, start: tuple[int, int], reader: Reader) -> _Scanned:
        """Walk until the page is full: events that are not shown do not count."""
        nids: list[int] = []
        last: tuple[int, int] | None = None
        for _ in range(_MOST_ROUNDS):
            step = self._walk(tx, room, page, start if last is None else _next_place(last, page.is_backward))
            shown = set(self._shown_nids(tx, reader, step, page.is_wanted))
            for place in step:
                last = place
                if place[1] in shown:
                    nids.append(place[1])
                    if len(nids) == page.limit:
                        return _Scanned(nids, last, is_at_end=False)
            if len(step) < page.limit:
                return _Scanned(nids, last, is_at_end=True)
        return _Scanned(nids, last, is_at_end=False)

    def _start(self, tx: Transaction, room: RoomRecord, page: Page, reader: Reader) -> tuple[int, int]:
        if page.start is not None:
            return place_of_token(tx, room, page.start)
        if not page.is_backward:
            return (0, 0)
        if reader.departure is not None and not self._is_open(tx, room):
            return (reader.departure.place[0], reader.departure.place[1] + 1)
        return queries_events.place_at_position(tx, room.room_nid, 2**62)

    def _is_open(self, tx: Transaction, room: RoomRecord) -> bool:
        """Whether everybody may read what is said now."""
        current_nid = queries_rooms.find_current_snapshot(tx, room.room_nid)
        return current_nid is not None and self._parts.visibility.is_world_readable(tx, current_nid)

    def _walk(self, tx: Transaction, room: RoomRecord, page: Page, start: tuple[int, int]) -> list[tuple[int, int]]:
        if page.is_backward:
            found = queries_events.page_back(tx, room.room_nid, start, page.limit)
        else:
            found = queries_events.page_forward(tx, room.room_nid, start, page.limit)
        if page.stop is None:
            return found
        stop = place_of_token(tx, room, page.stop)
        return [place for place in found if (place >= stop if page.is_backward else place < stop)]

    def _shown_nids(
        self,
        tx: Transaction,
        reader: Reader,
        places: list[tuple[int, int]],
        is_wanted: Callable[[dict[str, Any]], bool] | None,
    ) -> list[int]:
        """The numbers of those events that the reader may see and wants."""
        nids = [nid for _, nid in places]
        stored = self._parts.loader.stored_by_nid(tx, nids)
        ordered = [stored[nid] for nid in nids if nid in stored]
        visible = self._parts.visibility.visible_to(tx, reader, ordered)
        return [one.event_nid for one in visible if is_wanted is None or is_wanted(one.event.pdu)]

    def _lazy(self, tx: Transaction, state: State, shown: list[int]) -> dict[StateKey, int]:
        """The state with no other members than the senders of what is shown."""
        others = {key: nid for key, nid in state.items() if key[0] != MEMBER}
        senders = self._parts.unseen.sender_members(tx, state, shown)
        return {**others, **{(MEMBER, user_id): nid for user_id, nid in senders.items()}}

    def _sender_members(self, tx: Transaction, snapshot_nid: int, nids: list[int]) -> list[int]:
        members = self._parts.unseen.sender_members(tx, self._parts.snapshots.get(tx, snapshot_nid), nids)
        return [members[user_id] for user_id in sorted(members)]


def place_of_token(tx: Transaction, room: RoomRecord, token: PlaceToken) -> tuple[int, int]:
    """The place a token stands for in a room."""
    if token.place is not None:
        return token.place.depth, token.place.event_nid
    if token.position is None:
        raise MatrixError(400, "M_INVALID_PARAM", "The token says no place.")
    return queries_events.place_at_position(tx, room.room_nid, token.position)


def _next_place(place: tuple[int, int], is_backward: bool) -> tuple[int, int]:
    """Where to go on after an event was walked over: places are before an event, backwards and forwards."""
    return place if is_backward else (place[0], place[1] + 1)


def _next_token(place: tuple[int, int], is_backward: bool) -> str:
    return str(PlaceToken(place=Place(*_next_place(place, is_backward))))
