"""Asking for keys, of users of this server and of others.

https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery
"""

from __future__ import annotations

from collections.abc import Mapping

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.ids import check_user_id, server_name_of
from homeserver.slices.keys.device_lists import stream_id_of
from homeserver.slices.keys.local_keys import Asked, LocalKeys
from homeserver.slices.keys.one_time_keys import Claims, OneTimeKeys
from homeserver.slices.keys.remote_keys import RemoteKeys, by_server
from homeserver.slices.keys.shapes import DEFAULT_TIMEOUT_MS, Json

#: The keys of so many users are read at once where that takes no thread.
_FEW = 100


class Keys:
    """Answers for clients, and for other servers about local users."""

    def __init__(
        self,
        database: Database,
        local: LocalKeys,
        one_time_keys: OneTimeKeys,
        remote: RemoteKeys,
        server_name: str,
    ) -> None:
        self._database = database
        self._local = local
        self._one_time_keys = one_time_keys
        self._remote = remote
        self._server_name = server_name

    async def query(self, user_id: str, asked: Mapping[str, list[str]], timeout_ms: int) -> Json:
        """What a user is told about others' keys; `failures` names the servers that could not be asked."""
        own = {name: ids for name, ids in asked.items() if self._is_local(name)}
        others = {name: ids for name, ids in asked.items() if name not in own}
        look = self._database.glance if len(own) <= _FEW else self._database.read
        found: Json = await look(self._local.query, own, user_id) if own else {}
        failures: Json = {}
        if others:
            answer, failures = await self._remote.query(others, timeout_ms)
            answer["master_keys"] = await self._database.read(
                self._local.with_own_signatures, answer["master_keys"], user_id
            )
            for section, keys in answer.items():
                found.setdefault(section, {}).update(keys)
        return {"failures": failures, "device_keys": {}, **found}

    async def master_keys(self, asker: str, user_ids: list[str]) -> Mapping[str, Json]:
        """The master keys there are of some users of any server."""
        answer = await self.query(asker, {user_id: [] for user_id in user_ids}, DEFAULT_TIMEOUT_MS)
        keys: Mapping[str, Json] = answer.get("master_keys", {})
        return keys

    async def query_for_server(self, asked: Asked) -> Json:
        """What another server is told about the keys of local users."""
        own = {user_id: ids for user_id, ids in asked.items() if self._is_local(user_id)}
        answer: Json = await self._database.read(self._local.query, own, None)
        return answer

    async def devices_for_server(self, user_id: str) -> Json:
        """All devices with keys of a local user, and up to which change that goes; 400 for anybody else.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1userdevicesuserid
        """
        check_user_id(user_id)
        if not self._is_local(user_id):
            raise invalid_param("userId: is of another server.")
        return await self._database.read(self._devices, user_id)

    async def claim(self, claims: Claims, timeout_ms: int) -> Json:
        """One key for each device and algorithm that has one; `failures` names the servers that could not be asked."""
        parts = by_server(claims)
        own = parts.pop(self._server_name, {})
        claimed = await self._claim(own) if own else {}
        others = {user_id: devices for part in parts.values() for user_id, devices in part.items()}
        answer, failures = await self._remote.claim(others, timeout_ms)
        return {"failures": failures, "one_time_keys": {**claimed, **answer}}

    async def claim_for_server(self, claims: Claims) -> Json:
        """The same for another server, of local users."""
        own = {user_id: devices for user_id, devices in claims.items() if self._is_local(user_id)}
        return {"one_time_keys": await self._claim(own)}

    async def _claim(self, claims: Claims) -> Json:
        locks = self._one_time_keys.locks(claims)
        claimed: Json = await self._database.transact(self._one_time_keys.claim, claims, locks=locks)
        return claimed

    def _devices(self, tx: Transaction, user_id: str) -> Json:
        return {
            "user_id": user_id,
            "stream_id": stream_id_of(tx, user_id),
            "devices": self._local.devices(tx, user_id),
            **self._local.signing_keys(tx, user_id),
        }

    def _is_local(self, user_id: str) -> bool:
        return server_name_of(user_id) == self._server_name
