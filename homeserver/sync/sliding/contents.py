"""The timeline and the state of a room in an answer, with members as the timeline needs them.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#lazy-loaded-memberships
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from homeserver.database import Transaction
from homeserver.protocol.events import StateKey
from homeserver.rooms import queries_activity
from homeserver.rooms.kernel import RoomParts
from homeserver.sync.presenting import Presenter, Reader
from homeserver.sync.sliding.ask import SlidingAsk
from homeserver.sync.sliding.draft import Draft, Json, Part
from homeserver.sync.sliding.required_state import MEMBER


class RoomContents:
    """Callable within a transaction."""

    def __init__(self, parts: RoomParts) -> None:
        self._parts = parts
        self._presenter = Presenter(parts.loader, parts.views)

    def put(self, tx: Transaction, ask: SlidingAsk, draft: Draft, part: Part) -> None:
        """Put into the entry what there is of a part. What the client was told of members is remembered."""
        shown = self._presenter.without_ignored(tx, part.timeline, ask.ignored)
        draft.timeline = shown
        reader = Reader(ask.viewer, is_bundled=part.is_limited)
        if shown or part.is_limited or part.is_whole:
            draft.entry["timeline"] = self._presenter.present(tx, reader, shown)
            draft.entry["prev_batch"] = part.prev_batch
            draft.entry["num_live"] = self._live(tx, ask, shown)
            if part.is_limited:
                draft.entry["limited"] = True
        found, gone = self._state(tx, draft, part)
        state_keys, state = found.keys(), list(found.values())
        draft.people = {key[1] for key in state_keys if key[0] == MEMBER}
        if part.is_whole:
            draft.people |= set(self._people(tx, shown))
        stubs: list[Json] = [{"type": key[0], "state_key": key[1]} for key in gone]
        if state or (stubs and ask.request.is_stable):
            events = self._presenter.present(tx, Reader(ask.viewer), state)
            draft.entry["required_state"] = [*events, *(stubs if ask.request.is_stable else ())]

    def _live(self, tx: Transaction, ask: SlidingAsk, nids: Sequence[int]) -> int:
        """How many of the events happened since the last answer of the connection."""
        since = ask.told.place.position
        if not since or not nids:
            return 0
        return sum(position > since for position in queries_activity.positions_of(tx, nids).values())

    def _state(self, tx: Transaction, draft: Draft, part: Part) -> tuple[dict[StateKey, int], list[StateKey]]:
        """(numbers of the events to tell by key, keys that are there no more)."""
        wanted = draft.wanted.state
        if part.changed is None:
            found = wanted.of(part.state)
            gone: list[StateKey] = []
        else:
            keys = [key for key in part.changed if wanted.fits(key)]
            found = {key: part.state[key] for key in keys if key in part.state}
            gone = [key for key in keys if key not in part.state]
        if wanted.is_lazy:
            found.update(self._members(tx, draft, part))
        return found, gone

    def _members(self, tx: Transaction, draft: Draft, part: Part) -> dict[StateKey, int]:
        """Of those who appear in the timeline, what the client was not told; without a gap also who has changed.

        Where there is a gap the client forgets whom it knew.
        """
        has_gap = part.is_limited or part.changed is None
        before = draft.before
        told = {} if has_gap or before is None else before.members
        people = set(self._people(tx, part.timeline))
        if not has_gap:
            people |= {key[1] for key in part.changed or () if key[0] == MEMBER}
        current = {user: nid for user in people if (nid := part.state.get((MEMBER, user))) is not None}
        fresh = {user: nid for user, nid in current.items() if told.get(user) != nid}
        draft.remember(members={**told, **fresh} if len(told) < _MOST_MEMBERS else current)
        return {(MEMBER, user): nid for user, nid in fresh.items()}

    def _people(self, tx: Transaction, nids: Sequence[int]) -> Iterable[str]:
        for event in self._parts.loader.get_many(tx, nids).values():
            yield event.sender
            if event.type == MEMBER and event.state_key is not None:
                yield event.state_key


#: Beyond so many the memory of who was told begins anew, which only makes members come twice.
_MOST_MEMBERS = 500
