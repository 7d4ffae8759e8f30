"""Asking other servers for the keys of their users, where they are not known here.

https://spec.matrix.org/v1.19/server-server-api/#end-to-end-encryption
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from homeserver.clock import Clock
from homeserver.protocol.ids import server_name_of
from homeserver.slices.keys.gathering import gather
from homeserver.slices.keys.one_time_keys import Claims
from homeserver.slices.keys.remote_lists import RemoteLists
from homeserver.slices.keys.resync import Resync
from homeserver.slices.keys.shapes import Json, completed_device_keys
from homeserver.slices.keys.signing_shapes import with_signatures
from homeserver.slices.keys.updates import read_signing_key

KEY_SECTIONS = ("device_keys", "master_keys", "self_signing_keys")
#: The lists of so many users of a server are waited for; of more the keys are asked for in one request, and the lists
#: come after the answer.
_MOST_FETCHED = 10

Asked = Mapping[str, list[str]]


class KeyClient(Protocol):
    """Asks other servers; raises `MatrixError`, and answers nothing but what was asked for."""

    async def query_user_keys(self, destination: str, device_keys: Mapping[str, list[str]]) -> Json:
        """`device_keys`, `master_keys` and `self_signing_keys` by user id."""

    async def claim_user_keys(self, destination: str, one_time_keys: Mapping[str, Mapping[str, str]]) -> Json:
        """User id to device id to key id to key."""


class RemoteKeys:
    """Asks all servers side by side."""

    def __init__(self, lists: RemoteLists, resync: Resync, client: KeyClient, reactor: Clock) -> None:
        self._lists = lists
        self._resync = resync
        self._client = client
        self._reactor = reactor

    async def query(self, asked: Asked, timeout_ms: int) -> tuple[Json, Json]:
        """(`device_keys` and so on of some users of other servers, server name to error of those not reached)."""
        known = await self._lists.known(asked)
        found: Json = {section: {} for section in KEY_SECTIONS}
        _merge(found, known.answer, asked)
        questions = {}
        later: dict[str, list[str]] = {}
        for server_name, part in by_server(asked).items():
            outdated = [user_id for user_id in part if user_id in known.outdated]
            strangers = {user_id: ids for user_id, ids in part.items() if user_id in known.strangers}
            if len(outdated) > _MOST_FETCHED:
                strangers |= {user_id: part[user_id] for user_id in outdated}
                later[server_name], outdated = outdated, []
            if outdated or strangers:
                questions[server_name] = self._ask(server_name, outdated, strangers)
        answers, failures = await gather(questions, timeout_ms, self._reactor)
        for server_name, outdated in later.items():
            if server_name not in failures:
                self._resync.fetch_later(server_name, outdated)
        for answer in answers.values():
            _merge(found, answer, asked)
        if known.outdated:
            again = {user_id: asked[user_id] for user_id in known.outdated}
            _merge(found, (await self._lists.known(again)).answer, again)
        return found, failures

    async def claim(self, claims: Claims, timeout_ms: int) -> tuple[Json, Json]:
        """(user id to device id to key id to key, server name to error of those not reached)."""
        questions = {name: self._client.claim_user_keys(name, part) for name, part in by_server(claims).items()}
        answers, failures = await gather(questions, timeout_ms, self._reactor)
        return {user_id: keys for answer in answers.values() for user_id, keys in answer.items()}, failures

    async def _ask(self, server_name: str, outdated: Collection[str], strangers: Asked) -> Json:
        """What one server tells at once; what comes of lists is kept."""
        await self._resync.fetch_all(outdated)
        return _checked(await self._client.query_user_keys(server_name, strangers)) if strangers else {}


def by_server(by_user: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The same apart for each user's server."""
    parts: dict[str, dict[str, Any]] = {}
    for user_id, value in by_user.items():
        parts.setdefault(server_name_of(user_id), {})[user_id] = value
    return parts


def _checked(answer: Json) -> Json:
    """What is in the right shape of what a server answers."""
    devices: Json = {}
    for user_id, of_user in answer["device_keys"].items():
        completed = {one: completed_device_keys(keys, user_id, one) for one, keys in of_user.items()}
        devices[user_id] = {one: keys for one, keys in completed.items() if keys is not None}
    checked: Json = {"device_keys": devices}
    for usage in ("master", "self_signing"):
        keys = answer.get(f"{usage}_keys", {})
        read = {user_id: read_signing_key(key, user_id, usage) for user_id, key in keys.items()}
        checked[f"{usage}_keys"] = {user_id: key for user_id, key in read.items() if key is not None}
    return checked


def _merge(found: Json, answer: Json, asked: Asked) -> None:
    """Add an answer's keys of those users, and their devices, that were asked for, with their own signatures."""
    for user_id, devices in answer.get("device_keys", {}).items():
        found["device_keys"][user_id] = {
            device_id: with_signatures(keys, [user_id], ())
            for device_id, keys in devices.items()
            if not asked.get(user_id) or device_id in asked[user_id]
        }
    for section in ("master_keys", "self_signing_keys"):
        for user_id, key in answer.get(section, {}).items():
            found[section][user_id] = with_signatures(key, [user_id], ())
