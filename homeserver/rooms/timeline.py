"""What happened in a room between two positions: its timeline, and the state that goes with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from homeserver.database import Transaction
from homeserver.protocol.events import StateKey
from homeserver.rooms import queries_events, queries_members, queries_rooms, queries_state
from homeserver.rooms.invites import invite_state
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.queries_state import LAST_NID
from homeserver.rooms.records import Membership
from homeserver.rooms.snapshots import EMPTY, Snapshots, State, apply
from homeserver.rooms.tokens import Place
from homeserver.rooms.visibility import Visibility

Matcher = Callable[[Any], bool]

_MOST_HEROES = 5
_NAMED_BY = {"m.room.name": "name", "m.room.canonical_alias": "alias"}
#: With a filter, as many events are looked at to fill a timeline, so many at a time.
_MOST_SCANNED = 1_000
_SCANNED_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Span:
    """Which part of a room: events published in (since, upto], at most `limit` of those that `is_wanted`."""

    since: int
    upto: int
    limit: int
    is_wanted: Matcher | None = None


@dataclass(frozen=True, slots=True)
class RoomDelta:
    """The timeline, oldest first; whether older events of the span were left out; where to page back from; the
    state changes of the span that the timeline does not carry."""

    timeline: tuple[int, ...]
    is_limited: bool
    prev_batch: Place
    state: tuple[int, ...]
    has_member_changes: bool


class TimelineReader:
    """Reads spans of rooms. Callable within a transaction."""

    def __init__(self, snapshots: Snapshots, loader: EventLoader, visibility: Visibility) -> None:
        self._snapshots = snapshots
        self._loader = loader
        self._visibility = visibility

    def delta(self, tx: Transaction, room_nid: int, span: Span) -> RoomDelta:
        """What changed in a room for somebody who was joined before the span."""
        nids, is_limited, _ = self._timeline(tx, room_nid, span, lambda nids: self._wanted(tx, nids, span))
        shown = set(nids)
        final: dict[tuple[str, str], int] = {}
        has_member_changes = False
        for key, nid, _ in queries_state.journal_between(tx, room_nid, span.since, span.upto):
            has_member_changes = has_member_changes or key[0] == "m.room.member"
            if nid is not None and nid not in shown:
                final[key] = nid
        prev = self._prev_batch(tx, room_nid, nids, span)
        return RoomDelta(tuple(nids), is_limited, prev, tuple(final.values()), has_member_changes)

    def whole(self, tx: Transaction, room_nid: int, span: Span, user_id: str, *, is_again: bool) -> RoomDelta:
        """The end of a room's timeline and all state before it, for somebody who sees the room for the first time, or
        `is_again` perhaps, with something missing in between."""

        def keep(nids: list[int]) -> list[int]:
            return self._readable(tx, room_nid, self._wanted(tx, nids, span), user_id, span)

        nids, is_limited, oldest = self._timeline(tx, room_nid, span, keep)
        state = self._state_before(tx, room_nid, nids, span)
        prev = self._prev_batch(tx, room_nid, nids, span)
        # Nothing less tells a client that it may page back to what went before, or that this server is yet to fetch.
        first = nids[0] if is_again and nids else oldest
        is_limited = is_limited or not self._begins_room(tx, first)
        return RoomDelta(tuple(nids), is_limited, prev, tuple(state.values()), True)

    def departed(self, tx: Transaction, membership: Membership, span: Span) -> RoomDelta:
        """What a user who left sees last: everything up to their departure, and their own member event. Who never was
        in the room, or is told later of a ban, sees that event alone."""
        stored = self._loader.stored_by_nid(tx, [membership.event_nid]).get(membership.event_nid)
        if stored is None or stored.event.membership != membership.membership:
            return RoomDelta((), False, Place(0, 0), (), False)
        departure = self._visibility.reader(tx, membership.room_nid, membership.user_id).departure
        if stored.position is None or departure is None or departure.position <= span.since:
            return RoomDelta((stored.event_nid,), False, Place(stored.event.depth, stored.event_nid), (), False)
        until = Span(span.since, min(span.upto, departure.position), span.limit, span.is_wanted)
        last_nid = departure.place[1]

        def keep(nids: list[int]) -> list[int]:
            wanted = self._wanted(tx, [nid for nid in nids if nid <= last_nid], until)
            return self._visible(tx, membership.room_nid, wanted, membership.user_id)

        nids, is_limited, _ = self._timeline(tx, membership.room_nid, until, keep)
        prev = self._prev_batch(tx, membership.room_nid, nids, until)
        shown = set(nids)
        if not self.was_joined(tx, membership, span.since):
            first_nid = nids[0] if nids else last_nid
            state = tuple(self._before(tx, membership.room_nid, first_nid).values())
        else:
            rows = queries_state.journal_between(tx, membership.room_nid, until.since, until.upto)
            state = tuple({key: nid for key, nid, _ in rows if nid is not None and nid not in shown}.values())
        if last_nid != stored.event_nid:
            nids.append(stored.event_nid)
        return RoomDelta(tuple(nids), is_limited, prev, state, False)

    def was_joined(self, tx: Transaction, membership: Membership, since: int) -> bool:
        """Whether a user was joined at a position and has been since, but for the membership that is given."""
        if since == 0:
            return False
        key = ("m.room.member", membership.user_id)
        rows = queries_state.journal_between(tx, membership.room_nid, since, membership.position)
        nids = [self._state_at(tx, membership.room_nid, since).get(key)]
        nids += [nid for changed, nid, _ in rows if changed == key and nid != membership.event_nid]
        events = self._loader.get_many(tx, [nid for nid in nids if nid is not None])
        return all(nid in events and events[nid].membership == "join" for nid in nids)

    def stripped(self, tx: Transaction, membership: Membership) -> list[dict[str, Any]]:
        """The stripped state of an invite or a knock."""
        kept = queries_members.find_stripped(tx, membership.user_id, membership.room_nid)
        stored = self._loader.stored_by_nid(tx, [membership.event_nid])[membership.event_nid]
        if kept is not None:
            return list(msgspec.json.decode(kept))
        state = EMPTY if stored.state_before is None else self._snapshots.get(tx, stored.state_before)
        return invite_state(tx, self._loader, state, stored.event)

    def members(self, tx: Transaction, room_nid: int, user_ids: set[str], upto: int) -> dict[str, int]:
        """User id to the number of its member event, in the state at a position."""
        state = self._state_at(tx, room_nid, upto)
        return {user: nid for user in user_ids if (nid := state.get(("m.room.member", user))) is not None}

    def state_at(self, tx: Transaction, room_nid: int, upto: int) -> list[int]:
        """All of the state at a position."""
        return list(self._state_at(tx, room_nid, upto).values())

    def state_map(self, tx: Transaction, room_nid: int, upto: int) -> State:
        """The same by state key."""
        return self._state_at(tx, room_nid, upto)

    def changes_between(self, tx: Transaction, room_nid: int, since: int, upto: int) -> list[int]:
        """The state that was set in (since, upto] and is there at its end."""
        return [nid for nid in self.changed_keys(tx, room_nid, since, upto).values() if nid is not None]

    def changed_keys(self, tx: Transaction, room_nid: int, since: int, upto: int) -> dict[StateKey, int | None]:
        """The state keys that changed in (since, upto], with the event each has at the end; None where it is gone."""
        return {key: nid for key, nid, _ in queries_state.journal_between(tx, room_nid, since, upto)}

    def last_state_of(self, tx: Transaction, membership: Membership, nids: Sequence[int]) -> list[int]:
        """Of the state events among these, in their order, the last of each key that became state of the room, and the
        member event of the membership."""
        stored = self._loader.stored_by_nid(tx, nids)
        held = {membership.event_nid, *queries_state.held_among(tx, membership.room_nid, nids)}
        return list({stored[nid].event.key: nid for nid in nids if nid in stored and nid in held}.values())

    def summary(self, tx: Transaction, room_nid: int, user_id: str) -> dict[str, Any]:
        """Counts, and for a room without a name heroes.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync_response-200_roomsummary
        """
        counts = queries_members.count_members(tx, room_nid)
        summary: dict[str, Any] = {
            "m.joined_member_count": counts.get("join", 0),
            "m.invited_member_count": counts.get("invite", 0),
        }
        if self._is_named(tx, room_nid):
            return summary
        return {"m.heroes": self.heroes(tx, room_nid, user_id), **summary}

    def heroes(self, tx: Transaction, room_nid: int, user_id: str) -> list[str]:
        """After whom to call a room without a name, for one of its users."""
        heroes = queries_members.first_members(tx, room_nid, ("join", "invite"), user_id, _MOST_HEROES)
        return heroes or queries_members.first_members(tx, room_nid, ("leave", "ban"), user_id, _MOST_HEROES)

    def _timeline(
        self, tx: Transaction, room_nid: int, span: Span, keep: Callable[[list[int]], list[int]]
    ) -> tuple[list[int], bool, int | None]:
        """(numbers oldest first of those that `keep` keeps, whether there were more, the oldest looked at).

        What was before a gap of the room's history is left out, as if it were too much: clients take the events of a
        timeline for adjacent, and would never ask for what is missing in between.
        """
        gap = queries_rooms.find_timeline_gap(tx, room_nid, span.since, span.upto)
        since = span.since if gap is None else gap - 1
        found = queries_events.timeline_after(tx, room_nid, since, span.upto, span.limit + 1)
        kept, has_all = keep(found), len(found) <= span.limit
        if not has_all and len(kept) < len(found):
            found = queries_events.timeline_after(tx, room_nid, since, span.upto, _MOST_SCANNED + 1)
            kept, has_all = [], len(found) <= _MOST_SCANNED
            for start in range(0, len(found), _SCANNED_AT_ONCE):
                kept += keep(found[start : start + _SCANNED_AT_ONCE])
                if len(kept) > span.limit:
                    break
        is_limited = len(kept) > span.limit or not has_all or gap is not None
        return kept[: span.limit][::-1], is_limited, found[-1] if found else None

    def _wanted(self, tx: Transaction, nids: list[int], span: Span) -> list[int]:
        if span.is_wanted is None:
            return nids
        events = self._loader.get_many(tx, nids)
        return [nid for nid in nids if span.is_wanted(events[nid].pdu)]

    def _is_named(self, tx: Transaction, room_nid: int) -> bool:
        """Whether the room has a name or a canonical alias."""
        events = self._loader.get_many(tx, queries_state.current_of_types(tx, room_nid, list(_NAMED_BY)))
        return any(event.content.get(_NAMED_BY[event.type]) for event in events.values())

    def _begins_room(self, tx: Transaction, nid: int | None) -> bool:
        return nid is not None and self._loader.get(tx, nid).type == "m.room.create"

    def _readable(self, tx: Transaction, room_nid: int, nids: list[int], user_id: str, span: Span) -> list[int]:
        """Of a joined user: what the history shows, and what is state now, which the user may read anyway; where that
        were left out, neither the timeline nor the state before it would have it."""
        visible = self._visible(tx, room_nid, nids, user_id)
        if len(visible) == len(nids):
            return visible
        kept = {*visible, *self._state_at(tx, room_nid, span.upto).values()}
        return [nid for nid in nids if nid in kept]

    def _visible(self, tx: Transaction, room_nid: int, nids: list[int], user_id: str) -> list[int]:
        stored = self._loader.stored_by_nid(tx, nids)
        reader = self._visibility.reader(tx, room_nid, user_id)
        ordered = [stored[nid] for nid in nids if nid in stored]
        return [one.event_nid for one in self._visibility.visible_to(tx, reader, ordered)]

    def _state_at(self, tx: Transaction, room_nid: int, upto: int, event_nid: int = LAST_NID) -> State:
        """What was current then, which in a room that has forked is not the state after any one event."""
        snapshot_nid = queries_state.find_snapshot_at(tx, room_nid, upto, event_nid)
        return EMPTY if snapshot_nid is None else self._snapshots.get(tx, snapshot_nid)

    def _state_before(self, tx: Transaction, room_nid: int, nids: list[int], span: Span) -> State:
        """The state before the first event shown; the current one where none is."""
        if nids:
            return self._before(tx, room_nid, nids[0])
        current_nid = queries_rooms.find_current_snapshot(tx, room_nid)
        return EMPTY if current_nid is None else self._snapshots.get(tx, current_nid)

    def _before(self, tx: Transaction, room_nid: int, event_nid: int) -> State:
        """The room's state when a live event came, without what that set itself. What else its coming changed is
        included: no event of the timeline tells of it."""
        stored = self._loader.stored_by_nid(tx, [event_nid])[event_nid]
        if stored.position is None or stored.state_before is None:
            return EMPTY
        state = self._state_at(tx, room_nid, stored.position, event_nid)
        if not stored.event.is_state or state.get(stored.event.key) != event_nid:
            return state
        replaced_nid = self._snapshots.get(tx, stored.state_before).get(stored.event.key)
        return apply(state, {stored.event.key: replaced_nid})

    def _prev_batch(self, tx: Transaction, room_nid: int, nids: list[int], span: Span) -> Place:
        if nids:
            return Place(self._loader.get(tx, nids[0]).depth, nids[0])
        return Place(*queries_events.place_at_position(tx, room_nid, span.upto))
