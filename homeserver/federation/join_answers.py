"""What a server that lets another one in tells it of the room.

https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from homeserver.database import Transaction
from homeserver.federation import queries_outgoing
from homeserver.protocol.errors import not_found
from homeserver.protocol.ids import server_name_of
from homeserver.rooms import queries_events, queries_members
from homeserver.rooms.auth_graph import batched, chains_of
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import RoomRecord, StoredEvent
from homeserver.rooms.snapshots import State
from homeserver.rooms.unseen import MEMBER

Json = dict[str, Any]

_MOST_HEROES = 5
_CHAINS_AT_ONCE = 500


class JoinAnswers:
    """Composes them. Callable within a transaction."""

    def __init__(self, parts: RoomParts, server_name: str) -> None:
        self._parts = parts
        self._server_name = server_name

    def compose(self, tx: Transaction, room: RoomRecord, stored: StoredEvent, omit_members: bool) -> Json:
        """The state before the join and the auth chain of all that; with `omit_members` without the members but those
        that a client shows the room by, and without in the auth chain what is in the state."""
        if stored.state_before is None:
            raise not_found("The state before the join is not known.")
        state = self._parts.snapshots.get(tx, stored.state_before)
        kept = self._without_members(tx, room, state, stored) if omit_members else state
        nids = list(kept.values())
        chain = auth_chain(tx, [*nids, stored.event_nid])
        if omit_members:
            chain.difference_update(nids)
        return {
            "origin": self._server_name,
            "event": stored.event.pdu,
            "state": raw_pdus(tx, nids),
            "auth_chain": raw_pdus(tx, sorted(chain)),
            "members_omitted": omit_members,
            "servers_in_room": self._servers(tx, room, stored),
        }

    def _without_members(self, tx: Transaction, room: RoomRecord, state: State, join: StoredEvent) -> State:
        """The joining user's own member event tells whether they were invited. Heroes name a room that has no name."""
        shown = {str(join.event.state_key)}
        if not self._is_named(tx, state):
            shown.update(self._heroes(tx, room, state, str(join.event.state_key)))
        return State({key: nid for key, nid in state.items() if key[0] != MEMBER or key[1] in shown})

    def _heroes(self, tx: Transaction, room: RoomRecord, state: State, except_user: str) -> Collection[str]:
        for memberships in (("join", "invite"), ("leave", "ban")):
            heroes = queries_members.first_members(tx, room.room_nid, memberships, except_user, _MOST_HEROES)
            found = [user_id for user_id in heroes if (MEMBER, user_id) in state]
            if found:
                return found
        return ()

    def _is_named(self, tx: Transaction, state: State) -> bool:
        for event_type, key in (("m.room.name", "name"), ("m.room.canonical_alias", "alias")):
            nid = state.get((event_type, ""))
            if nid is not None and self._parts.loader.get(tx, nid).content.get(key):
                return True
        return False

    def _servers(self, tx: Transaction, room: RoomRecord, join: StoredEvent) -> list[str]:
        """Those in the room before the join."""
        joining = server_name_of(join.event.sender)
        servers = queries_members.servers_in(tx, room.room_nid)
        if queries_outgoing.joined_since(tx, room.room_nid, joining) == join.position:
            return [name for name in servers if name != joining]
        return servers


def auth_chain(tx: Transaction, nids: Collection[int]) -> set[int]:
    """The numbers of all that authorises some events, without themselves unless they authorise each other."""
    chain: set[int] = set()
    for piece in batched(nids, _CHAINS_AT_ONCE):
        for bitmap in chains_of(tx, piece).values():
            chain.update(bitmap)
    return chain


def raw_pdus(tx: Transaction, nids: Collection[int]) -> list[msgspec.Raw]:
    """Events as the bytes they are stored as, in the order of their numbers given."""
    pdus = queries_events.pdus_by_nid(tx, nids)
    return [msgspec.Raw(pdus[nid]) for nid in nids if nid in pdus]
