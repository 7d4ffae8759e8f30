"""One `/sync` answer, put together within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec

from homeserver.database import Transaction
from homeserver.protocol.event_fields import EventFields
from homeserver.protocol.filters import Matcher, SyncFilter
from homeserver.protocol.requester import Requester
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.partial import PartialRooms
from homeserver.rooms.records import Membership
from homeserver.rooms.snapshots import EMPTY
from homeserver.rooms.timeline import RoomDelta, Span, TimelineReader
from homeserver.rooms.tokens import PlaceToken
from homeserver.rooms.views import Viewer
from homeserver.sync.invites import UnwantedInvites
from homeserver.sync.lazy_members import SentMembers
from homeserver.sync.presenting import Presenter, Reader
from homeserver.sync.sources import Json, Sources
from homeserver.sync.tokens import SyncToken

#: Among so many events it is found out whose presence to tell though nothing is known of it.
_MOST_TO_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Ask:
    """What one answer is to cover. `changed`: the rooms with changes, None where that is not known. `has_topic`:
    whether there may be changes under a topic. `names_rooms`: whether each event of a room says of which it is, which
    in `/sync` stands beside them. `newcomers`: filled on the way with the members that are shown for the first time."""

    requester: Requester
    filter: SyncFilter
    since: SyncToken | None
    upto: SyncToken
    memberships: Mapping[int, Membership]
    changed: set[int] | None
    now_ms: int
    has_account_data: bool = True
    full_state: bool = False
    state_key: str = "state"
    ignored: Collection[str] = ()
    has_topic: Callable[[str], bool] = lambda topic: True
    names_rooms: bool = False
    newcomers: set[str] = field(default_factory=set)

    @property
    def since_position(self) -> int:
        """0 for an initial sync."""
        return 0 if self.since is None else self.since.position

    @property
    def is_state_after(self) -> bool:
        """Whether the state is that at the end of the timeline, and the timeline sets none."""
        return self.state_key != "state"

    @property
    def since_volatile(self) -> int:
        """0 for an initial sync."""
        return 0 if self.since is None else self.since.volatile


class Section(Protocol):
    """A part of the answer beside those that are composed here."""

    def add_to(self, tx: Transaction, ask: Ask, answer: Json) -> None:
        """Put what is new into the answer; nothing where nothing is. `next_batch` is set where it has to differ."""


class AnswerComposer:
    """Composes answers. Callable within a transaction."""

    def __init__(
        self,
        parts: RoomParts,
        timeline: TimelineReader,
        sources: Sources,
        sent_members: SentMembers,
        partial: PartialRooms,
        sections: Sequence[Section] = (),
    ) -> None:
        self._parts = parts
        self._timeline = timeline
        self._sources = sources
        self._sent_members = sent_members
        self._partial = partial
        self._sections = sections
        self._presenter = Presenter(parts.loader, parts.views)
        self._unwanted = UnwantedInvites(parts.loader, sources.account_data)

    def compose(self, tx: Transaction, ask: Ask) -> Json:
        """The answer without `next_batch`; empty where there is nothing to tell."""
        answer: Json = {}
        ignored = self._sources.account_data.ignored_users(tx, ask.requester.user_id)
        rooms = self._rooms(tx, replace(ask, ignored=ignored) if ignored else ask)
        if rooms:
            answer["rooms"] = rooms
        presence = self._sources.presence.presence_since(ask.requester.user_id, ask.since_volatile)
        unknown = self._sources.presence.presence_of_unknown(ask.newcomers)
        _put_events(answer, "presence", [*presence, *unknown], ask.filter.presence)
        if ask.has_account_data:
            user_id = ask.requester.user_id
            events = self._sources.account_data.global_since(tx, user_id, ask.since_position)
            events = [*events, *self._sources.push_rules.push_rules_since(tx, user_id, ask.since_position)]
            _put_events(answer, "account_data", events, ask.filter.account_data)
        for section in self._sections:
            section.add_to(tx, ask, answer)
        return answer

    def _rooms(self, tx: Transaction, ask: Ask) -> Json:
        sections: dict[str, dict[str, Any]] = {"join": {}, "invite": {}, "knock": {}, "leave": {}}
        account_data: Mapping[str, list[Json]] = {}
        if ask.has_account_data:
            account_data = self._sources.account_data.rooms_since(tx, ask.requester.user_id, ask.since_position)
        joined: list[Membership] = []
        for row in ask.memberships.values():
            if row.position > ask.upto.position or not ask.filter.lets_room(row.room_id):
                continue
            if row.membership == "join":
                # Who wants all members is shown the room once all are known.
                if ask.filter.lazy_load_members or self._partial.is_whole_at(row.room_nid, ask.upto.position):
                    joined.append(row)
            else:
                self._add_other(tx, ask, row, sections)
        receipts = self._receipts(tx, ask, joined)
        for row in joined:
            entry = self._joined(tx, ask, row, receipts.get(row.room_id), account_data.get(row.room_id))
            if entry:
                sections["join"][row.room_id] = entry
        return {name: entries for name, entries in sections.items() if entries}

    def _add_other(self, tx: Transaction, ask: Ask, row: Membership, sections: dict[str, dict[str, Any]]) -> None:
        """Invites, knocks and rooms left, where they are new."""
        is_new = row.position > ask.since_position
        if row.membership in ("invite", "knock"):
            if (is_new or ask.full_state) and not self._unwanted.hides(tx, row):
                key = f"{row.membership}_state"
                sections[row.membership][row.room_id] = {key: {"events": self._timeline.stripped(tx, row)}}
        elif (
            is_new and (ask.since is not None or ask.filter.include_leave) and not (row.forgotten and ask.since is None)
        ):
            sections["leave"][row.room_id] = self._left(tx, ask, row)

    def _receipts(self, tx: Transaction, ask: Ask, joined: Iterable[Membership]) -> Mapping[str, Json]:
        room_ids = [row.room_id for row in joined if ask.changed is None or row.room_nid in ask.changed]
        if not room_ids:
            return {}
        return self._sources.receipts.receipts_between(
            tx, room_ids, ask.since_position, ask.upto.position, ask.requester.user_id
        )

    def _left(self, tx: Transaction, ask: Ask, row: Membership) -> Json:
        span = Span(ask.since_position, ask.upto.position, ask.filter.timeline_limit, ask.filter.timeline)
        delta = self._timeline.departed(tx, row, span)
        state = delta.state
        if ask.is_state_after:
            state = (*state, *self._timeline.last_state_of(tx, row, delta.timeline))
        return {
            "timeline": self._timeline_json(tx, ask, delta),
            ask.state_key: {"events": self._events(tx, ask, state, ask.filter.state)},
            "account_data": {"events": []},
        }

    def _joined(
        self, tx: Transaction, ask: Ask, row: Membership, receipt: Json | None, account_data: list[Json] | None
    ) -> Json:
        is_new = row.position > ask.since_position and not self._timeline.was_joined(tx, row, ask.since_position)
        is_new = is_new or (not ask.filter.lazy_load_members and self._is_completed(ask, row))
        entry: Json = {}
        if is_new or ask.full_state or ask.changed is None or row.room_nid in ask.changed:
            entry = self._changed_room(tx, ask, row, is_new)
        ephemeral = self._ephemeral(ask, row, receipt)
        if ephemeral or is_new:
            entry["ephemeral"] = {"events": ephemeral}
        if is_new and ask.since is not None:
            # What was set in an earlier stay in the room, or before it.
            account_data = self._sources.account_data.of_room(tx, row.user_id, row.room_id)
        kept = [one for one in account_data or () if _passes(ask.filter.room_account_data, one)]
        if kept or is_new:
            # There are clients that want each part of a room they have not seen before.
            entry["account_data"] = {"events": kept}
        if entry or _has_read(row.user_id, receipt):
            entry.update(self._unread(tx, ask, row))
        return entry

    def _is_completed(self, ask: Ask, row: Membership) -> bool:
        """Whether it became known since who is in the room."""
        return ask.since is not None and self._partial.is_completed_since(row.room_nid, ask.since_position)

    def _changed_room(self, tx: Transaction, ask: Ask, row: Membership, is_new: bool) -> Json:
        span = Span(ask.since_position, ask.upto.position, ask.filter.timeline_limit, ask.filter.timeline)
        if is_new:
            whole = Span(0, span.upto, span.limit, span.is_wanted)
            delta = self._timeline.whole(tx, row.room_nid, whole, row.user_id, is_again=ask.since is not None)
        else:
            delta = self._timeline.delta(tx, row.room_nid, span)
        state = delta.state
        if (ask.is_state_after and is_new) or (ask.full_state and not is_new):
            state = tuple(self._timeline.state_at(tx, row.room_nid, span.upto))
        elif ask.is_state_after:
            state = tuple(self._timeline.changes_between(tx, row.room_nid, span.since, span.upto))
        is_completed = self._is_completed(ask, row)
        if not (is_new or ask.full_state or delta.timeline or state or is_completed):
            return {}
        state = self._lazy(tx, ask, row, delta, state, is_new)
        timeline = self._timeline_json(tx, ask, delta)
        state_events = self._events(tx, ask, state, ask.filter.state)
        if ask.since is not None and (is_new or delta.has_member_changes):
            ask.newcomers.update(self._members_among(tx, [*state, *delta.timeline]))
        if not (is_new or ask.full_state or timeline["events"] or timeline["limited"] or state_events or is_completed):
            return {}
        entry: Json = {"timeline": timeline, ask.state_key: {"events": state_events}}
        if is_new or delta.has_member_changes or is_completed:
            entry["summary"] = self._timeline.summary(tx, row.room_nid, row.user_id)
        return entry

    def _members_among(self, tx: Transaction, nids: Sequence[int]) -> Iterable[str]:
        """Who is joined by some of the events; nobody where that would be a crowd."""
        if len(nids) > _MOST_TO_SEARCH:
            return ()
        events = self._parts.loader.get_many(tx, nids).values()
        members = (event for event in events if event.type == "m.room.member")
        return [str(event.state_key) for event in members if event.content.get("membership") == "join"]

    def _lazy(
        self, tx: Transaction, ask: Ask, row: Membership, delta: RoomDelta, state: tuple[int, ...], is_new: bool
    ) -> tuple[int, ...]:
        """With lazy loading, of the members only those that matter to what is shown."""
        if not ask.filter.lazy_load_members:
            return state
        events = self._parts.loader.get_many(tx, [*state, *delta.timeline])
        shown = {str(event.state_key) for nid in delta.timeline if (event := events[nid]).type == "m.room.member"}
        needed = {events[nid].sender for nid in delta.timeline if nid in events}
        needed = needed | shown if ask.is_state_after else needed - shown
        if is_new:
            needed.add(row.user_id)
            needed |= set(self._timeline.summary(tx, row.room_nid, row.user_id).get("m.heroes", ()))
        changed = {nid for nid in state if events[nid].type == "m.room.member"}
        others = tuple(nid for nid in state if nid not in changed)
        members = self._timeline.members(tx, row.room_nid, needed, ask.upto.position)
        if not needed.issubset(members):
            members = {**self._parts.unseen.sender_members(tx, EMPTY, delta.timeline), **members}
        if not is_new:
            members.update({str(events[nid].state_key): nid for nid in changed})
        fresh = self._sent_members.fresh(ask.requester, row.room_nid, members, ask)
        return (*others, *fresh)

    def _timeline_json(self, tx: Transaction, ask: Ask, delta: RoomDelta) -> Json:
        shown = self._presenter.without_ignored(tx, delta.timeline, ask.ignored)
        return {
            "events": self._events(tx, ask, shown, None, is_bundled=delta.is_limited),
            "limited": delta.is_limited,
            "prev_batch": str(PlaceToken(place=delta.prev_batch)),
        }

    def _events(
        self, tx: Transaction, ask: Ask, nids: Sequence[int], matcher: Matcher | None, *, is_bundled: bool = False
    ) -> list[msgspec.Raw]:
        fields = EventFields(ask.filter.event_fields) if ask.filter.event_fields else None
        viewer = Viewer.of(ask.requester, ask.now_ms)
        reader = Reader(viewer, is_bundled, fields, ask.filter.wants_pdus, ask.names_rooms)
        return self._presenter.present(tx, reader, nids, matcher)

    def _ephemeral(self, ask: Ask, row: Membership, receipt: Json | None) -> list[Json]:
        events: list[Json] = []
        typing = self._sources.typing.typing_since(row.room_nid, ask.since_volatile)
        if typing is not None:
            events.append(
                {"type": "m.typing", "content": {"user_ids": [one for one in typing if one not in ask.ignored]}}
            )
        if receipt and ask.ignored:
            receipt = _without_readers(receipt, ask.ignored)
        if receipt:
            events.append({"type": "m.receipt", "content": receipt})
        return [one for one in events if _passes(ask.filter.ephemeral, {**one, "room_id": row.room_id})]

    def _unread(self, tx: Transaction, ask: Ask, row: Membership) -> Json:
        unread = self._sources.notifications.unread(tx, row.user_id, row.room_nid)
        if not ask.filter.unread_thread_notifications:
            return {"unread_notifications": _counts(unread.total)}
        counts: Json = {"unread_notifications": _counts(unread.main)}
        if unread.threads:
            threads = {thread_id: _counts(count) for thread_id, count in unread.threads.items()}
            counts["unread_thread_notifications"] = threads
        return counts


def _counts(count: tuple[int, int]) -> Json:
    return {"notification_count": count[0], "highlight_count": count[1]}


def _without_readers(receipt: Json, ignored: Collection[str]) -> Json:
    """The content of an `m.receipt` event without what is of ignored users."""
    kept: Json = {}
    for event_id, by_type in receipt.items():
        for receipt_type, readers in by_type.items():
            others = {user_id: data for user_id, data in readers.items() if user_id not in ignored}
            if others:
                kept.setdefault(event_id, {})[receipt_type] = others
    return kept


def _has_read(user_id: str, receipt: Json | None) -> bool:
    """Whether a receipt of the user is among those of an `m.receipt` event's content."""
    return receipt is not None and any(
        user_id in readers for by_type in receipt.values() for readers in by_type.values()
    )


def _put_events(answer: Json, section: str, events: list[Json], matcher: Matcher | None) -> None:
    kept = [event for event in events if _passes(matcher, event)]
    if kept:
        answer[section] = {"events": kept}


def _passes(matcher: Matcher | None, event: Mapping[str, Any]) -> bool:
    return matcher is None or matcher(event)
