"""Whom an event notifies, of those who have pushers. A rule set is evaluated once, however many have it.

https://spec.matrix.org/v1.19/client-server-api/#push-rules
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from homeserver.database import Transaction
from homeserver.protocol.client_format import client_event
from homeserver.protocol.push_conditions import Occasion
from homeserver.protocol.push_evaluation import Outcome, UnknownRoom, UserRules, named_in
from homeserver.rooms.counting import OccasionParts, RoomOccasion
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import ReadPlace, StoredEvent
from homeserver.slices.push import queries_events
from homeserver.slices.push.queries_events import Candidate
from homeserver.slices.push.records import LAST_NID, Due

RulesOf = Callable[[Transaction, Collection[str]], Mapping[str, UserRules]]

_MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Missed:
    """What a user was not told yet, in order. `upto`: nothing before this place is left out."""

    due: list[Due]
    upto: ReadPlace
    is_all: bool


class Deciding:
    """Callable in any thread, within a read."""

    def __init__(self, parts: RoomParts, rules_of: RulesOf) -> None:
        self._parts = parts
        self._rules_of = rules_of

    def in_room(self, tx: Transaction, room_nid: int, first: int, last: int, audience: Mapping[str, int]) -> list[Due]:
        """Whom the events of a room notify that came between two positions. `audience`: user id to the position since
        which they are in it."""
        rules = self._rules_of(tx, audience)
        due: list[Due] = []
        candidates = queries_events.events_of_room(tx, room_nid, first, last)
        events = self._parts.loader.stored_by_nid(tx, [one.event_nid for one in candidates])
        for candidate in candidates:
            stored = events.get(candidate.event_nid)
            if stored is not None:
                due += self._of_event(tx, candidate, stored, audience, rules)
        return due

    def for_user(self, tx: Transaction, user_id: str, after: ReadPlace, now: int) -> Missed:
        """What notifies a user of all that came after a place, up to a position at least; a part where it is much."""
        rows = queries_events.events_for(tx, user_id, after.position, _MOST_AT_ONCE)
        is_all = len(rows) < _MOST_AT_ONCE
        last = ReadPlace(now, LAST_NID) if is_all else ReadPlace(*rows[-1][:2])
        invites = [one for one in queries_events.invites_for(tx, user_id, after.position) if one[:2] <= last]
        candidates = [one for one in sorted([*rows, *invites]) if one[:2] > after]
        events = self._parts.loader.stored_by_nid(tx, [one.event_nid for one in candidates])
        rules = self._rules_of(tx, [user_id])[user_id]
        due = []
        for candidate in candidates:
            stored = events.get(candidate.event_nid)
            if stored is None or stored.event.sender == user_id:
                continue
            outcome = rules.outcome(self._occasion(tx, candidate, stored), user_id)
            if outcome is not None and outcome.figure.notify:
                due.append(_due(user_id, candidate, outcome))
        return Missed(due, max(after, last), is_all)

    def _of_event(
        self,
        tx: Transaction,
        candidate: Candidate,
        stored: StoredEvent,
        audience: Mapping[str, int],
        rules: Mapping[str, UserRules],
    ) -> Iterator[Due]:
        occasion, sender = self._occasion(tx, candidate, stored), stored.event.sender
        named, known = set(named_in(occasion.event)), dict[int, Outcome | None]()
        for user_id, since in audience.items():
            if user_id == sender or since > candidate.position:
                continue
            own = rules[user_id]
            if own.needs_names or user_id in named:
                outcome = own.outcome(occasion, user_id)
            elif id(own) in known:
                outcome = known[id(own)]
            else:
                outcome = known[id(own)] = own.outcome(occasion, None)
            if outcome is not None and outcome.figure.notify:
                yield _due(user_id, candidate, outcome)

    def _occasion(self, tx: Transaction, candidate: Candidate, stored: StoredEvent) -> Occasion:
        if stored.state_before is None:
            return UnknownRoom(client_event(stored.event))
        parts = OccasionParts(self._parts.snapshots, self._parts.loader)
        return RoomOccasion(tx, parts, stored.event, candidate.room_nid, stored.state_before)


def _due(user_id: str, candidate: Candidate, outcome: Outcome) -> Due:
    place = ReadPlace(candidate.position, candidate.event_nid)
    return Due(
        user_id, candidate.room_nid, place, outcome.actions, outcome.tweaks, candidate.thread_id, candidate.is_invite
    )
