"""Checking the signatures of many events, in threads.

https://spec.matrix.org/v1.19/server-server-api/#validating-hashes-and-signatures-on-received-events
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nacl.exceptions import CryptoError
from twisted.internet.defer import gatherResults

from homeserver.federation.key_ring import KeyName, KeyRing
from homeserver.federation.offload import Offload
from homeserver.federation.server_keys import KnownKey
from homeserver.protocol.base64 import decode_base64
from homeserver.protocol.events import Event
from homeserver.protocol.hashing import signed_bytes
from homeserver.protocol.signing import SignatureError, required_signers, signing_key_ids

#: Up to so many signatures are checked at once on the reactor thread (70 us each); more go to threads, in batches.
INLINE_SIGNATURES = 8
BATCH_EVENTS = 32
#: An event with more signatures of one server than this is not looked into.
MAX_SIGNATURES_PER_SERVER = 16


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an event's signatures are not good. `is_passing`: for want of a key whose server cannot be reached now."""

    reason: str
    is_passing: bool = False


@dataclass(frozen=True, slots=True)
class _Task:
    """An event, the keys its signatures may be checked with, and why it fails before any is."""

    event: Event
    signatures: Mapping[str, tuple[str, ...]]
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class _NoKey:
    """A server none of whose signatures can be checked."""

    server_name: str


_Verdict = Fault | _NoKey | None


class EventSignatures:
    """Checks events' signatures with the keys of the key ring."""

    def __init__(self, keys: KeyRing, offload: Offload) -> None:
        self._keys = keys
        self._offload = offload

    async def verify_events(self, events: Sequence[Event]) -> list[Fault | None]:
        """For each event None where all required signatures are good, else why not.

        Of each server that must have signed, at least one signature must be with a key that can be had, and all such
        must be right. From room version 5 the key must have been valid at `origin_server_ts`.
        """
        tasks = [_task(event) for event in events]
        wanted: dict[KeyName, int] = {}
        for task in tasks:
            at_ms = _moment(task.event)
            for server_name, key_ids in task.signatures.items():
                for key_id in key_ids:
                    name = (server_name, key_id)
                    wanted[name] = max(at_ms, wanted.get(name, 0))
        keys = await self._find_keys(wanted, tasks)
        if sum(len(task.signatures) for task in tasks) <= INLINE_SIGNATURES:
            return self._told_apart(_verdicts(tasks, keys))
        batches = [tasks[start : start + BATCH_EVENTS] for start in range(0, len(tasks), BATCH_EVENTS)]
        results = await gatherResults([self._offload(_verdicts, batch, keys) for batch in batches])
        return self._told_apart([verdict for batch in results for verdict in batch])

    def _told_apart(self, verdicts: list[_Verdict]) -> list[Fault | None]:
        return [
            Fault(
                f"no key of {verdict.server_name} that was valid could be had",
                self._keys.is_silent(verdict.server_name),
            )
            if isinstance(verdict, _NoKey)
            else verdict
            for verdict in verdicts
        ]

    async def _find_keys(self, wanted: Mapping[KeyName, int], tasks: Sequence[_Task]) -> Mapping[KeyName, KnownKey]:
        """Every key that can be had. A key that was not valid late enough for one event may be for another."""
        if not wanted:
            return {}
        found = await self._keys.find_keys(wanted)
        left = {name: 0 for name in wanted if name not in found}
        return {**found, **(await self._keys.find_keys(left))} if left else found


def _moment(event: Event) -> int:
    """When the key must have been valid; 0 in the room versions that do not ask."""
    return event.origin_server_ts if event.version.enforces_key_validity else 0


def _task(event: Event) -> _Task:
    try:
        signers = required_signers(event)
    except SignatureError as error:
        return _Task(event, {}, Fault(str(error)))
    signatures = {}
    for server_name in signers:
        key_ids = signing_key_ids(event.pdu, server_name)
        if not key_ids:
            return _Task(event, {}, Fault(f"not signed by {server_name}"))
        if len(key_ids) > MAX_SIGNATURES_PER_SERVER:
            return _Task(event, {}, Fault(f"too many signatures of {server_name}"))
        signatures[server_name] = tuple(key_ids)
    return _Task(event, signatures)


def _verdicts(tasks: Sequence[_Task], keys: Mapping[KeyName, KnownKey]) -> list[_Verdict]:
    return [task.fault or _find_fault(task, keys) for task in tasks]


def _find_fault(task: _Task, keys: Mapping[KeyName, KnownKey]) -> _Verdict:
    if not task.signatures:
        return None
    try:
        covered = signed_bytes(task.event.pdu, task.event.version)
    except ValueError as error:
        return Fault(str(error))
    at_ms = _moment(task.event)
    for server_name, key_ids in task.signatures.items():
        usable = [
            known
            for key_id in key_ids
            if (known := keys.get((server_name, key_id))) is not None and known.valid_until_ms >= at_ms
        ]
        if not usable:
            return _NoKey(server_name)
        by_key = task.event.pdu["signatures"][server_name]
        for known in usable:
            try:
                known.verify_key.key.verify(covered, decode_base64(by_key[known.verify_key.key_id]))
            except (CryptoError, ValueError, TypeError):
                return Fault(f"the signature of {server_name} with {known.verify_key.key_id} is wrong")
    return None
