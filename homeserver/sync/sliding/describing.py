"""What an answer says of a room beside its events: name, avatar, heroes, counts, and when people were last active.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#currently-or-previously-joined-rooms
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from homeserver.database import Transaction
from homeserver.protocol.events import StateKey
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.occupancy import count_members
from homeserver.rooms.records import Membership
from homeserver.rooms.timeline import TimelineReader
from homeserver.sync.sliding.activity import Activity
from homeserver.sync.sliding.ask import SlidingAsk
from homeserver.sync.sliding.draft import Json
from homeserver.sync.sliding.required_state import MEMBER

NAME: StateKey = ("m.room.name", "")
AVATAR: StateKey = ("m.room.avatar", "")


class Describing:
    """Callable within a transaction."""

    def __init__(self, parts: RoomParts, timeline: TimelineReader, activity: Activity) -> None:
        self._parts = parts
        self._timeline = timeline
        self._activity = activity

    def whole(self, tx: Transaction, ask: SlidingAsk, row: Membership) -> Json:
        """All of it, for a room that the user is joined to."""
        state = self._timeline.state_map(tx, row.room_nid, ask.upto.position)
        name = self.text(tx, state, NAME, "name")
        entry: Json = {
            "bump_stamp": self._activity.bump_stamp(tx, row.room_nid, ask.upto.position),
            **self.named(tx, state),
            **self._counts(tx, row),
        }
        if name is None:
            entry["heroes"] = self._heroes(tx, row, state)
        return entry

    def changes(
        self, tx: Transaction, ask: SlidingAsk, row: Membership, changed: Collection[StateKey], since: int
    ) -> Json:
        """What of it is not as it was at a position, going by the state keys that changed."""
        entry: Json = {}
        if ask.changes.has_room(row.room_nid, since):
            stamp = self._activity.bump_stamp(tx, row.room_nid, ask.upto.position)
            if stamp > since:
                entry["bump_stamp"] = stamp
        has_members = any(key[0] == MEMBER for key in changed)
        if not has_members and NAME not in changed and AVATAR not in changed:
            return entry
        state = self._timeline.state_map(tx, row.room_nid, ask.upto.position)
        name = self.text(tx, state, NAME, "name")
        if NAME in changed:
            entry["name"] = name
        if AVATAR in changed:
            entry["avatar"] = self.text(tx, state, AVATAR, "url")
        if has_members:
            entry.update(self._counts(tx, row))
        if name is None and (has_members or NAME in changed):
            entry["heroes"] = self._heroes(tx, row, state)
        return entry

    def named(self, tx: Transaction, state: Mapping[StateKey, int]) -> Json:
        """`name` and `avatar` by a state, where it has them."""
        texts = {"name": self.text(tx, state, NAME, "name"), "avatar": self.text(tx, state, AVATAR, "url")}
        return {key: value for key, value in texts.items() if value is not None}

    def text(self, tx: Transaction, state: Mapping[StateKey, int], key: StateKey, field: str) -> str | None:
        """A text in the content of a state event; None where there is none."""
        nid = state.get(key)
        value = None if nid is None else self._parts.loader.get(tx, nid).content.get(field)
        return value if isinstance(value, str) and value else None

    def _counts(self, tx: Transaction, row: Membership) -> Json:
        counts = count_members(tx, row.room_nid)
        return {"joined_count": counts.get("join", 0), "invited_count": counts.get("invite", 0)}

    def _heroes(self, tx: Transaction, row: Membership, state: Mapping[StateKey, int]) -> list[Json]:
        heroes: list[Json] = []
        for user_id in self._timeline.heroes(tx, row.room_nid, row.user_id):
            hero = {"user_id": user_id}
            for field in ("displayname", "avatar_url"):
                value = self.text(tx, state, (MEMBER, user_id), field)
                if value is not None:
                    hero[field] = value
            heroes.append(hero)
        return heroes
