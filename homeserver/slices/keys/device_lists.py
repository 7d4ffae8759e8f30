"""When users' devices changed, as clients are told, and as other servers are told of local users'.

https://spec.matrix.org/v1.19/client-server-api/#tracking-the-device-list-for-a-user
https://spec.matrix.org/v1.19/server-server-api/#device-management
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from homeserver.database import Database, Transaction
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.ids import server_name_of
from homeserver.rooms.records import RoomRecord
from homeserver.slices.keys import queries_lists, queries_signing
from homeserver.slices.keys.local_keys import LocalKeys
from homeserver.slices.keys.shapes import Json

QueueEdu = Callable[[Transaction, Collection[str], str, dict[str, Any], str | None], None]
"""(transaction, destinations, EDU type, content, key of what it replaces): sent until it was acknowledged."""


class Sharing(Protocol):
    """Who shares rooms with whom."""

    def joined_rooms(self, tx: Transaction, user_id: str) -> Collection[int]:
        """The numbers of the rooms that a user is joined to."""

    def sharing_with(self, tx: Transaction, user_id: str, others: Collection[str]) -> set[str]:
        """Those of some users who share a room with this one."""

    def servers_of(self, tx: Transaction, user_id: str) -> Collection[str]:
        """The other servers in rooms with a user."""

    def servers_met(self, tx: Transaction, user_id: str, room_nid: int) -> Collection[str]:
        """The other servers in a room that are in no other room with the user."""

    def has_just_joined(self, tx: Transaction, user_id: str, room_nid: int) -> bool:
        """Whether a user's stay in a room begins with this transaction."""

    def come_and_gone(self, tx: Transaction, user_id: str, since: int, upto: int) -> tuple[set[str], set[str]]:
        """(who has begun to share a room with a user, who shares none any more) in (since, upto]."""


class ListChanges:
    """Notes that a user's devices changed, and tells who has to know. Each is published under `devices` with the
    user's id and under `device_lists` with the number of every room of theirs as key."""

    def __init__(self, database: Database, sharing: Sharing) -> None:
        self._database = database
        self._sharing = sharing

    def note(self, tx: Transaction, user_id: str) -> None:
        """The devices or the cross-signing keys of a user have changed."""
        position = tx.publish("devices", user_id)
        for room_nid in self._sharing.joined_rooms(tx, user_id):
            tx.publish("device_lists", str(room_nid))
        queries_lists.write_change(tx, user_id, position)

    def device_lists_between(self, tx: Transaction, user_id: str, since: int, upto: int) -> Json:
        """`changed` and `left` of a local user, in (since, upto], each where there is anybody."""
        candidates = set(queries_lists.changed_between(tx, since, upto))
        come, gone = self._sharing.come_and_gone(tx, user_id, since, upto)
        changed = come | self._sharing.sharing_with(tx, user_id, candidates - come) | (candidates & {user_id})
        # Only users themselves see what they sign of others', and their user-signing key.
        changed |= set(queries_signing.signed_between(tx, user_id, since, upto))
        if queries_signing.is_set_between(tx, user_id, "user_signing", since, upto):
            changed.add(user_id)
        lists = {"changed": sorted(changed), "left": sorted(gone - changed)}
        return {name: users for name, users in lists.items() if users}

    async def changes(self, user_id: str, since: int, upto: int) -> Json:
        """The same as `/keys/changes` answers it."""
        found = await self._database.read(self.device_lists_between, user_id, since, upto)
        return {"changed": [], "left": [], **found}


class LocalLists:
    """The lists of local users: each change has a number of its user's, by which other servers see that they missed
    one. Its methods take part in transactions of those who change something."""

    def __init__(
        self, changes: ListChanges, sharing: Sharing, local: LocalKeys, queue_edu: QueueEdu, server_name: str
    ) -> None:
        self._changes = changes
        self._sharing = sharing
        self._local = local
        self._queue_edu = queue_edu
        self._server_name = server_name

    def devices_changed(self, tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
        """Devices are new, called something else, or have other keys or signatures."""
        self._note(tx, user_id, device_ids, is_deleted=False)

    def devices_deleted(self, tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
        """Devices are gone."""
        self._note(tx, user_id, device_ids, is_deleted=True)

    def signing_keys_changed(self, tx: Transaction, user_id: str) -> None:
        """The master or self-signing key, or the signatures of it, are others."""
        self._changes.note(tx, user_id)
        servers = self._sharing.servers_of(tx, user_id)
        keys = self._local.signing_keys(tx, user_id)
        if servers and keys:
            update = {"user_id": user_id, **keys}
            self._queue_edu(tx, servers, "m.signing_key_update", update, f"signing keys {user_id}")

    def note_state(self, tx: Transaction, room: RoomRecord, changes: Mapping[StateKey, Event | None]) -> None:
        """The state of a room changed: a user who joins is to be known to the servers there.

        Who has no keys yet is made known by the first ones.
        """
        for (event_type, user_id), event in changes.items():
            if event_type != "m.room.member" or event is None or event.membership != "join":
                continue
            if server_name_of(user_id) != self._server_name:
                continue
            if self._sharing.has_just_joined(tx, user_id, room.room_nid):
                self._introduce(tx, user_id, self._sharing.servers_met(tx, user_id, room.room_nid))

    def _introduce(self, tx: Transaction, user_id: str, server_names: Collection[str]) -> None:
        """Tell servers of a user's last change: who does not know those before asks for the whole list."""
        last = queries_lists.last_change(tx, user_id)
        if server_names and last is not None and self._local.devices(tx, user_id):
            self._tell(tx, server_names, self._update(tx, user_id, last[1], last[0]))

    def _note(self, tx: Transaction, user_id: str, device_ids: Sequence[str], *, is_deleted: bool) -> None:
        self._changes.note(tx, user_id)
        servers = self._sharing.servers_of(tx, user_id)
        for device_id in device_ids:
            stream_id = queries_lists.next_stream_id(tx, user_id, device_id)
            if not servers:
                continue
            if is_deleted:
                update = _numbered(user_id, device_id, stream_id) | {"deleted": True}
            else:
                update = self._update(tx, user_id, device_id, stream_id)
            self._tell(tx, servers, update)

    def _update(self, tx: Transaction, user_id: str, device_id: str, stream_id: int) -> Json:
        """What other servers are told of a device as it is now."""
        update = _numbered(user_id, device_id, stream_id)
        device = self._local.device(tx, user_id, device_id)
        return update | (device or {"deleted": True})

    def _tell(self, tx: Transaction, server_names: Collection[str], update: Json) -> None:
        if server_names:
            key = f"device {update['user_id']} {update['device_id']}"
            self._queue_edu(tx, server_names, "m.device_list_update", update, key)


def _numbered(user_id: str, device_id: str, stream_id: int) -> Json:
    prev_id = [stream_id - 1] if stream_id > 1 else []
    return {"user_id": user_id, "device_id": device_id, "stream_id": stream_id, "prev_id": prev_id}


def stream_id_of(tx: Transaction, user_id: str) -> int:
    """The number of the last change of a local user's devices; 0 for none."""
    last = queries_lists.last_change(tx, user_id)
    return 0 if last is None else last[0]
