"""How much a user has not read, from where they are and the room's running counters.

https://spec.matrix.org/v1.19/client-server-api/#receiving-notifications
"""

from __future__ import annotations

from collections.abc import Mapping

from homeserver.database import Transaction
from homeserver.rooms import queries_unread
from homeserver.rooms.records import Counters, ReadPlace
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
    Unread,
    UnreadException,
    UnreadInRoom,
)

_NOTHING_YET = Mark(ReadPlace(0, 0), Counters(0, 0))


def unread_in_room(tx: Transaction, user_id: str, room_nid: int) -> UnreadInRoom:
    """What a user who is joined has not read."""
    marks = queries.marks_of(tx, user_id, room_nid)
    if EVERYTHING not in marks:
        marks[EVERYTHING] = _joined_mark(tx, user_id, room_nid)
    main_mark = _furthest(marks, EVERYTHING, MAIN)
    floor = _furthest(marks, EVERYTHING, ALL_THREADS)
    counts = {MAIN: _main(tx, room_nid, main_mark, marks), **_threads(tx, room_nid, floor, marks)}
    lowest = min(main_mark.place.position, floor.place.position)
    for exception in queries.exceptions_after(tx, room_nid, user_id, lowest):
        thread_id = exception.event.thread_id
        read = main_mark.place if thread_id == MAIN else max(floor.place, marks.get(thread_id, floor).place)
        if exception.event.place > read:
            counts[thread_id] = _corrected(counts.get(thread_id, Counters(0, 0)), exception, marks)
    unread = {thread_id: Unread(max(0, count[0]), max(0, count[1])) for thread_id, count in counts.items()}
    main = unread.pop(MAIN)
    return UnreadInRoom(main, {thread_id: count for thread_id, count in unread.items() if any(count)})


def is_read(tx: Transaction, user_id: str, named: Named) -> bool:
    """Whether a user who is joined has read past an event."""
    marks = queries.marks_of(tx, user_id, named.room_nid)
    names = (EVERYTHING, MAIN) if named.thread_id == MAIN else (EVERYTHING, ALL_THREADS, named.thread_id)
    return named.place <= _furthest(marks, *names).place


def _joined_mark(tx: Transaction, user_id: str, room_nid: int) -> Mark:
    """Where somebody begins whose join did not come as an event: by a resolution of the state, or long ago."""
    place = ReadPlace(queries_unread.joined_at(tx, room_nid, user_id), LAST_NID)
    return Mark(place, queries_unread.counters_at(tx, room_nid, place))


def _furthest(marks: Mapping[str, Mark], *names: str) -> Mark:
    return max(marks.get(name, _NOTHING_YET) for name in names)


def _main(tx: Transaction, room_nid: int, read: Mark, marks: Mapping[str, Mark]) -> Counters:
    since = max(read, marks.get(BY_PREDEFINED_RULES, _NOTHING_YET))
    if since.place == NEVER:
        return Counters(0, 0)
    return _difference(queries_unread.latest_counters(tx, room_nid), since.counters)


def _threads(tx: Transaction, room_nid: int, floor: Mark, marks: Mapping[str, Mark]) -> dict[str, Counters]:
    """Of the threads in which something happened since all of them were read."""
    usual = marks.get(BY_PREDEFINED_RULES, _NOTHING_YET).place
    if usual == NEVER:
        return {}
    counts = {}
    for thread_id, now in queries_unread.threads_since(tx, room_nid, floor.place.position).items():
        own, since = marks.get(thread_id), max(floor.place, usual)
        if own is not None and own.place >= since:
            before = own.counters
        else:
            before = queries_unread.thread_counters_at(tx, room_nid, thread_id, since)
        counts[thread_id] = _difference(now, before)
    return counts


def _corrected(count: Counters, exception: UnreadException, marks: Mapping[str, Mark]) -> Counters:
    """The count with the event as it counts for the user, and without it as it counts for others."""
    figure, usual = exception.figure, exception.usual
    if exception.event.place <= marks.get(BY_PREDEFINED_RULES, _NOTHING_YET).place:
        return Counters(count.notifying + figure.notify, count.highlighting + figure.highlight)
    return Counters(
        count.notifying + figure.notify - usual.notify, count.highlighting + figure.highlight - usual.highlight
    )


def _difference(now: Counters, before: Counters) -> Counters:
    return Counters(now.notifying - before.notifying, now.highlighting - before.highlighting)
