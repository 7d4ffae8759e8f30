"""The lists of devices of other servers' users who share rooms with local ones: kept, and kept up to date.

A list comes whole from `/user/devices`, then changes come one by one. One that comes after a change that is not known
makes the list come whole again. A list counts only as long as its user has shared a room with local users without a
break since it came: else changes may have gone elsewhere.

https://spec.matrix.org/v1.19/server-server-api/#device-management
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, Protocol

from homeserver.database import Database, Transaction
from homeserver.protocol.ids import server_name_of
from homeserver.slices.keys import queries_remote as queries
from homeserver.slices.keys.device_lists import ListChanges
from homeserver.slices.keys.queries_remote import RemoteList
from homeserver.slices.keys.shapes import Json
from homeserver.slices.keys.updates import (
    MOST_DEVICES,
    Update,
    is_stream_id,
    is_user_of,
    read_devices,
    read_signing_key,
    read_update,
)

_MOST_ATTEMPTS = 3
_TOLD_USAGES = ("master", "self_signing")
_REAPED_AT_ONCE = 1000


class Nearness(Protocol):
    """Which other servers' users share rooms with local ones."""

    def is_near(self, tx: Transaction, user_id: str, since: int = ...) -> bool:
        """Whether a user is in a room with local users, and was so without a break since a position."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some users: `answer` as of `/keys/query`. `outdated`: whose list has to come again, though they
    may be in the answer. `strangers`: who shares no room with local users."""

    answer: Json
    outdated: set[str]
    strangers: set[str]


FetchDevices = Callable[[str, str], Any]
"""(server name, user id) to an awaitable of a `/user/devices` answer; raises `MatrixError`."""


class RemoteLists:
    """Keeps them."""

    def __init__(
        self, database: Database, changes: ListChanges, nearness: Nearness, fetch_devices: FetchDevices
    ) -> None:
        self._database = database
        self._changes = changes
        self._nearness = nearness
        self._fetch_devices = fetch_devices
        self._reaped_upto = ""
        self._audited_upto = ""

    async def known(self, user_ids: Collection[str]) -> Known:
        """What is known of some users of other servers."""
        return await self._database.read(self._known, user_ids)

    async def fetch(self, user_id: str) -> None:
        """Have the list come whole; raises `MatrixError`. To be called for a user once at a time."""
        for _ in range(_MOST_ATTEMPTS):
            position = self._database.feed.position
            if not await self._database.transact(self._begin, user_id):
                return
            answer = await self._fetch_devices(server_name_of(user_id), user_id)
            if await self._database.transact(self._keep, user_id, answer, position):
                return
        await self.note_failed(user_id)

    async def note_failed(self, user_id: str) -> None:
        """The list could not be had. Clients are told that it changed, if it did, and again once it can be had."""
        await self._database.transact(self._note_failed, user_id)

    async def receive_update(self, origin: str, content: Json) -> str | None:
        """An `m.device_list_update` EDU; the user whose list has to come whole because of it."""
        update = read_update(origin, content)
        if update is not None and await self._database.transact(self._apply, update):
            return update.user_id
        return None

    async def receive_signing_keys(self, origin: str, content: Json) -> None:
        """An `m.signing_key_update` EDU.

        https://spec.matrix.org/v1.19/server-server-api/#end-to-end-encryption
        """
        if is_user_of(content.get("user_id"), origin):
            await self._database.transact(self._apply_signing_keys, content)

    async def to_resync(self) -> list[str]:
        """Whose lists have to come whole."""
        return await self._database.read(queries.users_to_resync)

    async def to_audit(self, number: int) -> list[str]:
        """So many users with lists, others every time until it was everybody's turn."""
        users = await self._database.read(queries.users_after, self._audited_upto, number)
        self._audited_upto = users[-1] if len(users) == number else ""
        return users

    async def audit(self, user_id: str) -> None:
        """Compare a list that counts as right with what its server says now; where it differs it is replaced, and
        clients are told. Raises `MatrixError`."""
        position = self._database.feed.position
        before = await self._database.read(self._right_list, user_id)
        if before is not None:
            answer = await self._fetch_devices(server_name_of(user_id), user_id)
            await self._database.transact(self._compare, before, answer, position)

    async def reap(self) -> None:
        """Forget the lists of users who share no room any more; some at a time."""
        users = await self._database.read(queries.users_after, self._reaped_upto, _REAPED_AT_ONCE)
        self._reaped_upto = users[-1] if len(users) == _REAPED_AT_ONCE else ""
        if users:
            await self._database.transact(self._reap, users)

    def _known(self, tx: Transaction, user_ids: Collection[str]) -> Known:
        lists = queries.lists_of(tx, user_ids)
        answer: Json = {"device_keys": {}, "master_keys": {}, "self_signing_keys": {}}
        near = {user_id for user_id in user_ids if self._nearness.is_near(tx, user_id)}
        outdated = set()
        for user_id in near:
            found = lists.get(user_id)
            if found is None or found.needs_resync or not self._is_kept(tx, found):
                outdated.add(user_id)
            if found is not None and found.fetched_position:
                answer["device_keys"][user_id] = {}
                _put(answer, "master_keys", user_id, found.master_key)
                _put(answer, "self_signing_keys", user_id, found.self_signing_key)
        for user_id, device_id, keys, name in queries.devices_of(tx, list(answer["device_keys"])):
            if keys is not None:
                unsigned = {} if name is None else {"device_display_name": name}
                answer["device_keys"][user_id][device_id] = {**keys, "unsigned": unsigned}
        return Known(answer, outdated, set(user_ids) - near)

    def _is_kept(self, tx: Transaction, found: RemoteList) -> bool:
        """Whether no change can have gone past this server since the list came."""
        return self._nearness.is_near(tx, found.user_id, found.fetched_position)

    def _begin(self, tx: Transaction, user_id: str) -> bool:
        """Whether there is reason to fetch the list."""
        if not self._nearness.is_near(tx, user_id):
            queries.delete_list(tx, user_id)
            return False
        found = queries.find_list(tx, user_id)
        if found is not None and not found.needs_resync and self._is_kept(tx, found):
            return False
        queries.begin_fetch(tx, user_id)
        return True

    def _keep(self, tx: Transaction, user_id: str, answer: Json, position: int) -> bool:
        """Keep a list that came whole; whether it is as new as what was heard of meanwhile."""
        before = queries.find_list(tx, user_id) or RemoteList(user_id)
        heard = before.heard_stream_id
        stream_id = answer["stream_id"] if is_stream_id(answer["stream_id"]) else 0
        is_whole = stream_id >= heard
        came = RemoteList(
            user_id=user_id,
            stream_id=stream_id,
            fetched_stream_id=stream_id,
            heard_stream_id=0 if is_whole else heard,
            fetched_position=position,
            needs_resync=not is_whole,
            is_owed=before.is_owed and not is_whole,
            master_key=read_signing_key(answer.get("master_key"), user_id, "master"),
            self_signing_key=read_signing_key(answer.get("self_signing_key"), user_id, "self_signing"),
        )
        queries.delete_devices(tx, user_id)
        queries.write_devices(tx, user_id, read_devices(user_id, answer["devices"]))
        queries.write_list(tx, came)
        # A change was heard of, or there is one that was not; or somebody asked before and got nothing.
        if is_whole and (heard or before.is_owed or stream_id > before.stream_id):
            self._changes.note(tx, user_id)
        return is_whole

    def _right_list(self, tx: Transaction, user_id: str) -> RemoteList | None:
        found = queries.find_list(tx, user_id)
        return None if found is None or found.needs_resync or not self._is_kept(tx, found) else found

    def _compare(self, tx: Transaction, before: RemoteList, answer: Json, position: int) -> None:
        user_id = before.user_id
        if self._right_list(tx, user_id) != before:
            # A change came meanwhile, and was taken in as such.
            return
        known = [(device_id, keys, name) for _, device_id, keys, name in queries.devices_of(tx, [user_id])]
        signing_keys = tuple(read_signing_key(answer.get(f"{each}_key"), user_id, each) for each in _TOLD_USAGES)
        told = sorted(read_devices(user_id, answer["devices"]), key=lambda device: device[0])
        if told != known or signing_keys != (before.master_key, before.self_signing_key):
            self._keep(tx, user_id, answer, position)
            self._changes.note(tx, user_id)

    def _note_failed(self, tx: Transaction, user_id: str) -> None:
        found = queries.find_list(tx, user_id)
        if found is not None and not found.is_owed:
            queries.write_list(tx, replace(found, is_owed=True))
            if found.heard_stream_id:
                self._changes.note(tx, user_id)

    def _apply(self, tx: Transaction, update: Update) -> bool:
        """Take a change in; whether the list has to come whole because of it."""
        if not self._nearness.is_near(tx, update.user_id):
            queries.delete_list(tx, update.user_id)
            return False
        found = queries.find_list(tx, update.user_id) or RemoteList(update.user_id)
        is_right = not found.needs_resync and self._is_kept(tx, found)
        if is_right and _is_known(found, update):
            return False
        if not is_right or not _is_next(found, update) or not self._change(tx, update):
            heard = max(found.heard_stream_id, update.stream_id)
            queries.write_list(tx, replace(found, needs_resync=True, heard_stream_id=heard))
            return True
        queries.write_list(tx, replace(found, stream_id=update.stream_id))
        self._changes.note(tx, update.user_id)
        return False

    def _change(self, tx: Transaction, update: Update) -> bool:
        """Change a device in the list; whether there was room for it."""
        if update.is_deleted:
            queries.delete_device(tx, update.user_id, update.device_id)
            return True
        queries.write_devices(tx, update.user_id, [(update.device_id, update.keys, update.display_name)])
        return queries.count_devices(tx, update.user_id) <= MOST_DEVICES

    def _apply_signing_keys(self, tx: Transaction, content: Json) -> None:
        user_id = content["user_id"]
        if not self._nearness.is_near(tx, user_id):
            return
        found = queries.find_list(tx, user_id)
        if found is not None:
            master_key = read_signing_key(content.get("master_key"), user_id, "master")
            self_signing_key = read_signing_key(content.get("self_signing_key"), user_id, "self_signing")
            queries.write_list(
                tx,
                replace(
                    found,
                    master_key=master_key or found.master_key,
                    self_signing_key=self_signing_key or found.self_signing_key,
                ),
            )
        self._changes.note(tx, user_id)

    def _reap(self, tx: Transaction, user_ids: Collection[str]) -> None:
        for user_id in user_ids:
            if not self._nearness.is_near(tx, user_id):
                queries.delete_list(tx, user_id)


def _is_known(found: RemoteList, update: Update) -> bool:
    """Whether the list has the change already."""
    return update.stream_id <= found.fetched_stream_id or update.stream_id == found.stream_id


def _is_next(found: RemoteList, update: Update) -> bool:
    """Whether the change comes after nothing that the list does not have."""
    if update.stream_id < found.stream_id:
        return False
    return all(one <= found.stream_id for one in update.previous) and bool(update.previous or not found.stream_id)


def _put(answer: Json, section: str, user_id: str, key: Json | None) -> None:
    if key is not None:
        answer[section][user_id] = key
