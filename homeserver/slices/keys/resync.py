"""Fetching lists of devices from other servers: when somebody asks, and until it succeeds where a change was missed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterator

from twisted.internet.defer import Deferred

from homeserver.protocol.errors import MatrixError
from homeserver.protocol.ids import server_name_of
from homeserver.slices.keys.remote_lists import RemoteLists
from homeserver.slices.keys.shapes import Json

logger = logging.getLogger(__name__)

_AUDITED_AT_ONCE = 20

Spawn = Callable[[Awaitable[None]], None]


class Resync:
    """One fetch of a list at a time. Used on the reactor thread."""

    def __init__(self, lists: RemoteLists, spawn: Spawn) -> None:
        self._lists = lists
        self._spawn = spawn
        self._waiting: dict[str, list[Deferred[None]]] = {}
        self._retrying: set[str] = set()
        self._missed: dict[str, dict[str, None]] = {}
        self._is_auditing = False

    async def start(self) -> None:
        """Go on with what a stop interrupted, or what failed. Now and then."""
        for server_name in {server_name_of(user_id) for user_id in await self._lists.to_resync()}:
            self.retry(server_name)

    def retry(self, server_name: str) -> None:
        """A server may be there again: fetch what is outdated of its users' lists."""
        if server_name not in self._retrying:
            self._retrying.add(server_name)
            self._spawn(self._retry(server_name))

    async def receive_update(self, origin: str, content: Json) -> None:
        """An `m.device_list_update` EDU."""
        user_id = await self._lists.receive_update(origin, content)
        if user_id is not None:
            self.fetch_later(origin, [user_id])

    def fetch_later(self, server_name: str, user_ids: Collection[str]) -> None:
        """Have lists of a server's users come, one after the other, without waiting for it."""
        is_fetching = server_name in self._missed
        self._missed.setdefault(server_name, {}).update(dict.fromkeys(user_ids))
        if not is_fetching:
            self._spawn(self._fetch_missed(server_name))

    def audit(self) -> None:
        """Compare some lists with what their servers say now, without waiting for it: what was told wrongly, or not at
        all, is mended."""
        if not self._is_auditing:
            self._is_auditing = True
            self._spawn(self._audit())

    async def _audit(self) -> None:
        try:
            for user_id in await self._lists.to_audit(_AUDITED_AT_ONCE):
                try:
                    await self._lists.audit(user_id)
                except MatrixError as error:
                    logger.info("the devices of %s could not be compared: %s", user_id, error.message)
        finally:
            self._is_auditing = False

    async def fetch(self, user_id: str) -> None:
        """Have a user's list come, or wait for it if it is coming; raises `MatrixError`."""
        mine: Deferred[None] = Deferred()
        if user_id in self._waiting:
            self._waiting[user_id].append(mine)
        else:
            self._waiting[user_id] = [mine]
            self._spawn(self._run(user_id))
        await mine

    async def fetch_all(self, user_ids: Collection[str]) -> None:
        """Have several users' lists come, one after the other; raises `MatrixError` of a server that is not there."""
        for user_id in user_ids:
            try:
                await self.fetch(user_id)
            except MatrixError as error:
                if error.status not in (400, 403, 404):
                    raise
                logger.info("the devices of %s are not told: %s", user_id, error.message)

    async def _run(self, user_id: str) -> None:
        error: Exception | None = None
        try:
            await self._lists.fetch(user_id)
        except Exception as failed:
            error = failed
            await self._note_failed(user_id, failed)
        for mine in self._landed(user_id):
            if error is None:
                mine.callback(None)
            else:
                mine.errback(error)

    async def _note_failed(self, user_id: str, failed: Exception) -> None:
        try:
            if not isinstance(failed, MatrixError):
                logger.error("the devices of %s could not be fetched", user_id, exc_info=failed)
            await self._lists.note_failed(user_id)
        except Exception:
            logger.exception("that the devices of %s are outdated could not be noted", user_id)

    def _landed(self, user_id: str) -> Iterator[Deferred[None]]:
        """Those who wait and were not cancelled meanwhile."""
        return (mine for mine in self._waiting.pop(user_id) if not mine.called)

    async def _fetch_missed(self, server_name: str) -> None:
        """Changes of users of a server were missed: one list after the other."""
        try:
            while self._missed[server_name]:
                user_id = next(iter(self._missed[server_name]))
                del self._missed[server_name][user_id]
                try:
                    await self.fetch(user_id)
                except MatrixError as error:
                    logger.info("the devices of %s are outdated: %s", user_id, error.message)
        finally:
            del self._missed[server_name]

    async def _retry(self, server_name: str) -> None:
        try:
            outdated = [one for one in await self._lists.to_resync() if server_name_of(one) == server_name]
            await self.fetch_all(outdated)
        except MatrixError as error:
            logger.info("devices of users of %s are outdated: %s", server_name, error.message)
        finally:
            self._retrying.discard(server_name)
