"""The extensions that tell of rooms: account data, receipts, typing. And account data that is about no room.

Each goes by what the connection was told of it before, room by room: one that comes into the window later than a change
gets the change then.

https://github.com/matrix-org/matrix-spec-proposals/pull/3959 (account data), 3960 (receipts), 3961 (typing)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from homeserver.database import Transaction
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.timeline import Span, TimelineReader
from homeserver.sync.sliding.ask import SlidingAsk
from homeserver.sync.sliding.asking import RoomScope
from homeserver.sync.sliding.draft import Draft, Json
from homeserver.sync.sliding.sources import SlidingSources

ACCOUNT_DATA = "account_data"


class RoomExtensions:
    """Callable within a transaction. Each adds to `answer` what is new, and says whether that is worth an answer."""

    def __init__(self, sources: SlidingSources, timeline: TimelineReader, loader: EventLoader) -> None:
        self._sources = sources
        self._timeline = timeline
        self._loader = loader

    def add_account_data(
        self, tx: Transaction, ask: SlidingAsk, drafts: Collection[Draft], answer: Json, told: dict[str, int]
    ) -> bool:
        """The user's own, and that of the rooms in scope. `told`: up to where what is about no room was told."""
        scope = ask.request.extensions.account_data
        if scope is None:
            return False
        since = ask.told.memory.extensions.get(ACCOUNT_DATA, 0)
        events: list[Json] = []
        if since == 0 or ask.changes.has_topic("account_data", since):
            events += self._sources.usual.account_data.global_since(tx, ask.user_id, since)
        if since == 0 or ask.changes.has_topic("push_rules", since):
            events += self._sources.usual.push_rules.push_rules_since(tx, ask.user_id, since)
        if since == 0 or ask.changes.has_topic("account_data", since) or ask.changes.has_topic("push_rules", since):
            told[ACCOUNT_DATA] = ask.upto.position
        rooms = self._account_data_of_rooms(tx, ask, in_scope(scope, drafts))
        parts: Json = {**({"global": events} if events else {}), **({"rooms": rooms} if rooms else {})}
        if parts:
            answer["account_data"] = parts
        return bool(parts)

    def add_receipts(self, tx: Transaction, ask: SlidingAsk, drafts: Collection[Draft], answer: Json) -> bool:
        """Of rooms new to the client those at the events it is told, and its own; of others what changed."""
        scope = ask.request.extensions.receipts
        if scope is None:
            return False
        rooms: dict[str, Json] = {}
        changed: dict[str, Draft] = {}
        for draft in in_scope(scope, drafts, joined_only=True):
            known = 0 if draft.before is None else draft.before.receipts
            content: Json = {}
            if known == 0:
                content = self._first_receipts(tx, ask, draft)
            elif draft.is_whole:
                content = self._receipts_at(tx, ask, draft, draft.timeline)
            if content:
                rooms[draft.row.room_id] = {"type": "m.receipt", "content": content}
            has_changed = ask.changes.has_room(draft.row.room_nid, known)
            if known and has_changed:
                changed[draft.row.room_id] = draft
            if has_changed or known == 0:
                draft.remember(receipts=ask.upto.position)
        for room_id, content in self._changed_receipts(tx, ask, changed).items():
            before = rooms.get(room_id, {}).get("content", {})
            rooms[room_id] = {"type": "m.receipt", "content": _merged(before, content)}
        if rooms:
            answer["receipts"] = {"rooms": rooms}
        self._note(drafts, rooms)
        return bool(rooms)

    def add_typing(self, ask: SlidingAsk, drafts: Collection[Draft], answer: Json) -> bool:
        """Where the people typing are not those who were; of rooms new to the client where anybody is."""
        scope = ask.request.extensions.typing
        if scope is None:
            return False
        rooms: dict[str, Json] = {}
        for draft in in_scope(scope, drafts, joined_only=True):
            known = 0 if draft.before is None else draft.before.typing
            users = self._sources.usual.typing.typing_since(draft.row.room_nid, known)
            if users or (users is not None and known):
                rooms[draft.row.room_id] = {"type": "m.typing", "content": {"user_ids": users}}
            if users is not None or known == 0:
                draft.remember(typing=ask.upto.volatile)
        if rooms:
            answer["typing"] = {"rooms": rooms}
        self._note(drafts, rooms)
        return bool(rooms)

    def _note(self, drafts: Collection[Draft], rooms: Collection[str]) -> None:
        """What the answer has of these rooms is to be written down."""
        if rooms:
            for draft in drafts:
                if draft.row.room_id in rooms:
                    draft.is_news = True

    def _account_data_of_rooms(
        self, tx: Transaction, ask: SlidingAsk, drafts: Sequence[Draft]
    ) -> dict[str, list[Json]]:
        rooms: dict[str, list[Json]] = {}
        known = {draft.row.room_id: 0 if draft.before is None else draft.before.account_data for draft in drafts}
        for draft in drafts:
            if known[draft.row.room_id] == 0:
                rooms[draft.row.room_id] = self._sources.usual.account_data.of_room(tx, ask.user_id, draft.row.room_id)
        since = min((position for position in known.values() if position), default=None)
        has_changed = since is not None and ask.changes.has_topic("account_data", since)
        if since is not None and has_changed:
            changed = self._sources.room_account_data.rooms_changed_since(tx, ask.user_id, since)
            for room_id, events in changed.items():
                if known.get(room_id):
                    rooms[room_id] = [event for position, event in events if position > known[room_id]]
        for draft in drafts:
            if has_changed or known[draft.row.room_id] == 0:
                draft.remember(account_data=ask.upto.position)
        found = {room_id: events for room_id, events in rooms.items() if events}
        self._note(drafts, found)
        return found

    def _first_receipts(self, tx: Transaction, ask: SlidingAsk, draft: Draft) -> Json:
        nids = draft.timeline
        if not draft.is_whole:
            # The client has seen these events before it asked for receipts.
            limit = max(draft.wanted.limit, 1)
            span = Span(0, ask.upto.position, limit)
            nids = self._timeline.whole(tx, draft.row.room_nid, span, ask.user_id, is_again=False).timeline
        return self._receipts_at(tx, ask, draft, nids)

    def _receipts_at(self, tx: Transaction, ask: SlidingAsk, draft: Draft, nids: Sequence[int]) -> Json:
        event_ids = [event.event_id for event in self._loader.get_many(tx, nids).values()]
        return self._sources.event_receipts.receipts_at(
            tx, draft.row.room_id, event_ids, ask.upto.position, ask.user_id
        )

    def _changed_receipts(self, tx: Transaction, ask: SlidingAsk, drafts: Mapping[str, Draft]) -> Mapping[str, Json]:
        """Room id to content, of what changed since each room was told."""
        found: dict[str, Json] = {}
        by_since: dict[int, list[str]] = {}
        for room_id, draft in drafts.items():
            since = draft.before.receipts if draft.before is not None else 0
            by_since.setdefault(since, []).append(room_id)
        for since, room_ids in by_since.items():
            found.update(
                self._sources.usual.receipts.receipts_between(tx, room_ids, since, ask.upto.position, ask.user_id)
            )
        return found


def in_scope(scope: RoomScope, drafts: Collection[Draft], *, joined_only: bool = False) -> list[Draft]:
    """Those of the rooms the client knows, or is being told of, for which an extension is wanted."""
    known = [draft for draft in drafts if draft.before is not None or draft.now is not None]
    if joined_only:
        known = [draft for draft in known if draft.row.membership == "join"]
    if scope.is_everywhere:
        return known
    return [
        draft for draft in known if scope.has(draft.row.room_id, tuple(draft.wanted.lists), draft.wanted.is_subscribed)
    ]


def _merged(one: Json, other: Json) -> Json:
    """Both contents of `m.receipt` events."""
    merged: Json = {event_id: dict(by_type) for event_id, by_type in one.items()}
    for event_id, by_type in other.items():
        own = merged.setdefault(event_id, {})
        for receipt_type, readers in by_type.items():
            own[receipt_type] = {**own.get(receipt_type, {}), **readers}
    return merged
