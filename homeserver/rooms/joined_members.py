"""Who is joined to a room, with names and avatars, as JSON that is made once for each state of the room.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidjoined_members
"""

from __future__ import annotations

from typing import Any

import msgspec

from homeserver.database import ByteCache, Database, Transaction
from homeserver.protocol.errors import forbidden
from homeserver.rooms import queries_members, queries_rooms
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.snapshots import EMPTY, Snapshots
from homeserver.rooms.unseen import MEMBER

_OVERHEAD_BYTES = 200


class JoinedMembers:
    """The answers, by the number of the current state and by how many redactions there had been."""

    def __init__(
        self, made: ByteCache[tuple[int, int], msgspec.Raw], snapshots: Snapshots, loader: EventLoader
    ) -> None:
        self._made = made
        self._snapshots = snapshots
        self._loader = loader

    async def get(self, database: Database, room: RoomRecord, user_id: str) -> msgspec.Raw:
        """User id to `display_name` and `avatar_url`, each where it is set; 403 `M_FORBIDDEN` for somebody who is not
        in the room."""
        # Taken before the transaction: what a redaction takes away must not be kept for after it.
        return await database.browse(self._get, room, user_id, self._loader.redactions)

    def _get(self, tx: Transaction, room: RoomRecord, user_id: str, redactions: int) -> msgspec.Raw:
        row = queries_members.find_membership(tx, user_id, room.room_nid)
        if row is None or row.membership != "join":
            raise forbidden(f"{user_id} is not in the room.")
        snapshot_nid = queries_rooms.find_current_snapshot(tx, room.room_nid)
        kept = None if snapshot_nid is None else self._made.get((snapshot_nid, redactions))
        return kept if kept is not None else self._make(tx, snapshot_nid, redactions)

    def _make(self, tx: Transaction, snapshot_nid: int | None, redactions: int) -> msgspec.Raw:
        state = EMPTY if snapshot_nid is None else self._snapshots.get(tx, snapshot_nid)
        tx.expect(len(state))
        nids = {key[1]: nid for key, nid in state.items() if key[0] == MEMBER}
        events = self._loader.get_many(tx, list(nids.values()))
        joined = {
            user_id: _profile(events[nid].content) for user_id, nid in nids.items() if events[nid].membership == "join"
        }
        made = msgspec.Raw(msgspec.json.encode(joined))
        if snapshot_nid is not None:
            self._made.put((snapshot_nid, redactions), made, len(bytes(made)) + _OVERHEAD_BYTES)
        return made


def _profile(content: dict[str, Any]) -> dict[str, Any]:
    profile = {}
    if isinstance(content.get("displayname"), str):
        profile["display_name"] = content["displayname"]
    if isinstance(content.get("avatar_url"), str):
        profile["avatar_url"] = content["avatar_url"]
    return profile
