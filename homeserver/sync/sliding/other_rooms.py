"""What an answer tells of rooms the user is not in: invites, knocks, and what was left.

Of a room that was left nothing is told that came after the user's departure, but the membership itself.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#inviteknockrejections
"""

from __future__ import annotations

from dataclasses import replace

from homeserver.database import Transaction
from homeserver.protocol.events import StateKey
from homeserver.protocol.stripped import stripped
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.snapshots import EMPTY, State
from homeserver.rooms.timeline import Span, TimelineReader
from homeserver.rooms.tokens import PlaceToken
from homeserver.rooms.visibility import Departure
from homeserver.sync.sliding.ask import SlidingAsk
from homeserver.sync.sliding.configs import Configs
from homeserver.sync.sliding.contents import RoomContents
from homeserver.sync.sliding.describing import Describing
from homeserver.sync.sliding.draft import Draft, Part
from homeserver.sync.sliding.memory import RoomMemory
from homeserver.sync.sliding.required_state import MEMBER


class OtherRooms:
    """Callable within a transaction."""

    def __init__(
        self, parts: RoomParts, timeline: TimelineReader, contents: RoomContents, describing: Describing
    ) -> None:
        self._parts = parts
        self._timeline = timeline
        self._contents = contents
        self._describing = describing

    def tell_offered(self, tx: Transaction, ask: SlidingAsk, configs: Configs, draft: Draft) -> None:
        """Fill in the draft of an invite or a knock, once."""
        if _is_told(draft):
            return
        row = draft.row
        draft.entry = {
            "initial": True,
            "bump_stamp": row.position,
            "stripped_state": self._timeline.stripped(tx, row),
            **({"is_dm": True} if row.room_id in ask.direct else {}),
        }
        draft.now = _memory(ask, configs, draft)
        draft.is_news = draft.is_whole = True

    def tell_gone(self, tx: Transaction, ask: SlidingAsk, configs: Configs, draft: Draft) -> None:
        """Fill in the draft of a room that was left: once, and again where more is wanted of it."""
        before = draft.before
        more = None if before is None else configs.more_than(before.config, draft.wanted.state)
        is_told = _is_told(draft)
        if is_told and before is not None and more is None and draft.wanted.limit <= before.shown:
            return
        departure = self._parts.visibility.reader(tx, draft.row.room_nid, draft.row.user_id).departure
        if departure is None:
            if before is not None and not is_told:
                self._tell_refusal(tx, ask, configs, draft)
            return
        state = self._last_state(tx, draft, departure)
        # Was told of as joined, or of this very departure, whatever became of the membership since.
        was_in = before is not None and (before.membership == "join" or departure.position <= before.position)
        is_expanded = is_told and before is not None and draft.wanted.limit > before.shown
        since = before.position if before is not None and was_in and not is_expanded else 0
        changed: set[StateKey] | None = None
        if before is not None and was_in:
            changed = self._changed(tx, draft, before.position, departure)
            changed |= set() if more is None else set(more.of(dict(state)))
        draft.now = _memory(ask, configs, draft)
        if changed is None:
            draft.entry = {"initial": True, **self._describing.named(tx, state)}
        if is_told and not is_expanded:
            # Its events are known; only more of its state is wanted.
            part = Part((), False, "", state, changed)
        else:
            part = self._part(tx, ask, draft, state, since)
            part = replace(part, changed=changed, is_whole=changed is None or is_expanded)
        self._contents.put(tx, ask, draft, part)
        if is_expanded:
            draft.entry["expanded_timeline"] = True
        if not is_told:
            draft.entry["bump_stamp"] = draft.row.position
        draft.is_whole = part.is_whole
        draft.is_news = bool(draft.entry)

    def _part(self, tx: Transaction, ask: SlidingAsk, draft: Draft, state: State, since: int) -> Part:
        delta = self._timeline.departed(tx, draft.row, Span(since, ask.upto.position, draft.wanted.limit))
        return Part(delta.timeline, delta.is_limited, str(PlaceToken(place=delta.prev_batch)), state, None)

    def _last_state(self, tx: Transaction, draft: Draft, departure: Departure) -> State:
        """The state as the user left it, with what they are in the room now."""
        state = self._parts.snapshots.get(tx, departure.snapshot_nid)
        return state.set((MEMBER, draft.row.user_id), draft.row.event_nid)

    def _changed(self, tx: Transaction, draft: Draft, since: int, departure: Departure) -> set[StateKey]:
        """The state keys that may be new since a position."""
        keys: set[StateKey] = set()
        if draft.row.position > since:
            keys.add((MEMBER, draft.row.user_id))
        if departure.position > since:
            keys |= set(self._timeline.changed_keys(tx, draft.row.room_nid, since, departure.position))
        return keys

    def _tell_refusal(self, tx: Transaction, ask: SlidingAsk, configs: Configs, draft: Draft) -> None:
        """A room that the user never was in, or forgot: an invite or a knock that came to nothing. There is the
        membership alone to tell of."""
        row = draft.row
        stored = self._parts.loader.stored_by_nid(tx, [row.event_nid]).get(row.event_nid)
        if stored is None:
            return
        draft.entry = {"initial": True, "bump_stamp": row.position}
        draft.now = _memory(ask, configs, draft)
        if ask.request.is_stable:
            draft.entry["stripped_state"] = [stripped(stored.event)]
        else:
            # Clients of the unstable shape take a room without an `invite_state` for joined, but for this.
            state = EMPTY.set((MEMBER, row.user_id), row.event_nid)
            self._contents.put(tx, ask, draft, Part((row.event_nid,), False, "", state, None))
            draft.entry.pop("prev_batch", None)
        draft.is_news = draft.is_whole = True


def _is_told(draft: Draft) -> bool:
    before, row = draft.before, draft.row
    return before is not None and before.membership == row.membership and before.position >= row.position


def _memory(ask: SlidingAsk, configs: Configs, draft: Draft) -> RoomMemory:
    before = draft.before
    return RoomMemory(
        position=ask.upto.position,
        shown=max(
            draft.wanted.limit, 0 if before is None or before.membership != draft.row.membership else before.shown
        ),
        config=configs.index(draft.wanted.state),
        membership=draft.row.membership,
        is_dm=draft.row.room_id in ask.direct,
        account_data=0 if before is None else before.account_data,
    )
