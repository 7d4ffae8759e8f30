"""`/events`: everything new, one event after the other, without a room's state; also of a room one is not in.

https://spec.matrix.org/v1.19/client-server-api/#room-previews
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import forbidden
from homeserver.protocol.requester import Requester
from homeserver.rooms import queries_events, queries_rooms
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import Membership, RoomRecord
from homeserver.rooms.service import Rooms, wall_clock_ms
from homeserver.rooms.views import Viewer
from homeserver.sync.invites import UnwantedInvites
from homeserver.sync.polling import Polling
from homeserver.sync.presenting import Presenter, Reader
from homeserver.sync.sources import Json, Sources
from homeserver.sync.tokens import SyncToken

MOST_EVENTS = 1_000


@dataclass(frozen=True, slots=True)
class _Heard:
    """A room that is listened to. `own_nid`: the user's own member event where the user is not in the room any more
    or not yet, and only just so; `upto`: where to stop; `invite`: that membership where it is one."""

    room_nid: int
    room_id: str
    upto: int
    own_nid: int | None = None
    invite: Membership | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    """Whose answer it is, what it covers, and how many events of rooms it may have. `changed`: the joined rooms with
    new events; None for any of them."""

    requester: Requester
    since: SyncToken
    upto: SyncToken
    limit: int
    changed: set[int] | None = None

    def may_have_events(self, heard: _Heard) -> bool:
        """Whether it is worth looking."""
        return self.changed is None or heard.own_nid is not None or heard.room_nid in self.changed


class EventStream:
    """Answers `/events`."""

    def __init__(self, database: Database, rooms: Rooms, parts: RoomParts, sources: Sources, polling: Polling) -> None:
        self._database = database
        self._rooms = rooms
        self._parts = parts
        self._sources = sources
        self._polling = polling
        self._presenter = Presenter(parts.loader, parts.views)
        self._unwanted = UnwantedInvites(parts.loader, sources.account_data)

    async def listen(self, requester: Requester, since: SyncToken | None, timeout_ms: int, limit: int) -> Json:
        """`{"chunk", "start", "end"}` for all that the user sees; waits while there is nothing. Counts as online."""
        self._sources.presence.set_presence(requester.user_id, "online", requester.device_id or "")
        stream = await self._polling.streams.get(requester.user_id)
        start = since or await self._polling.now_settled()

        async def answer(upto: SyncToken) -> Json:
            rows = await self._rooms.occupancy.memberships(requester.user_id)
            heard = [one for row in rows.values() if (one := _heard(row, start, upto)) is not None]
            span = _Span(requester, start, upto, limit, stream.rooms_changed_since(start.position))
            return await self._database.read(self._everything, span, heard)

        return _answered(start, await self._polling.poll(stream, start, timeout_ms, answer))

    async def listen_to(
        self, room_id: str, requester: Requester, since: SyncToken | None, timeout_ms: int, limit: int
    ) -> Json:
        """The same of one room, which the user is in or everybody may read; 403 `M_FORBIDDEN` otherwise."""
        room = await self._rooms.find_room(room_id)
        if room is None:
            raise forbidden("You may not read this room.")
        stream = self._polling.streams.get_of_room(requester.user_id, room.room_nid)
        start = since or await self._polling.now_settled()

        async def answer(upto: SyncToken) -> Json:
            return await self._database.read(self._of_room, _Span(requester, start, upto, limit), room)

        if await self._rooms.occupancy.membership(room.room_nid, requester.user_id) != "join":
            await self._database.read(self._check_world_readable, room)
        return _answered(start, await self._polling.poll(stream, start, timeout_ms, answer))

    def _everything(self, tx: Transaction, span: _Span, heard: list[_Heard]) -> Json:
        user_id, position = span.requester.user_id, span.since.position
        heard = [one for one in heard if one.invite is None or not self._unwanted.hides(tx, one.invite)]
        chunk, upto = self._in_rooms(tx, span, heard)
        if upto != span.upto:
            return {"chunk": chunk, "end": str(upto)}
        presence = self._sources.presence.presence_since(user_id, span.since.volatile)
        account_data = self._sources.account_data
        of_rooms = account_data.rooms_since(tx, user_id, position)
        chunk += [with_user_id(event) for event in presence]
        chunk += account_data.global_since(tx, user_id, position)
        chunk += self._sources.push_rules.push_rules_since(tx, user_id, position)
        chunk += [{**event, "room_id": room_id} for room_id, events in of_rooms.items() for event in events]
        return {"chunk": chunk} if chunk else {}

    def _of_room(self, tx: Transaction, span: _Span, room: RoomRecord) -> Json:
        chunk, upto = self._in_rooms(tx, span, [_Heard(room.room_nid, room.room_id, span.upto.position)])
        return {"chunk": chunk, "end": str(upto)} if chunk else {}

    def _in_rooms(self, tx: Transaction, span: _Span, heard: list[_Heard]) -> tuple[list[Any], SyncToken]:
        """(what happened in rooms, how far that goes): where there is too much, only its beginning."""
        found = sorted(place for one in heard if span.may_have_events(one) for place in self._visible(tx, span, one))
        upto = span.upto
        if len(found) > span.limit:
            cut = found[span.limit][0]
            upto = SyncToken(max(cut - 1, found[0][0]), span.since.volatile)
            found = [place for place in found if place[0] <= upto.position]
        user_id = span.requester.user_id
        ignored = self._sources.account_data.ignored_users(tx, user_id)
        nids = self._presenter.without_ignored(tx, [nid for _, nid in found], ignored)
        reader = Reader(Viewer.of(span.requester, wall_clock_ms()))
        chunk: list[Any] = list(self._presenter.present(tx, reader, nids))
        if upto == span.upto:
            chunk += self._ephemeral(tx, span, [one for one in heard if one.own_nid is None])
        return chunk, upto

    def _visible(self, tx: Transaction, span: _Span, heard: _Heard) -> Iterable[tuple[int, int]]:
        """(position, number) of the events of a room that the user may see."""
        places = queries_events.events_between(tx, heard.room_nid, span.since.position, heard.upto, span.limit + 1)
        positions = {nid: position for position, nid in places}
        stored = self._parts.loader.stored_by_nid(tx, list(positions))
        reader = self._parts.visibility.reader(tx, heard.room_nid, span.requester.user_id)
        seen = self._parts.visibility.visible_to(tx, reader, stored.values())
        found = {(positions[one.event_nid], one.event_nid) for one in seen}
        if heard.own_nid is not None:
            found.add((positions.get(heard.own_nid, heard.upto), heard.own_nid))
        return found

    def _ephemeral(self, tx: Transaction, span: _Span, heard: list[_Heard]) -> list[Json]:
        """Typing and receipts."""
        events: list[Json] = []
        for one in heard:
            typing = self._sources.typing.typing_since(one.room_nid, span.since.volatile)
            if typing is not None:
                events.append({"type": "m.typing", "room_id": one.room_id, "content": {"user_ids": typing}})
        receipts = self._sources.receipts.receipts_between(
            tx, [one.room_id for one in heard], span.since.position, span.upto.position, span.requester.user_id
        )
        events += [{"type": "m.receipt", "room_id": room_id, "content": one} for room_id, one in receipts.items()]
        return events

    def _check_world_readable(self, tx: Transaction, room: RoomRecord) -> None:
        snapshot_nid = queries_rooms.find_current_snapshot(tx, room.room_nid)
        if snapshot_nid is None or not self._parts.visibility.is_world_readable(tx, snapshot_nid):
            raise forbidden("You may not read this room.")


def with_user_id(presence: Json) -> Json:
    """An `m.presence` event as these older answers have it: who it is of stands in its content too."""
    return {**presence, "content": {**presence["content"], "user_id": presence["sender"]}}


def _heard(row: Membership, since: SyncToken, upto: SyncToken) -> _Heard | None:
    if row.membership == "join":
        return _Heard(row.room_nid, row.room_id, upto.position)
    if since.position < row.position <= upto.position:
        return _Heard(
            row.room_nid, row.room_id, row.position, row.event_nid, row if row.membership == "invite" else None
        )
    return None


def _answered(start: SyncToken, polled: tuple[SyncToken, Json]) -> Json:
    upto, told = polled
    return {"start": str(start), "end": str(upto), "chunk": [], **told}
