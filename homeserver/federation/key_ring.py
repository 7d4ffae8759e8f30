"""The keys of servers: from memory, the database, the server itself, or a notary."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults

from homeserver.database import Database
from homeserver.federation import key_queries
from homeserver.federation.authentication import KeyUnavailable
from homeserver.federation.errors import BadAnswer, Unreachable
from homeserver.federation.identity import Identity
from homeserver.federation.key_fetch import KeyFetcher, NotaryBatch
from homeserver.federation.server_keys import BadServerKeys, KnownKey, ServerKeys
from homeserver.federation.settings import OldVerifyKey, ServerRules
from homeserver.federation.timed_cache import Clock, TimedCache, now_ms
from homeserver.protocol.ids import is_valid_server_name
from homeserver.protocol.signing import SignatureError, VerifyKey, signing_key_ids, verify_json, verify_key_from_base64
from homeserver.single_flight import SingleFlight

_log = logging.getLogger(__name__)

KeyName = tuple[str, str]
"""Server name and key id."""

#: A server that was asked is not asked again for so long; after failures longer each time.
ASKED_LATELY_MS = 10_000
FIRST_FAILURE_MS = 1_000
MAX_FAILURE_MS = 240_000
#: But for others, who know why they ask for newer keys, it is asked again so often meanwhile.
MOST_FOR_OTHERS = 4
#: From this many servers on, notaries are asked first: one request in place of many, some of them to the dead.
MANY_SERVERS = 8
_CONCURRENT = 32
#: The rows of so many servers are few enough to be read on the reactor thread.
_FEW_SERVERS = 16
_MAX_IN_MEMORY = 20_000
_FOR_ALL_TIME = 2**62


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """This server's keys, by key id, those it no longer signs with among them."""

    server_name: str
    keys: Mapping[str, KnownKey]

    @staticmethod
    def of(identity: Identity, old: Mapping[str, OldVerifyKey]) -> OwnKeys:
        """The current key, which is valid for all time to the server itself, and the old ones. ValueError for an old
        key that is none."""
        keys = {
            key_id: KnownKey(verify_key_from_base64(key_id, each.key), each.expired_ts, is_old=True)
            for key_id, each in old.items()
        }
        keys[identity.key.key_id] = KnownKey(identity.key.verify_key, _FOR_ALL_TIME)
        return OwnKeys(identity.server_name, keys)


class KeyRing:
    """Finds keys. Requests for the same server at the same time share one fetch; servers that fail are left alone."""

    def __init__(
        self,
        own: OwnKeys,
        rules: ServerRules,
        database: Database,
        fetcher: KeyFetcher,
        reactor: Any,
        clock: Clock = now_ms,
    ) -> None:
        self._own = own
        self._rules = rules
        self._database = database
        self._fetcher = fetcher
        self._notaries = NotaryBatch(fetcher, reactor)
        self._clock = clock
        self._known: OrderedDict[KeyName, KnownKey] = OrderedDict()
        self._flights: SingleFlight[str, None] = SingleFlight()
        self._wants: dict[str, dict[str, int]] = {}
        self._left_alone: TimedCache[str, int] = TimedCache(_MAX_IN_MEMORY, clock)
        self._asked_again: TimedCache[str, int] = TimedCache(_MAX_IN_MEMORY, clock)
        self._slots = DeferredSemaphore(_CONCURRENT)

    async def request_key(self, server_name: str, key_id: str) -> VerifyKey:
        """The key a server signs requests with, valid now; raises `KeyUnavailable`."""
        found = await self.find_keys({(server_name, key_id): self._clock()})
        known = found.get((server_name, key_id))
        if known is None or known.is_old:
            raise KeyUnavailable(f"{server_name} {key_id}")
        return known.verify_key

    async def find_keys(self, wanted: Mapping[KeyName, int]) -> dict[KeyName, KnownKey]:
        """The keys that are still valid at the moment (ms) given for each; others are left out."""
        missing = self._missing(wanted)
        if missing:
            await self._recall({server_name for server_name, _ in missing})
            missing = self._missing(missing)
        if missing:
            await self._fetch_missing(missing)
        return {name: known for name, at_ms in wanted.items() if (known := self._find_valid(name, at_ms)) is not None}

    async def check_json(self, value: Mapping[str, Any], server_name: str, at_ms: int = 0) -> None:
        """Raise `SignatureError` unless a server has signed an object, with all keys of its that can be had.

        `at_ms`: the moment the keys must have been valid at; 0 for any.
        """
        names = {(server_name, key_id): at_ms for key_id in signing_key_ids(value, server_name)[:16]}
        found = await self.find_keys(names)
        if not found:
            raise SignatureError(f"no signature of {server_name} with a key that is known and was valid")
        for known in found.values():
            verify_json(value, server_name, known.verify_key)

    async def refresh(self, server_name: str) -> None:
        """Ask a server for its keys on behalf of another; they are in the database then. One that was asked lately is
        asked again a few times only, and not if it failed twice."""
        if server_name != self._own.server_name and self._may_ask_again(server_name):
            await self._flights.run(server_name, lambda: self._fetch(server_name, notaries_first=False))

    def note_alive(self, server_name: str) -> None:
        """A server is there again: ask it when its keys are wanted next."""
        if self.is_silent(server_name):
            self._left_alone.drop(server_name)

    def is_silent(self, server_name: str) -> bool:
        """Whether neither a server nor the notaries gave its keys when they were asked last."""
        return bool(self._left_alone.find_stale(server_name))

    def _missing(self, wanted: Mapping[KeyName, int]) -> dict[KeyName, int]:
        return {
            name: at_ms
            for name, at_ms in wanted.items()
            if name[0] != self._own.server_name and self._find_valid(name, at_ms) is None
        }

    def _find_valid(self, name: KeyName, at_ms: int) -> KnownKey | None:
        known = self._own.keys.get(name[1]) if name[0] == self._own.server_name else self._known.get(name)
        return known if known is not None and known.valid_until_ms >= at_ms else None

    def _may_ask(self, server_name: str) -> bool:
        return (
            self._left_alone.find(server_name) is None
            and is_valid_server_name(server_name)
            and self._rules.is_allowed(server_name)
        )

    def _may_ask_again(self, server_name: str) -> bool:
        if self._may_ask(server_name):
            self._asked_again.drop(server_name)
            return True
        if not is_valid_server_name(server_name) or not self._rules.is_allowed(server_name):
            return False
        times = (self._asked_again.find(server_name) or 0) + 1
        if times > MOST_FOR_OTHERS or (self._left_alone.find_stale(server_name) or 0) > 1:
            return False
        self._asked_again.put(server_name, times, ASKED_LATELY_MS)
        return True

    async def _fetch_missing(self, missing: Mapping[KeyName, int]) -> None:
        by_server: dict[str, dict[str, int]] = {}
        for (server_name, key_id), at_ms in missing.items():
            by_server.setdefault(server_name, {})[key_id] = at_ms
        asked = [name for name in by_server if self._may_ask(name)]
        for server_name in asked:
            wants = self._wants.setdefault(server_name, {})
            for key_id, at_ms in by_server[server_name].items():
                wants[key_id] = max(at_ms, wants.get(key_id, 0))
        notaries_first = len(asked) >= MANY_SERVERS and self._fetcher.has_notaries
        await self._fetch_all(asked, notaries_first)

    async def _fetch_all(self, server_names: Collection[str], notaries_first: bool) -> None:
        def fetch(server_name: str) -> Deferred[None]:
            return Deferred.fromCoroutine(
                self._flights.run(server_name, lambda: self._fetch(server_name, notaries_first))
            )

        await gatherResults([fetch(name) for name in server_names], consumeErrors=True)

    async def _fetch(self, server_name: str, notaries_first: bool) -> None:
        """Ask the server and the notaries, in one order or the other, until what is wanted is there. Never raises."""
        failures = self._left_alone.find_stale(server_name) or 0
        was_reached = False
        try:
            for from_notaries in (notaries_first, not notaries_first):
                if from_notaries and not self._fetcher.has_notaries:
                    continue
                if from_notaries:
                    await self._ask_notaries(server_name)
                else:
                    was_reached = await self._ask_server(server_name)
                if self._is_satisfied(server_name, was_reached):
                    was_reached = True
                    break
        finally:
            self._wants.pop(server_name, None)
            failures = 0 if was_reached else failures + 1
            wait_ms = min(FIRST_FAILURE_MS * 2 ** min(failures - 1, 20), MAX_FAILURE_MS) if failures else 0
            self._left_alone.put(server_name, failures, wait_ms or ASKED_LATELY_MS)

    def _is_satisfied(self, server_name: str, was_reached: bool) -> bool:
        wants = self._wants.get(server_name)
        if not wants:
            return was_reached
        return all(self._find_valid((server_name, key_id), at_ms) is not None for key_id, at_ms in wants.items())

    async def _ask_server(self, server_name: str) -> bool:
        await self._slots.acquire()
        try:
            answer = await self._fetcher.fetch(server_name)
        except (Unreachable, BadAnswer, BadServerKeys) as error:
            _log.info("the keys of %s could not be had: %s", server_name, error)
            return False
        finally:
            self._slots.release()
        await self._absorb(answer, is_direct=True)
        return True

    async def _ask_notaries(self, server_name: str) -> None:
        wants = {
            key_id: at_ms
            for key_id, at_ms in self._wants.get(server_name, {}).items()
            if self._find_valid((server_name, key_id), at_ms) is None
        }
        for answer in await self._notaries.ask(server_name, wants):
            await self._absorb(answer, is_direct=False)

    async def _recall(self, server_names: Collection[str]) -> None:
        """Take what the database knows of some servers into memory."""
        look = self._database.glance if len(server_names) <= _FEW_SERVERS else self._database.read
        for name, known in (await look(key_queries.known_keys, server_names)).items():
            self._remember(name, known)

    async def _absorb(self, answer: ServerKeys, is_direct: bool) -> None:
        await self._database.transact(key_queries.put_keys, answer, is_direct)
        if is_direct:
            for key_id, known in answer.keys.items():
                self._remember((answer.server_name, key_id), known)
            return
        # A notary's answer may be older than what is stored; the rows say what holds.
        await self._recall([answer.server_name])

    def _remember(self, name: KeyName, known: KnownKey) -> None:
        self._known.pop(name, None)
        self._known[name] = known
        if len(self._known) > _MAX_IN_MEMORY:
            self._known.popitem(last=False)
