"""Asking for other servers' keys: the servers themselves, and notaries.

https://spec.matrix.org/v1.19/server-server-api/#retrieving-server-keys
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred

from homeserver.federation.errors import BadAnswer, Unreachable
from homeserver.federation.peers import PeerRequest, PeerRequests
from homeserver.federation.server_keys import (
    BadServerKeys,
    ServerKeys,
    decode_keys_answer,
    read_server_keys,
)
from homeserver.federation.settings import TrustedKeyServer
from homeserver.federation.timed_cache import Clock, now_ms
from homeserver.http.egress_settings import EgressOptions
from homeserver.protocol.signing import (
    SignatureError,
    VerifyKey,
    signing_key_ids,
    verify_json,
    verify_key_from_base64,
)

_log = logging.getLogger(__name__)

_DIRECT = EgressOptions(total_ms=20_000, connect_ms=5_000, max_body_bytes=128 * 1024)
_NOTARY = EgressOptions(total_ms=60_000, connect_ms=10_000, max_body_bytes=8 * 1024 * 1024)
_MAX_ANSWERS = 2_000

Wanted = Mapping[str, Mapping[str, int]]
"""Server name to key id to the moment (ms) the key should still be valid at."""


@dataclass(frozen=True, slots=True)
class _Notary:
    server_name: str
    verify_keys: Mapping[str, VerifyKey]


class KeyFetcher:
    """Asks the network. What it returns is checked, and not stored. ValueError for a notary's key that is none."""

    def __init__(self, peers: PeerRequests, notaries: Sequence[TrustedKeyServer], clock: Clock = now_ms) -> None:
        self._peers = peers
        self._notaries = [
            _Notary(
                one.server_name,
                {key_id: verify_key_from_base64(key_id, text) for key_id, text in one.verify_keys.items()},
            )
            for one in notaries
        ]
        self._clock = clock

    @property
    def has_notaries(self) -> bool:
        """Whether there is anybody else to ask."""
        return bool(self._notaries)

    async def fetch(self, server_name: str) -> ServerKeys:
        """A server's own answer; raises `Unreachable`, `BadAnswer` or `BadServerKeys`."""
        answer = await self._peers.request(server_name, PeerRequest("GET", "/_matrix/key/v2/server", options=_DIRECT))
        if answer.status != 200:
            raise BadServerKeys(f"status {answer.status}")
        keys = read_server_keys(decode_keys_answer(answer.body), self._clock())
        if keys.server_name != server_name:
            raise BadServerKeys("keys of another server")
        return keys

    async def fetch_from_notaries(self, wanted: Wanted) -> list[ServerKeys]:
        """What the notaries know, one after the other until every wanted key is there. Never raises."""
        found: list[ServerKeys] = []
        left = {server_name: dict(keys) for server_name, keys in wanted.items()}
        for notary in self._notaries:
            asked = {name: keys for name, keys in left.items() if name != notary.server_name}
            if not asked:
                continue
            try:
                answers = await self._ask(notary, asked)
            except (Unreachable, BadAnswer, BadServerKeys) as error:
                _log.info("notary %s: %s", notary.server_name, error)
                continue
            found += answers
            for answer in answers:
                keys = left.get(answer.server_name, {})
                for key_id in [one for one, at_ms in keys.items() if _is_good(answer, one, at_ms)]:
                    del keys[key_id]
                if not keys:
                    left.pop(answer.server_name, None)
        return found

    async def _ask(self, notary: _Notary, wanted: Wanted) -> list[ServerKeys]:
        criteria = {
            name: {key_id: {"minimum_valid_until_ts": at_ms} for key_id, at_ms in keys.items()}
            for name, keys in wanted.items()
        }
        request = PeerRequest(
            "POST",
            "/_matrix/key/v2/query",
            {"Content-Type": "application/json"},
            json.dumps({"server_keys": criteria}).encode(),
            _NOTARY,
        )
        answer = await self._peers.request(notary.server_name, request)
        if answer.status != 200:
            raise BadServerKeys(f"status {answer.status}")
        content = decode_keys_answer(answer.body)
        responses = content.get("server_keys") if isinstance(content, dict) else None
        if not isinstance(responses, list):
            raise BadServerKeys("no server_keys")
        notary_keys = await self._notary_keys(notary)
        found = [self._find_good(response, notary, notary_keys) for response in responses[:_MAX_ANSWERS]]
        return [keys for keys in found if keys is not None and keys.server_name in wanted]

    async def _notary_keys(self, notary: _Notary) -> Mapping[str, VerifyKey]:
        if not notary.verify_keys:
            published = await self.fetch(notary.server_name)
            return {key_id: known.verify_key for key_id, known in published.keys.items() if not known.is_old}
        return notary.verify_keys

    def _find_good(self, response: Any, notary: _Notary, notary_keys: Mapping[str, VerifyKey]) -> ServerKeys | None:
        """One of a notary's answers, if the notary and the server itself have signed it."""
        try:
            keys = read_server_keys(response, self._clock())
            known = [one for one in signing_key_ids(response, notary.server_name) if one in notary_keys]
            if not known:
                raise BadServerKeys("not signed by the notary")
            for key_id in known:
                verify_json(response, notary.server_name, notary_keys[key_id])
        except (BadServerKeys, SignatureError) as error:
            _log.info("notary %s: %s", notary.server_name, error)
            return None
        return keys


class NotaryBatch:
    """Collects what is wanted at about the same time into one request to the notaries."""

    DELAY_MS = 20

    def __init__(self, fetcher: KeyFetcher, reactor: Any) -> None:
        self._fetcher = fetcher
        self._reactor = reactor
        self._wanted: dict[str, dict[str, int]] = {}
        self._waiting: list[Deferred[list[ServerKeys]]] = []

    async def ask(self, server_name: str, keys: Mapping[str, int]) -> list[ServerKeys]:
        """The notaries' answers about a server."""
        wanted = self._wanted.setdefault(server_name, {})
        for key_id, at_ms in keys.items():
            wanted[key_id] = max(at_ms, wanted.get(key_id, 0))
        if not self._waiting:
            self._reactor.callLater(self.DELAY_MS / 1000, self._send)
        mine: Deferred[list[ServerKeys]] = Deferred()
        self._waiting.append(mine)
        answers = await mine
        return [answer for answer in answers if answer.server_name == server_name]

    def _send(self) -> None:
        wanted, self._wanted = self._wanted, {}
        waiting, self._waiting = self._waiting, []

        def deliver(result: Any) -> None:
            for one in waiting:
                if not one.called:
                    one.callback(result)

        Deferred.fromCoroutine(self._fetcher.fetch_from_notaries(wanted)).addBoth(deliver)


def _is_good(answer: ServerKeys, key_id: str, at_ms: int) -> bool:
    known = answer.keys.get(key_id)
    return known is not None and known.valid_until_ms >= at_ms
