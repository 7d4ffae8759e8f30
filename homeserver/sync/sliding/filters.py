"""Which rooms a list has.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#slidingroomfilter
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from homeserver.database import ByteCache, Transaction
from homeserver.rooms import queries_activity
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import Membership
from homeserver.rooms.snapshots import EMPTY, State
from homeserver.rooms.timeline import TimelineReader
from homeserver.sync.sliding.ask import SlidingAsk
from homeserver.sync.sliding.asking import ListFilters
from homeserver.sync.sliding.sources import RoomAccountDataSource

_ENCRYPTION = "m.room.encryption"
_CREATE = "m.room.create"


class Filtering:
    """Callable within a transaction. What a filter asks about rooms is looked up for all of them at once."""

    def __init__(
        self,
        parts: RoomParts,
        timeline: TimelineReader,
        account_data: RoomAccountDataSource,
        types: ByteCache[int, tuple[str | None]],
    ) -> None:
        self._parts = parts
        self._timeline = timeline
        self._account_data = account_data
        # A room's type is that of its creation, for ever.
        self._types = types

    def filtered(
        self, tx: Transaction, ask: SlidingAsk, filters: ListFilters, rooms: Sequence[Membership]
    ) -> list[Membership]:
        """Those of some rooms, in their order, that a filter lets through."""
        kept = list(rooms)
        if filters.is_invited is not None:
            kept = [row for row in kept if (row.membership == "invite") == filters.is_invited]
        if filters.is_dm is not None:
            kept = [row for row in kept if (row.room_id in ask.direct) == filters.is_dm]
        if filters.tags or filters.not_tags:
            kept = self._by_tags(tx, ask, filters, kept)
        if filters.spaces:
            children = set(self._children(tx, ask, filters.spaces))
            kept = [row for row in kept if row.room_id in children]
        if filters.is_encrypted is not None:
            encrypted = self._encrypted(tx, kept)
            kept = [row for row in kept if (row.room_nid in encrypted) == filters.is_encrypted]
        if filters.room_types or filters.not_room_types:
            kept = self._by_types(tx, filters, kept)
        return kept

    def _by_tags(
        self, tx: Transaction, ask: SlidingAsk, filters: ListFilters, rooms: Sequence[Membership]
    ) -> list[Membership]:
        tags = {
            room_id: _tags(event["content"])
            for room_id, events in self._account_data.rooms_changed_since(tx, ask.user_id, 0).items()
            for _, event in events
            if event["type"] == "m.tag"
        }

        def is_wanted(row: Membership) -> bool:
            own = tags.get(row.room_id, frozenset())
            return (not filters.tags or not own.isdisjoint(filters.tags)) and own.isdisjoint(filters.not_tags)

        return [row for row in rooms if is_wanted(row)]

    def _by_types(self, tx: Transaction, filters: ListFilters, rooms: Sequence[Membership]) -> list[Membership]:
        types = self._room_types(tx, rooms)

        def is_wanted(row: Membership) -> bool:
            # Of a room whose creation is not known nobody can say what it is.
            if row.room_nid not in types:
                return not filters.room_types
            room_type = types[row.room_nid]
            return (not filters.room_types or room_type in filters.room_types) and (
                room_type not in filters.not_room_types
            )

        return [row for row in rooms if is_wanted(row)]

    def _room_types(self, tx: Transaction, rooms: Sequence[Membership]) -> Mapping[int, str | None]:
        found: dict[int, str | None] = {}
        missing = []
        for row in rooms:
            known = self._types.get(row.room_nid)
            if known is not None:
                found[row.room_nid] = known[0]
            elif row.membership in ("invite", "knock"):
                create = self._stripped(tx, row).get(_CREATE)
                if create is not None:
                    room_type = create.get("type")
                    found[row.room_nid] = room_type if isinstance(room_type, str) else None
            else:
                missing.append(row.room_nid)
        for room_nid, room_type in queries_activity.room_types(tx, missing).items():
            found[room_nid] = room_type
            self._types.put(room_nid, (room_type,), 200)
        return found

    def _encrypted(self, tx: Transaction, rooms: Sequence[Membership]) -> set[int]:
        joined = [row.room_nid for row in rooms if row.membership == "join"]
        found = queries_activity.rooms_having(tx, joined, _ENCRYPTION)
        for row in rooms:
            if row.membership in ("invite", "knock"):
                is_encrypted = _ENCRYPTION in self._stripped(tx, row)
            else:
                # Whoever is gone is told what was so then.
                is_encrypted = row.membership != "join" and (_ENCRYPTION, "") in self._last_state(tx, row)
            if is_encrypted:
                found.add(row.room_nid)
        return found

    def _last_state(self, tx: Transaction, row: Membership) -> State:
        departure = self._parts.visibility.reader(tx, row.room_nid, row.user_id).departure
        return EMPTY if departure is None else self._parts.snapshots.get(tx, departure.snapshot_nid)

    def _stripped(self, tx: Transaction, row: Membership) -> dict[str, dict[str, Any]]:
        """The contents of an invite's or a knock's state by type."""
        state = self._timeline.stripped(tx, row)
        return {event["type"]: event["content"] for event in state if event.get("state_key") == ""}

    def _children(self, tx: Transaction, ask: SlidingAsk, space_ids: Collection[str]) -> Iterator[str]:
        """The ids of the rooms that joined spaces name."""
        for row in ask.memberships.values():
            if row.membership == "join" and row.room_id in space_ids and row.position <= ask.upto.position:
                state = self._timeline.state_map(tx, row.room_nid, ask.upto.position)
                nids = [nid for key, nid in state.items() if key[0] == "m.space.child"]
                for event in self._parts.loader.get_many(tx, nids).values():
                    if isinstance(event.content.get("via"), list) and event.state_key:
                        yield event.state_key


def _tags(content: dict[str, Any]) -> frozenset[str]:
    tags = content.get("tags")
    return frozenset(tags if isinstance(tags, dict) else ())
