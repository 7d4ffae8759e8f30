"""Which rules count for whom in a room: joined local users with rules of their own, those with equal ones together.

Kept in memory, so that where nobody has any a message costs one look into a dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

import msgspec

from homeserver.database import ByteCache, CacheBudget, Change, ChangeFeed, Transaction
from homeserver.protocol.push_conditions import OWN_USER
from homeserver.protocol.push_evaluation import (
    PREDEFINED,
    PREDEFINED_COUNTING,
    CountingRules,
    RuleSet,
    UserRules,
    compile_rules,
)
from homeserver.protocol.push_rules import default_rules
from homeserver.rooms import queries_unread
from homeserver.rooms.records import RoomRecord
from homeserver.slices.notifications import queries

Key = TypeVar("Key")
Value = TypeVar("Value")

RULES_IN_ROOM = "unread_rules"
"""The topic under which a room is published where a member's rules count differently from now on."""


@dataclass(frozen=True, slots=True)
class RuleSources:
    """Both: user id to what is there, users without any left out. `own_rules` are made for `OWN_USER`."""

    own_rules: Callable[[Transaction, Collection[str]], Mapping[str, RuleSet]]
    ignored_users: Callable[[Transaction, Collection[str]], Mapping[str, Collection[str]]]


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Users whose rules come to the same in a room. `is_counted`: whether events count for them by the predefined rules
    unless there is an exception; otherwise they do not count."""

    rules: CountingRules
    is_counted: bool
    users: frozenset[str]


class RoomRules:
    """Callable in the writer thread; what it keeps is dropped as the change feed tells."""

    def __init__(self, budget: CacheBudget, feed: ChangeFeed, sources: RuleSources, server_name: str) -> None:
        self._sources = sources
        self._server_name = server_name
        self._users = _Kept[str, UserRules](budget.cache("unread_rules_of_users"))
        self._rooms = _Kept[int, tuple[RuleGroup, ...]](budget.cache("unread_rules_in_rooms"))
        for topic in ("push_rules", "ignored_users"):
            feed.subscribe(topic, lambda changes: self._users.drop(change.key for change in changes))
        for topic in ("members", RULES_IN_ROOM):
            feed.subscribe(topic, self._drop_rooms)

    def groups(self, tx: Transaction, room: RoomRecord) -> tuple[RuleGroup, ...]:
        """The joined local users to whom the predefined rules do not say all."""
        groups = self._rooms.find(room.room_nid)
        if groups is None:
            groups = self._read_groups(tx, room)
            size_bytes = 200 + sum(200 + 100 * len(group.users) for group in groups)
            self._rooms.keep(tx, room.room_nid, groups, size_bytes)
        return groups

    def of_user(self, tx: Transaction, user_id: str) -> UserRules:
        """A user's rules, ignored users among them."""
        return self._of_users(tx, [user_id])[user_id]

    def read(self, tx: Transaction, user_ids: Collection[str]) -> dict[str, UserRules]:
        """Users' rules within a read, which keeps nothing."""
        found = self._users.find_many(user_ids)
        missing = [user_id for user_id in user_ids if user_id not in found]
        return {**found, **{user_id: rules for user_id, rules, _ in self._compiled(tx, missing)}}

    def compile(self, rules: RuleSet, ignored: Iterable[str]) -> UserRules:
        """Rules with those that silence ignored users before all others. Those that are alike are one object."""
        silencing = [
            {"rule_id": f".ignored.{user_id}", "actions": [], "conditions": [_is_sender(user_id)]}
            for user_id in sorted(ignored)
        ]
        return _compiled_once(msgspec.json.encode({**rules, "override": [*silencing, *rules.get("override", ())]}))

    def _read_groups(self, tx: Transaction, room: RoomRecord) -> tuple[RuleGroup, ...]:
        users = queries_unread.joined_of_server(tx, room.room_nid, self._server_name)
        uncounted = queries.users_uncounted(tx, room.room_nid)
        by_rules: dict[tuple[CountingRules, bool], set[str]] = {}
        # Most have the same rules, which are looked at once; and of those with the predefined ones nothing is said.
        here: dict[UserRules, CountingRules] = {}
        plain = PREDEFINED if PREDEFINED.for_room(room.room_id) == PREDEFINED_COUNTING else None
        for user_id, rules in self._of_users(tx, users).items():
            if rules is plain and user_id not in uncounted:
                continue
            if rules not in here:
                here[rules] = rules.for_room(room.room_id)
            key = (here[rules], user_id not in uncounted)
            if key != (PREDEFINED_COUNTING, True):
                by_rules.setdefault(key, set()).add(user_id)
        return tuple(RuleGroup(*key, frozenset(members)) for key, members in by_rules.items())

    def _of_users(self, tx: Transaction, user_ids: Collection[str]) -> dict[str, UserRules]:
        found = self._users.find_many(user_ids)
        missing = [user_id for user_id in user_ids if user_id not in found]
        if not missing:
            return found
        for user_id, rules, size_bytes in self._compiled(tx, missing):
            found[user_id] = rules
            self._users.keep(tx, user_id, rules, size_bytes)
        return found

    def _compiled(self, tx: Transaction, user_ids: Collection[str]) -> Iterator[tuple[str, UserRules, int]]:
        """(user id, their rules, about how many bytes those take)."""
        own, ignored = self._sources.own_rules(tx, user_ids), self._sources.ignored_users(tx, user_ids)
        for user_id in user_ids:
            if user_id in own or ignored.get(user_id):
                rules = self.compile(own.get(user_id) or default_rules(OWN_USER), ignored.get(user_id, ()))
                yield user_id, rules, 30_000
            else:
                yield user_id, PREDEFINED, 200

    def _drop_rooms(self, changes: Iterable[Change]) -> None:
        self._rooms.drop(int(change.key) for change in changes)


class _Kept(Generic[Key, Value]):
    """A cache filled by transactions: what they read is kept once they are committed, unless it has changed by then."""

    def __init__(self, cache: ByteCache[Key, Value]) -> None:
        self._cache = cache
        self._reading: dict[Key, object] = {}

    def find(self, key: Key) -> Value | None:
        """What is kept."""
        return self._cache.get(key)

    def find_many(self, keys: Iterable[Key]) -> dict[Key, Value]:
        """What is kept of these."""
        return self._cache.get_many(keys)

    def keep(self, tx: Transaction, key: Key, value: Value, size_bytes: int) -> None:
        """Keep what was read, after the commit."""
        reading = self._reading[key] = object()

        def put() -> None:
            if self._reading.get(key) is reading:
                del self._reading[key]
                self._cache.put(key, value, size_bytes)

        tx.after_commit(put)

    def drop(self, keys: Iterable[Key]) -> None:
        """These have changed."""
        for key in keys:
            self._reading.pop(key, None)
            self._cache.drop(key)


@lru_cache(maxsize=512)
def _compiled_once(rules: bytes) -> UserRules:
    """For a rule set as JSON. `default_rules` and what is read of the database have one order of keys."""
    return compile_rules(msgspec.json.decode(rules))


def _is_sender(user_id: str) -> dict[str, Any]:
    return {"kind": "event_property_is", "key": "sender", "value": user_id}
