"""Asking for keys, of users of this server and of others.

https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from homeserver.clock import Clock
from homeserver.database import Database
from homeserver.protocol.ids import server_name_of
from homeserver.slices.keys.gathering import gather
from homeserver.slices.keys.local_keys import Asked, Asker, LocalKeys
from homeserver.slices.keys.one_time_keys import Claims, OneTimeKeys
from homeserver.slices.keys.shapes import Json

KEY_SECTIONS = ("device_keys", "master_keys", "self_signing_keys")


class KeyClient(Protocol):
    """Asks other servers; raises `MatrixError`, and answers nothing but what was asked for."""

    async def query_user_keys(self, destination: str, device_keys: Mapping[str, list[str]]) -> Json:
        """`device_keys`, `master_keys` and `self_signing_keys` by user id."""

    async def claim_user_keys(self, destination: str, one_time_keys: Mapping[str, Mapping[str, str]]) -> Json:
        """User id to device id to key id to key."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the keys are asked for. `tells_names`: whether other servers are told what users call their devices."""

    server_name: str
    tells_names: bool
    reactor: Clock


class Keys:
    """Answers for clients, and for other servers about local users."""

    def __init__(
        self, database: Database, local: LocalKeys, one_time_keys: OneTimeKeys, client: KeyClient, place: Place
    ) -> None:
        self._database = database
        self._local = local
        self._one_time_keys = one_time_keys
        self._client = client
        self._place = place

    async def query(self, user_id: str, asked: Mapping[str, list[str]], timeout_ms: int) -> Json:
        """What a user is told about others' keys; `failures` names the servers that could not be asked."""
        by_server = _by_server(asked)
        own = by_server.pop(self._place.server_name, {})
        found = await self._database.read(self._local.query, own, Asker(user_id, sees_names=True)) if own else {}
        questions = {name: self._client.query_user_keys(name, part) for name, part in by_server.items()}
        answers, failures = await gather(questions, timeout_ms, self._place.reactor)
        for answer in answers.values():
            for section in KEY_SECTIONS:
                found.setdefault(section, {}).update(answer.get(section, {}))
        return {"failures": failures, "device_keys": {}, **found}

    async def query_for_server(self, asked: Asked) -> Json:
        """What another server is told about the keys of local users."""
        own = {user_id: ids for user_id, ids in asked.items() if self._is_local(user_id)}
        asker = Asker(None, sees_names=self._place.tells_names)
        answer: Json = await self._database.read(self._local.query, own, asker)
        return answer

    async def claim(self, claims: Claims, timeout_ms: int) -> Json:
        """One key for each device and algorithm that has one; `failures` names the servers that could not be asked."""
        by_server = _by_server(claims)
        own = by_server.pop(self._place.server_name, {})
        claimed = await self._claim(own) if own else {}
        questions = {name: self._client.claim_user_keys(name, part) for name, part in by_server.items()}
        answers, failures = await gather(questions, timeout_ms, self._place.reactor)
        for answer in answers.values():
            claimed.update(answer)
        return {"failures": failures, "one_time_keys": claimed}

    async def claim_for_server(self, claims: Claims) -> Json:
        """The same for another server, of local users."""
        own = {user_id: devices for user_id, devices in claims.items() if self._is_local(user_id)}
        return {"one_time_keys": await self._claim(own)}

    async def _claim(self, claims: Claims) -> Json:
        locks = self._one_time_keys.locks(claims)
        claimed: Json = await self._database.transact(self._one_time_keys.claim, claims, locks=locks)
        return claimed

    def _is_local(self, user_id: str) -> bool:
        return server_name_of(user_id) == self._place.server_name


def _by_server(by_user: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    by_server: dict[str, dict[str, Any]] = {}
    for user_id, value in by_user.items():
        by_server.setdefault(server_name_of(user_id), {})[user_id] = value
    return by_server
