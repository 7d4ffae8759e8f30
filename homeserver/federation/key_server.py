"""This server's keys for others, and other servers' keys for whoever asks this one as a notary.

https://spec.matrix.org/v1.19/server-server-api/#retrieving-server-keys
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from homeserver.database import Database
from homeserver.federation import key_queries
from homeserver.federation.identity import Identity
from homeserver.federation.key_queries import StoredAnswer
from homeserver.federation.key_ring import KeyRing
from homeserver.federation.settings import FederationSettings
from homeserver.federation.timed_cache import Clock, now_ms
from homeserver.protocol.canonical_json import decode_strict
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.ids import is_valid_server_name
from homeserver.protocol.signing import sign_json

MAX_SERVERS_PER_QUERY = 200
#: How long a query waits for servers that are slow to give their keys; after that the answer is what is stored.
WAIT_S = 15


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is asked about one server: key ids with the moment (ms) each should still be valid at, or, with none, all
    its keys, in an answer that should hold until `until_ms`."""

    keys: Mapping[str, int] = field(default_factory=dict)
    until_ms: int = 0


class KeyServer:
    """Publishes this server's keys and answers queries for those of others."""

    def __init__(
        self,
        identity: Identity,
        settings: FederationSettings,
        key_ring: KeyRing,
        database: Database,
        reactor: Any,
        clock: Clock = now_ms,
    ) -> None:
        self._identity = identity
        self._settings = settings
        self._key_ring = key_ring
        self._database = database
        self._reactor = reactor
        self._clock = clock

    def own_keys(self) -> dict[str, Any]:
        """The signed object of `GET /_matrix/key/v2/server`, valid from now for `key_refresh_interval`."""
        old = {
            key_id: {"key": key.key, "expired_ts": key.expired_ts}
            for key_id, key in self._settings.old_verify_keys.items()
        }
        published = {
            "server_name": self._identity.server_name,
            "verify_keys": {self._identity.key.key_id: {"key": self._identity.key.verify_key.encoded}},
            "old_verify_keys": old,
            "valid_until_ts": self._clock() + self._settings.key_refresh_interval_ms,
        }
        return sign_json(published, self._identity.server_name, self._identity.key)

    async def query(self, wanted: Mapping[str, Criteria]) -> list[dict[str, Any]]:
        """The answers of the servers, each with this server's signature added; servers that are neither reachable nor
        stored are left out. Raises `MatrixError` 400 for more than 200 servers."""
        if len(wanted) > MAX_SERVERS_PER_QUERY:
            raise invalid_param(f"At most {MAX_SERVERS_PER_QUERY} servers can be queried at a time.")
        names = [name for name in wanted if is_valid_server_name(name) and self._settings.rules.is_allowed(name)]
        stored = {name: await self._stored(name) for name in names if name != self._identity.server_name}
        due = [name for name, answers in stored.items() if self._is_refresh_due(answers, wanted[name])]
        if due:
            await self._refresh(due)
            stored |= {name: await self._stored(name) for name in due}
        found: list[dict[str, Any]] = []
        for name in names:
            if name == self._identity.server_name:
                found.append(self.own_keys())
            else:
                found += [self._countersigned(answer) for answer in _chosen(stored[name], wanted[name])]
        return found

    async def _stored(self, server_name: str) -> list[StoredAnswer]:
        answers: list[StoredAnswer] = await self._database.glance(key_queries.stored_answers, server_name)
        return answers

    def _is_refresh_due(self, answers: list[StoredAnswer], criteria: Criteria) -> bool:
        """Whether the newest answer is past half its life, a wanted key is not there, or one ends too early."""
        if not answers:
            return True
        now = self._clock()
        newest = answers[0]
        if now - newest.fetched_ms > (newest.valid_until_ms - newest.fetched_ms) / 2:
            return True
        if not criteria.keys and newest.valid_until_ms < criteria.until_ms:
            return True
        for key_id, at_ms in criteria.keys.items():
            having = [answer for answer in answers if key_id in answer.key_ids]
            if not having:
                return True
            is_current = any(key_id in answer.current_key_ids for answer in having)
            if is_current and max(answer.valid_until_ms for answer in having) < at_ms:
                return True
        return False

    async def _refresh(self, server_names: list[str]) -> None:
        fetching = gatherResults(
            [Deferred.fromCoroutine(self._key_ring.refresh(name)) for name in server_names], consumeErrors=True
        )
        # What is stored is a good answer too, so neither a failure nor the end of the time is an error.
        fetching.addTimeout(WAIT_S, self._reactor).addErrback(lambda _: None)
        await fetching

    def _countersigned(self, answer: StoredAnswer) -> dict[str, Any]:
        return sign_json(decode_strict(answer.response), self._identity.server_name, self._identity.key)


def _chosen(answers: list[StoredAnswer], criteria: Criteria) -> list[StoredAnswer]:
    """The answers that have a wanted key; all of them where none is named."""
    if not criteria.keys:
        return answers
    having = [answer for answer in answers if not answer.key_ids.isdisjoint(criteria.keys)]
    return having or answers[:1]
