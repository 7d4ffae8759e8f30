"""What an answer tells of one room the user is in: what is new since the connection was last told of it.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#room-results
"""

from __future__ import annotations

import msgspec

from homeserver.database import Transaction
from homeserver.protocol.events import StateKey
from homeserver.rooms.partial import PartialRooms
from homeserver.rooms.timeline import Span, TimelineReader
from homeserver.rooms.tokens import PlaceToken
from homeserver.sync.sliding.ask import SlidingAsk
from homeserver.sync.sliding.configs import Configs
from homeserver.sync.sliding.contents import RoomContents
from homeserver.sync.sliding.describing import Describing
from homeserver.sync.sliding.draft import Draft, Json, Part
from homeserver.sync.sliding.memory import RoomMemory
from homeserver.sync.sources import UnreadSource


class JoinedRooms:
    """Callable within a transaction."""

    def __init__(
        self,
        timeline: TimelineReader,
        contents: RoomContents,
        describing: Describing,
        unread: UnreadSource,
        partial: PartialRooms,
    ) -> None:
        self._timeline = timeline
        self._contents = contents
        self._describing = describing
        self._unread = unread
        self._partial = partial

    def tell(self, tx: Transaction, ask: SlidingAsk, configs: Configs, draft: Draft) -> None:
        """Fill in the draft of a room that the user is joined to."""
        before = draft.before
        if before is not None and (self._has_been_away(tx, draft, before) or self._is_whole_since(draft, before)):
            before = draft.before = None
        if before is None:
            self._tell_initial(tx, ask, configs, draft)
            return
        is_dm = draft.row.room_id in ask.direct
        has_changed = ask.changes.has_room(draft.row.room_nid, before.position)
        grown = configs.more_than(before.config, draft.wanted.state)
        if has_changed or grown is not None or draft.wanted.limit > before.shown:
            self._tell_changes(tx, ask, configs, draft, before)
        elif is_dm == before.is_dm:
            return
        if is_dm != before.is_dm:
            draft.entry["is_dm"] = is_dm
            draft.remember(is_dm=is_dm)
        draft.is_news = bool(draft.entry)
        if draft.is_news and "notification_count" not in draft.entry:
            # Clients of the unstable shape take their absence for zero.
            draft.entry.update(self._counts(tx, ask, draft))

    def _has_been_away(self, tx: Transaction, draft: Draft, before: RoomMemory) -> bool:
        if before.membership != "join":
            return True
        row = draft.row
        return row.position > before.position and not self._timeline.was_joined(tx, row, before.position)

    def _is_whole_since(self, draft: Draft, before: RoomMemory) -> bool:
        """Whether it became known since who is in the room: it was told at once, with the members that were known, and
        its counts, heroes and members are others now without anything having happened."""
        return self._partial.is_completed_since(draft.row.room_nid, before.position)

    def _tell_initial(self, tx: Transaction, ask: SlidingAsk, configs: Configs, draft: Draft) -> None:
        part = self._whole(tx, ask, draft, None)
        is_dm = draft.row.room_id in ask.direct
        draft.now = RoomMemory(
            position=ask.upto.position,
            shown=draft.wanted.limit,
            config=configs.index(draft.wanted.state),
            membership="join",
            is_dm=is_dm,
        )
        draft.entry = {
            "initial": True,
            **({"is_dm": True} if is_dm else {}),
            **self._describing.whole(tx, ask, draft.row),
        }
        self._contents.put(tx, ask, draft, part)
        draft.entry.update(self._counts(tx, ask, draft))
        draft.is_whole = draft.is_news = True

    def _tell_changes(
        self, tx: Transaction, ask: SlidingAsk, configs: Configs, draft: Draft, before: RoomMemory
    ) -> None:
        row, wanted = draft.row, draft.wanted
        upto = ask.upto.position
        changed: dict[StateKey, int | None] = {}
        if ask.changes.has_room(row.room_nid, before.position):
            changed = self._timeline.changed_keys(tx, row.room_nid, before.position, upto)
        grown = configs.more_than(before.config, wanted.state)
        keys = set(changed) if grown is None else {*changed, *grown.of(self._state(tx, ask, draft))}
        shown = before.shown
        if wanted.limit > shown:
            part = self._whole(tx, ask, draft, keys)
            shown = wanted.limit
            draft.is_whole = True
        else:
            part = self._delta(tx, ask, draft, keys, before.position)
            shown = wanted.limit if part.is_limited else min(shown + len(part.timeline), 1_000_000)
        config = configs.index(wanted.state)
        draft.now = msgspec.structs.replace(before, position=upto, shown=shown, config=config)
        draft.entry = self._describing.changes(tx, ask, row, changed, before.position)
        self._contents.put(tx, ask, draft, part)
        counts = self._counts(tx, ask, draft)
        if draft.entry or draft.now.unread != before.unread:
            draft.entry.update(counts)
        if draft.is_whole and draft.entry:
            draft.entry["expanded_timeline"] = True

    def _state(self, tx: Transaction, ask: SlidingAsk, draft: Draft) -> dict[StateKey, int]:
        return dict(self._timeline.state_map(tx, draft.row.room_nid, ask.upto.position))

    def _whole(self, tx: Transaction, ask: SlidingAsk, draft: Draft, changed: set[StateKey] | None) -> Part:
        """The last events, whether or not they were told before."""
        row = draft.row
        span = Span(0, ask.upto.position, draft.wanted.limit)
        delta = self._timeline.whole(tx, row.room_nid, span, row.user_id, is_again=False)
        state = self._timeline.state_map(tx, row.room_nid, ask.upto.position)
        prev = str(PlaceToken(place=delta.prev_batch))
        return Part(delta.timeline, delta.is_limited, prev, state, changed, is_whole=True)

    def _delta(self, tx: Transaction, ask: SlidingAsk, draft: Draft, keys: set[StateKey], since: int) -> Part:
        """The events since those told."""
        row = draft.row
        delta = self._timeline.delta(tx, row.room_nid, Span(since, ask.upto.position, draft.wanted.limit))
        state = self._timeline.state_map(tx, row.room_nid, ask.upto.position)
        prev = str(PlaceToken(place=delta.prev_batch))
        return Part(delta.timeline, delta.is_limited, prev, state, keys)

    def _counts(self, tx: Transaction, ask: SlidingAsk, draft: Draft) -> Json:
        """Unread counts, which only the unstable shape has."""
        if ask.request.is_stable:
            return {}
        total = self._unread.unread(tx, ask.user_id, draft.row.room_nid).total
        draft.remember(unread=(total[0], total[1]))
        return {"notification_count": total[0], "highlight_count": total[1]}
