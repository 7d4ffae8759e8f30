"""What the two shapes of answers call things.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#changelog
"""

from __future__ import annotations

from homeserver.sync.sliding.draft import Draft, Json

#: Names of the proposal, and what the unstable shape calls them.
_UNSTABLE = {"expanded_timeline": "unstable_expanded_timeline", "stripped_state": "invite_state"}


def room_entry(is_stable: bool, draft: Draft) -> Json:
    """What the answer has of a room."""
    if not is_stable:
        return {_UNSTABLE.get(key, key): value for key, value in draft.entry.items()}
    lists = {"lists": list(dict.fromkeys(draft.wanted.lists))} if draft.wanted.lists else {}
    return {**draft.entry, "membership": draft.row.membership, **lists}
