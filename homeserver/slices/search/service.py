"""Searching in the rooms a user is or was in.

https://spec.matrix.org/v1.19/client-server-api/#search
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.requester import Requester
from homeserver.rooms import queries_events
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import Membership, StoredEvent
from homeserver.rooms.service import Rooms, wall_clock_ms
from homeserver.rooms.tokens import Place, PlaceToken
from homeserver.rooms.views import Viewer
from homeserver.slices.search import queries
from homeserver.slices.search.asking import Context, Search
from homeserver.slices.search.queries import Hit
from homeserver.slices.search.words import words_of

Json = dict[str, Any]

#: So many events that hold the words are looked at; of older ones none are found.
_MOST_HITS = 2_000
_MOST_WORDS = 10
_PROFILE = ("displayname", "avatar_url")

ReadableState = Callable[[Transaction, int, Requester], list[int]]
"""(transaction, room number, requester): the numbers of the state events they may read."""


class Searching:
    """Answers searches."""

    def __init__(self, database: Database, rooms: Rooms, parts: RoomParts, readable_state: ReadableState) -> None:
        self._database = database
        self._rooms = rooms
        self._parts = parts
        self._readable_state = readable_state

    async def search(self, search: Search, requester: Requester, token: str | None) -> Json:
        """One page of results: `room_events` of the answer; 400 `M_INVALID_PARAM` for a wrong token."""
        offset = _offset(token)
        words = list(words_of(search.term))[:_MOST_WORDS]
        memberships = await self._rooms.occupancy.memberships(requester.user_id)
        rooms = {nid: row for nid, row in memberships.items() if _is_searched(row, search)}
        if not words or not rooms:
            return {"count": 0, "results": [], "highlights": words}
        return await self._database.read(self._search, search, (words, offset), list(rooms), requester)

    def _search(
        self,
        tx: Transaction,
        search: Search,
        wanted: tuple[list[str], int],
        room_nids: Sequence[int],
        requester: Requester,
    ) -> Json:
        words, offset = wanted
        hits = self._fitting(tx, search, queries.hits(tx, words, room_nids, search.sources, _MOST_HITS), requester)
        if search.is_by_rank:
            hits.sort(key=lambda hit: (-hit.rank, -hit.event_nid))
        page = hits[offset : offset + search.limit]
        stored = self._parts.loader.stored_by_nid(tx, [hit.event_nid for hit in page])
        answer: Json = {
            "count": len(hits),
            "highlights": words,
            "results": [self._result(tx, search, hit, stored[hit.event_nid], requester) for hit in page],
        }
        if offset + search.limit < len(hits):
            answer["next_batch"] = f"q{offset + search.limit}"
        if search.has_state:
            answer["state"] = self._states(tx, page, stored, requester)
        if search.group_by:
            answer["groups"] = _groups(search.group_by, [stored[hit.event_nid] for hit in page])
        return answer

    def _fitting(self, tx: Transaction, search: Search, hits: list[Hit], requester: Requester) -> list[Hit]:
        """Those the user may see, not redacted, and let through by the filter."""
        by_room: dict[int, list[int]] = {}
        for hit in hits:
            by_room.setdefault(hit.room_nid, []).append(hit.event_nid)
        visible: set[int] = set()
        for room_nid, nids in by_room.items():
            # Who was only invited may see events, but not read the room.
            if self._parts.views.is_or_was_joined(tx, room_nid, requester.user_id):
                visible.update(self._parts.views.visible(tx, room_nid, requester.user_id, nids))
        if search.matcher is None:
            return [hit for hit in hits if hit.event_nid in visible]
        events = self._parts.loader.get_many(tx, list(visible))
        matcher = search.matcher
        return [hit for hit in hits if hit.event_nid in visible and matcher(events[hit.event_nid].pdu)]

    def _result(self, tx: Transaction, search: Search, hit: Hit, stored: StoredEvent, requester: Requester) -> Json:
        viewer = Viewer.of(requester, wall_clock_ms())
        (raw,) = self._parts.views.raws(tx, viewer, [hit.event_nid], is_bundled=True)
        result: Json = {"rank": hit.rank / 1000, "result": raw}
        if search.context is not None:
            result["context"] = self._context(tx, search.context, hit.room_nid, stored, viewer)
        return result

    def _context(self, tx: Transaction, context: Context, room_nid: int, stored: StoredEvent, viewer: Viewer) -> Json:
        place = (stored.event.depth, stored.event_nid)
        following = (place[0], place[1] + 1)
        before = queries_events.page_back(tx, room_nid, place, context.before)
        after = queries_events.page_forward(tx, room_nid, following, context.after)
        views = self._parts.views
        shown_before = views.visible(tx, room_nid, viewer.user_id, [nid for _, nid in before])
        shown_after = views.visible(tx, room_nid, viewer.user_id, [nid for _, nid in after])
        start = before[-1] if before else place
        end = (after[-1][0], after[-1][1] + 1) if after else following
        answer: Json = {
            "events_before": views.raws(tx, viewer, shown_before, is_bundled=False),
            "events_after": views.raws(tx, viewer, shown_after, is_bundled=False),
            "start": str(PlaceToken(place=Place(*start))),
            "end": str(PlaceToken(place=Place(*end))),
        }
        if context.has_profiles:
            answer["profile_info"] = self._profiles(tx, stored, [stored.event_nid, *shown_before, *shown_after])
        return answer

    def _profiles(self, tx: Transaction, stored: StoredEvent, nids: Sequence[int]) -> Json:
        """What the senders were called at the event found."""
        if stored.state_before is None:
            return {}
        state = self._parts.snapshots.get(tx, stored.state_before)
        senders = {event.sender for event in self._parts.loader.get_many(tx, nids).values()}
        members = {sender: nid for sender in senders if (nid := state.get(("m.room.member", sender))) is not None}
        events = self._parts.loader.get_many(tx, list(members.values()))
        return {
            sender: {key: value for key in _PROFILE if (value := events[nid].content.get(key))}
            for sender, nid in members.items()
        }

    def _states(
        self, tx: Transaction, page: Sequence[Hit], stored: dict[int, StoredEvent], requester: Requester
    ) -> Json:
        """The state of each room in the results: the current one, or that at the departure of who has left."""
        viewer = Viewer.of(requester, wall_clock_ms())
        states: Json = {}
        for hit in page:
            room_id = stored[hit.event_nid].event.room_id
            if room_id not in states:
                nids = self._readable_state(tx, hit.room_nid, requester)
                states[room_id] = self._parts.views.raws(tx, viewer, nids, is_bundled=False)
        return states


def _is_searched(row: Membership, search: Search) -> bool:
    if row.forgotten:
        return False
    return search.rooms is None or search.rooms({"room_id": row.room_id})


def _groups(keys: Sequence[str], results: Sequence[StoredEvent]) -> Json:
    """The results of the page by room, by sender, or both."""
    groups: Json = {}
    for key in keys:
        by_value: Json = {}
        for order, stored in enumerate(results, start=1):
            value = stored.event.room_id if key == "room_id" else stored.event.sender
            group = by_value.setdefault(value, {"order": order, "results": []})
            group["results"].append(stored.event.event_id)
        groups[key] = by_value
    return groups


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    if not token.startswith("q") or not token[1:].isdecimal() or len(token) > 8:
        raise invalid_param("next_batch: is no token of this search.")
    return int(token[1:])
