"""Keeping relations as events come and go, finding children and threads.

https://spec.matrix.org/v1.19/client-server-api/#relationships-api
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.requester import Requester
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import RoomRecord, StoredEvent
from homeserver.rooms.service import wall_clock_ms
from homeserver.rooms.tokens import Place, PlaceToken
from homeserver.rooms.views import Viewer
from homeserver.slices.relations import queries
from homeserver.slices.relations.queries import Relation, Wanted
from homeserver.slices.relations.reading_content import find_relates_to

RECURSION_DEPTH = 3
_MOST_CHILDREN = 20_000


@dataclass(frozen=True, slots=True)
class ChildrenPage:
    """Which children of an event are asked for. Tokens as `/messages` has them; None for the end of the room."""

    parent_id: str
    wanted: Wanted
    start: Place | None
    stop: Place | None
    is_backward: bool
    limit: int
    recurses: bool = False


class Relations:
    """Relations of events. `note_accepted` and `note_redacted` take part where rooms write events."""

    def __init__(
        self,
        database: Database,
        parts: RoomParts,
        ignored_users: Callable[[Transaction, str], Collection[str]],
    ) -> None:
        self._database = database
        self._parts = parts
        self._ignored_users = ignored_users

    def note_accepted(self, tx: Transaction, room: RoomRecord, stored: StoredEvent) -> None:
        """Keep what an event says of another; state events relate to nothing."""
        event = stored.event
        relates_to = None if event.is_state else find_relates_to(event.content)
        if relates_to is None:
            return
        queries.insert_relation(
            tx,
            {
                "child_nid": stored.event_nid,
                "room_nid": room.room_nid,
                "parent_id": relates_to.parent_id,
                "rel_type": relates_to.rel_type,
                "annotation_key": relates_to.key,
                "event_type": event.type,
                "sender": event.sender,
                "depth": event.depth,
            },
        )

    def note_redacted(self, tx: Transaction, room: RoomRecord, target: StoredEvent) -> None:
        """A redacted child relates to nothing any more."""
        if find_relates_to(target.event.content) is not None:
            queries.delete_relation(tx, target.event_nid)

    async def check_may_send(self, user_id: str, event_type: str, content: dict[str, Any]) -> None:
        """Raise 400 `M_DUPLICATE_ANNOTATION` for an annotation given twice, 400 `M_UNKNOWN` for a thread that would
        begin at an event which relates to another itself."""
        relates_to = find_relates_to(content)
        if relates_to is None:
            return
        if relates_to.rel_type == "m.annotation" and relates_to.key is not None:
            is_there = await self._database.glance(
                queries.has_annotation, relates_to.parent_id, user_id, event_type, relates_to.key
            )
            if is_there:
                raise MatrixError(400, "M_DUPLICATE_ANNOTATION", "You have annotated the event with this already.")
        if relates_to.rel_type == "m.thread" and await self._database.glance(self._is_child, relates_to.parent_id):
            raise MatrixError(400, "M_UNKNOWN", "A thread cannot begin at an event that relates to another itself.")

    async def children(self, room: RoomRecord, page: ChildrenPage, requester: Requester) -> dict[str, Any]:
        """One page of an event's children."""
        return await self._database.read(self._children, room, page, requester)

    async def threads(
        self, room: RoomRecord, requester: Requester, page: tuple[Place | None, int], *, only_participated: bool
    ) -> dict[str, Any]:
        """One page, (start, limit), of a room's threads, by their latest event, newest first."""
        return await self._database.read(self._threads, room, requester, page, only_participated)

    def _is_child(self, tx: Transaction, event_id: str) -> bool:
        stored = self._parts.loader.find_stored(tx, event_id)
        return stored is not None and queries.find_relation(tx, stored.event_nid) is not None

    def _children(self, tx: Transaction, room: RoomRecord, page: ChildrenPage, requester: Requester) -> dict[str, Any]:
        found = self._related(tx, room, page)
        ignored = self._ignored_users(tx, requester.user_id)
        fitting = [one for one in found if _fits(one, page) and one.sender not in ignored]
        fitting.sort(key=lambda one: one.place, reverse=page.is_backward)
        visible = self._visible(tx, room, requester, fitting)
        shown = visible[: page.limit]
        answer: dict[str, Any] = {"chunk": self._raws(tx, requester, [one.child_nid for one in shown])}
        if len(visible) > len(shown):
            answer["next_batch"] = _token(shown[-1] if shown else visible[0], page.is_backward)
        if page.start is not None:
            answer["prev_batch"] = str(PlaceToken(place=page.start))
        if page.recurses:
            answer["recursion_depth"] = RECURSION_DEPTH
        return answer

    def _related(self, tx: Transaction, room: RoomRecord, page: ChildrenPage) -> list[Relation]:
        """The children; with `recurses`, their children too, down to a depth."""
        parent_ids: Collection[str] = [page.parent_id]
        found: dict[int, Relation] = {}
        for _ in range(RECURSION_DEPTH if page.recurses else 1):
            level = [one for one in queries.children_of(tx, room.room_nid, parent_ids) if one.child_nid not in found]
            matching = [one for one in level if _is_wanted(one, page.wanted)]
            found.update({one.child_nid: one for one in matching})
            if not matching or len(found) > _MOST_CHILDREN:
                break
            events = self._parts.loader.get_many(tx, [one.child_nid for one in matching])
            parent_ids = [event.event_id for event in events.values()]
        return list(found.values())

    def _threads(
        self,
        tx: Transaction,
        room: RoomRecord,
        requester: Requester,
        page: tuple[Place | None, int],
        only_participated: bool,
    ) -> dict[str, Any]:
        start, limit = page
        ignored = self._ignored_users(tx, requester.user_id)
        latest: dict[str, tuple[int, int]] = {}
        participants: dict[str, set[str]] = {}
        for root_id, sender, depth, nid in queries.thread_events(tx, room.room_nid):
            if sender not in ignored:
                latest[root_id] = max(latest.get(root_id, (0, 0)), (depth, nid))
                participants.setdefault(root_id, set()).add(sender)
        roots = self._parts.loader.stored_by_id(tx, latest)
        wanted = [
            root
            for root_id, root in roots.items()
            if root.event.room_id == room.room_id
            and (start is None or latest[root_id] < (start.depth, start.event_nid))
            and not (only_participated and requester.user_id not in {root.event.sender, *participants[root_id]})
        ]
        wanted.sort(key=lambda root: latest[root.event.event_id], reverse=True)
        nids = self._parts.views.visible(tx, room.room_nid, requester.user_id, [root.event_nid for root in wanted])
        answer: dict[str, Any] = {"chunk": self._raws(tx, requester, nids[:limit])}
        if len(nids) > limit:
            last = self._parts.loader.get(tx, nids[limit - 1]).event_id
            answer["next_batch"] = str(PlaceToken(place=Place(*latest[last])))
        return answer

    def _visible(
        self, tx: Transaction, room: RoomRecord, requester: Requester, relations: list[Relation]
    ) -> list[Relation]:
        nids = [one.child_nid for one in relations]
        visible = set(self._parts.views.visible(tx, room.room_nid, requester.user_id, nids))
        return [one for one in relations if one.child_nid in visible]

    def _raws(self, tx: Transaction, requester: Requester, nids: Iterable[int]) -> list[msgspec.Raw]:
        return self._parts.views.raws(tx, Viewer.of(requester, wall_clock_ms()), list(nids), is_bundled=True)


def _is_wanted(one: Relation, wanted: Wanted) -> bool:
    return (wanted.rel_type is None or one.rel_type == wanted.rel_type) and (
        wanted.event_type is None or one.event_type == wanted.event_type
    )


def _fits(one: Relation, page: ChildrenPage) -> bool:
    """Whether a child lies between the tokens."""
    start = None if page.start is None else (page.start.depth, page.start.event_nid)
    stop = None if page.stop is None else (page.stop.depth, page.stop.event_nid)
    if page.is_backward:
        return (start is None or one.place < start) and (stop is None or one.place >= stop)
    return (start is None or one.place >= start) and (stop is None or one.place < stop)


def _token(last: Relation, is_backward: bool) -> str:
    depth, nid = last.place
    return str(PlaceToken(place=Place(depth, nid if is_backward else nid + 1)))
