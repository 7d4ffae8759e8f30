"""The members of a room that are not known yet, as far as the events themselves tell of them.

An event cites the member events that authorise it. As long as the room's state lacks a member, what an event cites of
it stands in for it; once the state is whole, the event is judged again.
"""

from __future__ import annotations

from collections.abc import Collection

from homeserver.database import Transaction
from homeserver.protocol.events import Event, StateKey
from homeserver.rooms import queries_partial
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import RoomRecord, Status
from homeserver.rooms.resolving import Resolver
from homeserver.rooms.snapshots import Snapshots, State

MEMBER = "m.room.member"


class UnseenMembers:
    """Callable within a transaction."""

    def __init__(self, snapshots: Snapshots, loader: EventLoader, resolver: Resolver) -> None:
        self._snapshots = snapshots
        self._loader = loader
        self._resolver = resolver

    def stand_ins(
        self, tx: Transaction, room: RoomRecord, event: Event, missing: Collection[StateKey]
    ) -> dict[StateKey, Event]:
        """For members that a state of the room lacks, the events that an event of another server cites; nothing in a
        room whose members are all known."""
        if not queries_partial.is_incomplete(tx, room.room_nid):
            return {}
        cited = self._loader.stored_by_id(tx, event.auth_events).values()
        return {
            one.event.key: one.event
            for one in cited
            if one.event.is_state
            and one.event.key in missing
            and one.event.room_id == room.room_id
            and one.status is not Status.REJECTED
        }

    def sender_members(self, tx: Transaction, state: State, nids: Collection[int]) -> dict[str, int]:
        """Sender of any of these events to the number of their member event: that in the state, or for want of it one
        that an event of theirs cites."""
        events = self._loader.get_many(tx, nids)
        members = {
            event.sender: nid for event in events.values() if (nid := state.get((MEMBER, event.sender))) is not None
        }
        unseen = [event for event in events.values() if event.sender not in members]
        if unseen:
            cited = self._loader.stored_by_id(tx, {auth_id for event in unseen for auth_id in event.auth_events})
            for event in unseen:
                for one in (cited[auth_id] for auth_id in event.auth_events if auth_id in cited):
                    if one.event.type == MEMBER and one.event.state_key == event.sender:
                        members[event.sender] = one.event_nid
        return members

    def find_root(self, tx: Transaction, room: RoomRecord) -> int | None:
        """The state that all states of a room build on whose members are not all known."""
        row = queries_partial.find_partial(tx, room.room_nid)
        return None if row is None or row.completed_at is not None else row.root_nid

    def see_completed(self, tx: Transaction, room: RoomRecord) -> bool:
        """Whether the room has become complete, and this process has not heard of it: what it remembers is outdated."""
        row = queries_partial.find_partial(tx, room.room_nid)
        if row is None or row.completed_at is None or not self._snapshots.complete(row.root_nid):
            return False
        self._resolver.forget()
        return True
