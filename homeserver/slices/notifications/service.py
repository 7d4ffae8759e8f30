"""Keeping count: where users have read up to, and which events count for some in another way than for all.

A message writes its running counters (see `homeserver.rooms.counting`) and where its sender is. Rows for others are
written only where the predefined rules do not say all: for users it names, and for those with rules of their own that
count it otherwise.

https://spec.matrix.org/v1.19/client-server-api/#receiving-notifications
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.protocol.push_evaluation import (
    NOTHING,
    PREDEFINED_COUNTING,
    CountingRules,
    Figure,
    RuleSet,
    UserRules,
    named_in,
)
from homeserver.rooms import queries_members, queries_state, queries_unread
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import Counted, Counters, EventPlace, ReadPlace, RoomRecord, StoredEvent
from homeserver.slices.notifications import queries
from homeserver.slices.notifications.records import (
    ALL_THREADS,
    BY_PREDEFINED_RULES,
    EVERYTHING,
    LAST_NID,
    MAIN,
    NEVER,
    Mark,
    Named,
    UnreadException,
    UnreadInRoom,
)
from homeserver.slices.notifications.room_rules import RULES_IN_ROOM, RoomRules
from homeserver.slices.notifications.unread import is_read, unread_in_room

_NO_COUNTERS = Counters(0, 0)


class Notifications:
    """Unread counts of local users. `note_accepted` and `note_redacted` take part where rooms write events."""

    def __init__(self, database: Database, parts: RoomParts, rules: RoomRules, server_name: str) -> None:
        self._database = database
        self._parts = parts
        self._rules = rules
        self._suffix = f":{server_name}"
        self.on_read: list[Callable[[str], None]] = []
        """Called after the commit with a user who has read something, or sent."""

    def unread(self, tx: Transaction, user_id: str, room_nid: int) -> UnreadInRoom:
        """What a user who is joined to a room has not read of it."""
        return unread_in_room(tx, user_id, room_nid)

    def is_read(self, tx: Transaction, user_id: str, room_nid: int, thread_id: str | None, place: ReadPlace) -> bool:
        """Whether a user has read an event; `thread_id`: its root, None in the main timeline."""
        return is_read(tx, user_id, Named(room_nid, thread_id or MAIN, place))

    def rules_of(self, tx: Transaction, user_ids: Collection[str]) -> Mapping[str, UserRules]:
        """Users' push rules, also within a read."""
        return self._rules.read(tx, user_ids)

    def mark_read(self, tx: Transaction, user_id: str, room_nid: int, thread_id: str, place: EventPlace) -> None:
        """A local user has read up to an event: of its thread (`main`, or a root's id), or of everything (empty).

        What the user has read further already stays read.
        """
        if place.position == 0 or not user_id.endswith(self._suffix):
            return
        at = ReadPlace(place.position, place.event_nid)
        if thread_id in (EVERYTHING, MAIN):
            counters = queries_unread.counters_at(tx, room_nid, at)
        else:
            counters = queries_unread.thread_counters_at(tx, room_nid, thread_id, at)
        queries.move_mark(tx, user_id, room_nid, thread_id, Mark(at, counters))
        self._tell_read(tx, user_id)
        queries.delete_exceptions_upto(tx, user_id, room_nid, thread_id or None, at)
        if thread_id == EVERYTHING:
            queries.delete_marks_upto(tx, user_id, room_nid, at)
        elif thread_id != MAIN and not unread_in_room(tx, user_id, room_nid).threads:
            # From here on only what comes later has to be looked at.
            here = Mark(ReadPlace(tx.position, LAST_NID), _NO_COUNTERS)
            queries.move_mark(tx, user_id, room_nid, ALL_THREADS, here)
            queries.delete_thread_marks(tx, user_id, room_nid)

    def note_accepted(self, tx: Transaction, room: RoomRecord, stored: StoredEvent) -> None:
        """Count a new event for those who need more than the running counters."""
        counted, event = stored.counted, stored.event
        if counted is None or stored.position is None:
            return
        named = Named(room.room_nid, counted.thread_id or MAIN, ReadPlace(stored.position, stored.event_nid))
        if event.type == "m.room.member":
            self._note_member(tx, room, stored, Mark(named.place, counted.main))
        elif event.sender.endswith(self._suffix):
            mark = Mark(named.place, counted.thread or counted.main)
            queries.move_mark(tx, event.sender, room.room_nid, named.thread_id, mark)
            self._tell_read(tx, event.sender)
        exceptions = [
            UnreadException(user_id, named, figure, counted.figure)
            for user_id, figure in self._differing(tx, room, stored, counted)
        ]
        queries.insert_exceptions(tx, exceptions)

    def note_redacted(self, tx: Transaction, room: RoomRecord, target: StoredEvent) -> None:
        """A redacted event counts for nobody."""
        if not target.position:
            return
        queries.delete_exceptions_of(tx, target.event_nid)
        named, figure = self._as_counted(tx, room, target, target.position)
        if figure != NOTHING:
            queries.insert_exceptions(tx, [UnreadException("", named, NOTHING, figure)])

    def rules_changed(self, tx: Transaction, user_id: str, before: RuleSet, after: RuleSet) -> None:
        """A user's push rules are others now (both made for `OWN_USER`); what they say holds for events to come.

        Where plain messages notify no more, those that did by the predefined rules are counted no more either.
        """
        old, new = self._rules.compile(before, ()), self._rules.compile(after, ())
        for room_nid, room_id in queries_unread.joined_rooms(tx, user_id).items():
            was, rules = old.for_room(room_id), new.for_room(room_id)
            if was != rules:
                tx.publish(RULES_IN_ROOM, str(room_nid))
                is_counted = self._counts_messages(tx, room_nid, room_id, rules)
                self._set_counted(tx, user_id, room_nid, is_counted=is_counted)

    def ignored_changed(self, tx: Transaction, user_id: str) -> None:
        """A user ignores others than before."""
        for room_nid in queries_unread.joined_rooms(tx, user_id):
            tx.publish(RULES_IN_ROOM, str(room_nid))

    async def reap(self) -> None:
        """Delete what was read past by sending."""
        await self._database.transact(queries.delete_read_exceptions)

    def _tell_read(self, tx: Transaction, user_id: str) -> None:
        for callback in self.on_read:
            tx.after_commit(partial(callback, user_id))

    def _differing(
        self, tx: Transaction, room: RoomRecord, stored: StoredEvent, counted: Counted
    ) -> Iterator[tuple[str, Figure]]:
        """The users for whom the event counts otherwise than is assumed of them, and how."""
        sender, occasion = stored.event.sender, counted.occasion
        named = {
            user_id
            for user_id in named_in(counted.occasion.event)
            if user_id.endswith(self._suffix) and user_id != sender
        }
        for group in self._rules.groups(tx, room):
            expected = counted.figure if group.is_counted else NOTHING
            figure = group.rules.figure(occasion)
            apart = group.users if group.rules.needs_names else group.users & named
            if figure != expected:
                yield from ((user_id, figure) for user_id in group.users - apart if user_id != sender)
            for user_id in apart - {sender}:
                own = group.rules.figure(occasion, user_id)
                if own != expected:
                    yield user_id, own
            named -= group.users
        for user_id in queries_unread.joined_among(tx, room.room_nid, named) if named else ():
            figure = PREDEFINED_COUNTING.figure(occasion, user_id)
            if figure != counted.figure:
                yield user_id, figure

    def _note_member(self, tx: Transaction, room: RoomRecord, stored: StoredEvent, mark: Mark) -> None:
        """Who joins begins there; of who leaves nothing is kept."""
        user_id = str(stored.event.state_key)
        if not user_id.endswith(self._suffix) or stored.state_before is None:
            return
        before = self._parts.snapshots.get(tx, stored.state_before).get(stored.event.key)
        was_joined = before is not None and self._parts.loader.get(tx, before).membership == "join"
        if was_joined == (stored.event.membership == "join"):
            return
        queries.delete_all_of(tx, user_id, room.room_nid)
        if was_joined:
            return
        queries.move_mark(tx, user_id, room.room_nid, EVERYTHING, mark)
        rules = self._rules.of_user(tx, user_id).for_room(room.room_id)
        if not self._counts_messages(tx, room.room_nid, room.room_id, rules):
            queries.move_mark(tx, user_id, room.room_nid, BY_PREDEFINED_RULES, Mark(NEVER, _NO_COUNTERS))

    def _counts_messages(self, tx: Transaction, room_nid: int, room_id: str, rules: CountingRules) -> bool:
        """Whether the room's ordinary messages notify by these rules, so that the predefined ones do to count with."""
        if rules == PREDEFINED_COUNTING:
            return True
        is_encrypted = queries_state.find_current(tx, room_nid, ("m.room.encryption", "")) is not None
        event_type = "m.room.encrypted" if is_encrypted else "m.room.message"
        return rules.figure(_Message(tx, room_nid, {"type": event_type, "room_id": room_id, "content": {}})).notify

    def _set_counted(self, tx: Transaction, user_id: str, room_nid: int, *, is_counted: bool) -> None:
        mark = queries.marks_of(tx, user_id, room_nid).get(BY_PREDEFINED_RULES)
        was_counted = mark is None or mark.place != NEVER
        if was_counted == is_counted:
            return
        queries.delete_mark(tx, user_id, room_nid, BY_PREDEFINED_RULES)
        since = Mark(NEVER, _NO_COUNTERS)
        if is_counted:
            since = Mark(ReadPlace(tx.position, LAST_NID), queries_unread.latest_counters(tx, room_nid))
        queries.move_mark(tx, user_id, room_nid, BY_PREDEFINED_RULES, since)

    def _as_counted(
        self, tx: Transaction, room: RoomRecord, target: StoredEvent, position: int
    ) -> tuple[Named, Figure]:
        """How an event was counted: the difference it makes to the counters of its timeline."""
        found = queries_unread.find_place(tx, room.room_nid, target.event.event_id)
        thread_id = None if found is None else found.thread_id
        at, before = ReadPlace(position, target.event_nid), ReadPlace(position, target.event_nid - 1)
        if thread_id is None:
            counters = [queries_unread.counters_at(tx, room.room_nid, place) for place in (before, at)]
        else:
            counters = [
                queries_unread.thread_counters_at(tx, room.room_nid, thread_id, place) for place in (before, at)
            ]
        figure = Figure(*(later > earlier for earlier, later in zip(*counters, strict=True)))
        return Named(room.room_nid, thread_id or MAIN, at), figure


@dataclass(frozen=True, slots=True)
class _Message:
    """A message that nobody sent, to see what rules make of such."""

    tx: Transaction
    room_nid: int
    event: dict[str, Any]

    def member_count(self) -> int:
        """How many are joined."""
        return queries_members.count_members(self.tx, self.room_nid).get("join", 0)

    def may_notify(self, key: str) -> bool:
        """Nobody."""
        return False

    def display_name(self, user_id: str) -> str | None:
        """None that matters."""
        return None
