"""One-time keys, each given to one claimer, and the fallback keys for when there are none left.

https://spec.matrix.org/v1.19/client-server-api/#one-time-and-fallback-keys
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from homeserver.database import ByteCache, CacheBudget, Change, Database, Transaction
from homeserver.protocol.errors import MatrixError, invalid_param
from homeserver.slices.keys import queries_one_time as queries
from homeserver.slices.keys.shapes import MOST_ALGORITHMS, MOST_ONE_TIME_KEYS, Json, Upload

#: Clients look for this one's count, also where there are none.
_ALWAYS_COUNTED = "signed_curve25519"

Claims = Mapping[str, Mapping[str, str]]
"""User id to device id to algorithm."""


class OneTimeKeys:
    """The one-time and fallback keys of local devices. Each change is published under `one_time_keys` with the user's
    id as key. `upload` and `claim` are for bodies that hold the locks of `locks`."""

    def __init__(self, database: Database, budget: CacheBudget) -> None:
        self._database = database
        self._told: ByteCache[str, dict[str, Json]] = budget.cache("one_time_key_counts")
        database.feed.subscribe("one_time_keys", self._drop)

    @staticmethod
    def locks(user_ids: Iterable[str]) -> list[str]:
        """What orders the uploads to, and claims from, these users."""
        return [f"one_time_keys:{user_id}" for user_id in user_ids]

    async def key_counts(self, user_id: str, device_id: str) -> Json:
        """`device_one_time_keys_count` and `device_unused_fallback_key_types`, as `/sync` tells them."""
        of_user = self._told.get(user_id) or {}
        found = of_user.get(device_id)
        if found is None:
            position = self._database.feed.position
            found = await self._database.glance(_told, user_id, device_id)
            if position == self._database.feed.position:
                known = {**(self._told.get(user_id) or {}), device_id: found}
                self._told.put(user_id, known, 200 + 400 * len(known))
        return found

    def counts(self, tx: Transaction, user_id: str, device_id: str) -> dict[str, int]:
        """Algorithm to number of one-time keys that can be claimed."""
        return {_ALWAYS_COUNTED: 0, **queries.count_keys(tx, user_id, device_id)}

    def upload(self, tx: Transaction, user_id: str, device_id: str, upload: Upload) -> None:
        """Add one-time keys and set fallback keys. What is known already is passed over; 400 `M_INVALID_PARAM` for a
        known id with another key, `M_LIMIT_EXCEEDED` for too many."""
        new = self._new_keys(tx, user_id, device_id, upload.one_time_keys)
        self._check_number(tx, user_id, device_id, new, upload.fallback_keys)
        queries.insert_keys(tx, user_id, device_id, new)
        changed = bool(new)
        by_algorithm = {key_id.partition(":")[0]: (key_id, key) for key_id, key in upload.fallback_keys.items()}
        if len(by_algorithm) < len(upload.fallback_keys):
            raise invalid_param("fallback_keys: there can be one key for each algorithm.")
        for algorithm, (key_id, key) in by_algorithm.items():
            known = queries.find_fallback(tx, user_id, device_id, algorithm)
            if known is None or known[:2] != (key_id, key):
                queries.write_fallback(tx, user_id, device_id, key_id, key)
                changed = True
        if changed:
            tx.publish("one_time_keys", user_id)

    def claim(self, tx: Transaction, claims: Claims) -> Json:
        """User id to device id to key id to key, of those devices that have a key of the algorithm."""
        claimed: Json = {}
        for user_id, devices in claims.items():
            for device_id, algorithm in devices.items():
                found = self._claim(tx, user_id, device_id, algorithm)
                if found is not None:
                    claimed.setdefault(user_id, {})[device_id] = {found[0]: found[1]}
        return claimed

    def delete_devices(self, tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
        """These devices are gone, or others now."""
        queries.delete_devices(tx, user_id, device_ids)
        tx.publish("one_time_keys", user_id)

    def _claim(self, tx: Transaction, user_id: str, device_id: str, algorithm: str) -> tuple[str, Any] | None:
        first = queries.claim_first(tx, user_id, device_id, algorithm)
        if first is not None:
            tx.publish("one_time_keys", user_id)
            return first
        fallback = queries.find_fallback(tx, user_id, device_id, algorithm)
        if fallback is None:
            return None
        key_id, key, is_used = fallback
        if not is_used:
            queries.set_fallback_used(tx, user_id, device_id, algorithm)
            tx.publish("one_time_keys", user_id)
        return key_id, key

    def _new_keys(self, tx: Transaction, user_id: str, device_id: str, keys: Mapping[str, Any]) -> dict[str, Any]:
        new = dict(keys)
        for key_id, known, is_claimed in queries.keys_by_id(tx, user_id, device_id, keys):
            if known == keys[key_id]:
                new.pop(key_id, None)
            elif not is_claimed:
                raise invalid_param(f"one_time_keys: there is another key {key_id} already.")
        return new

    def _check_number(
        self, tx: Transaction, user_id: str, device_id: str, new: Iterable[str], fallback_keys: Iterable[str]
    ) -> None:
        counts = queries.count_keys(tx, user_id, device_id)
        for key_id in new:
            algorithm = key_id.partition(":")[0]
            counts[algorithm] = counts.get(algorithm, 0) + 1
        fallback = set(queries.fallback_algorithms(tx, user_id, device_id))
        fallback |= {key_id.partition(":")[0] for key_id in fallback_keys}
        if max(counts.values(), default=0) > MOST_ONE_TIME_KEYS or max(len(counts), len(fallback)) > MOST_ALGORITHMS:
            raise MatrixError(
                400,
                "M_LIMIT_EXCEEDED",
                f"A device has at most {MOST_ONE_TIME_KEYS} keys each of {MOST_ALGORITHMS} algorithms.",
            )

    def _drop(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._told.drop(change.key)


def _told(tx: Transaction, user_id: str, device_id: str) -> Json:
    counts = {_ALWAYS_COUNTED: 0, **queries.count_keys(tx, user_id, device_id)}
    unused = [name for name, is_used in queries.fallback_algorithms(tx, user_id, device_id).items() if not is_used]
    return {"device_one_time_keys_count": counts, "device_unused_fallback_key_types": unused}
