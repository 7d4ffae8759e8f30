"""Reading and changing a user's push rules.

https://spec.matrix.org/v1.19/client-server-api/#push-rules-api
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, invalid_param, not_found
from homeserver.protocol.push_conditions import OWN_USER
from homeserver.protocol.push_rules import KINDS, default_rules
from homeserver.slices.push_rules import queries

Json = dict[str, Any]
RuleSet = dict[str, list[Json]]

_MOST_RULES = 1_000


@dataclass(frozen=True, slots=True)
class NewRule:
    """A rule of the user's own and where it goes: before or after another of its kind, or first."""

    kind: str
    rule_id: str
    rule: Json
    before: str | None = None
    after: str | None = None


OnChanged = Callable[[Transaction, str, RuleSet, RuleSet], None]
"""Called within the transaction with a user and their rules before and after, made for `OWN_USER`."""


class PushRules:
    """The push rules of local users."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.on_changed: list[OnChanged] = []

    async def get_rules(self, user_id: str) -> RuleSet:
        """Kind to rules, the user's own before the predefined ones of a kind (but the master rule stays first)."""
        return await self._database.glance(self.rules, user_id)

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account has ended."""
        queries.delete_user(tx, user_id)
        tx.publish("push_rules", user_id)

    async def get_rule(self, user_id: str, kind: str, rule_id: str) -> Json:
        """One rule; 404 `M_NOT_FOUND`."""
        rules = await self.get_rules(user_id)
        return _find(rules, kind, rule_id)

    async def put_rule(self, user_id: str, new: NewRule) -> None:
        """Add or replace a rule of the user's own; 400 for predefined ids, 404 for a neighbour that is not there."""
        if new.rule_id.startswith("."):
            raise invalid_param("Rule ids beginning with a dot are the server's.")
        await self._change(user_id, new.kind, lambda own: _insert(own, new))

    async def delete_rule(self, user_id: str, kind: str, rule_id: str) -> None:
        """Remove a rule of the user's own."""
        if rule_id.startswith("."):
            raise invalid_param("Predefined rules can be disabled, not removed.")

        def remove(own: list[Json]) -> list[Json]:
            left = [rule for rule in own if rule["rule_id"] != rule_id]
            if len(left) == len(own):
                raise not_found("There is no such push rule.")
            return left

        await self._change(user_id, kind, remove)

    async def set_attribute(self, user_id: str, kind: str, rule_id: str, attribute: Json) -> None:
        """Set `enabled` or `actions` of a rule, predefined or the user's own."""
        current = await self.get_rule(user_id, kind, rule_id)

        def write(own: list[Json]) -> list[Json]:
            if any(rule["rule_id"] == rule_id for rule in own):
                return [{**rule, **attribute} if rule["rule_id"] == rule_id else rule for rule in own]
            return [*own, {**current, **attribute}]

        await self._change(user_id, kind, write)

    async def carry_over(self, user_id: str, old_room_id: str, new_room_id: str) -> None:
        """A room was replaced by another: the rules about it alone hold for the new one too."""
        for kind, about in (("room", _about_room), ("override", _about_room_by_condition)):

            def add(own: list[Json], about: Callable[[Json, str, str], Json | None] = about) -> list[Json]:
                present = {rule["rule_id"] for rule in own}
                copies = [copy for rule in own if (copy := about(rule, old_room_id, new_room_id)) is not None]
                return [*own, *(copy for copy in copies if copy["rule_id"] not in present)]

            if any(about(rule, old_room_id, new_room_id) for rule in (await self.get_rules(user_id))[kind]):
                await self._change(user_id, kind, add)

    def rules(self, tx: Transaction, user_id: str) -> RuleSet:
        """All rules, within a transaction."""
        return _rule_set(user_id, queries.rules_of(tx, user_id))

    def own_rules(self, tx: Transaction, user_ids: Collection[str]) -> Mapping[str, RuleSet]:
        """The rules of those of the users who changed any or have their own, made for `OWN_USER`."""
        return {user_id: _rule_set(OWN_USER, rows) for user_id, rows in queries.rules_of_many(tx, user_ids).items()}

    def push_rules_since(self, tx: Transaction, user_id: str, since: int) -> list[Json]:
        """The `m.push_rules` account data event, if the rules changed after a position."""
        if since and queries.changed_at(tx, user_id) <= since:
            return []
        return [{"type": "m.push_rules", "content": {"global": self.rules(tx, user_id)}}]

    async def _change(self, user_id: str, kind: str, change: Callable[[list[Json]], list[Json]]) -> None:
        if kind not in KINDS:
            raise invalid_param(f"kind: must be one of {', '.join(KINDS)}.")
        await self._database.transact(self._write, user_id, kind, change, locks=(f"push_rules:{user_id}",))

    def _write(self, tx: Transaction, user_id: str, kind: str, change: Callable[[list[Json]], list[Json]]) -> None:
        before = queries.rules_of(tx, user_id)
        rows = [row for row in before if row[0] == kind]
        rules = change([msgspec.json.decode(row[3]) for row in rows])
        if len(rules) > _MOST_RULES:
            raise MatrixError(400, "M_LIMIT_EXCEEDED", f"More than {_MOST_RULES} push rules.")
        queries.replace_kind(
            tx, user_id, kind, [(rule["rule_id"], msgspec.json.encode(rule).decode()) for rule in rules]
        )
        queries.note_change(tx, user_id, tx.publish("push_rules", user_id))
        after = queries.rules_of(tx, user_id)
        for hook in self.on_changed:
            hook(tx, user_id, _rule_set(OWN_USER, before), _rule_set(OWN_USER, after))


def _rule_set(user_id: str, rows: Iterable[tuple[str, str, int, str]]) -> RuleSet:
    """The predefined rules with what these rows say: changes of them, and rules of the user's own."""
    rules = default_rules(user_id)
    own: RuleSet = {kind: [] for kind in KINDS}
    for kind, rule_id, _, text in rows:
        rule = msgspec.json.decode(text)
        predefined = next((one for one in rules[kind] if one["rule_id"] == rule_id), None)
        if predefined is not None:
            predefined.update({key: rule[key] for key in ("enabled", "actions")})
        elif not rule_id.startswith("."):
            own[kind].append(rule)
    return {kind: _merged(kind, own[kind], rules[kind]) for kind in KINDS}


def _find(rules: RuleSet, kind: str, rule_id: str) -> Json:
    if kind not in rules:
        raise invalid_param(f"kind: must be one of {', '.join(KINDS)}.")
    for rule in rules[kind]:
        if rule["rule_id"] == rule_id:
            return rule
    raise not_found("There is no such push rule.")


def _about_room(rule: Json, old_room_id: str, new_room_id: str) -> Json | None:
    """A rule for a room, as one for another; None for rules about other rooms."""
    return {**rule, "rule_id": new_room_id} if rule["rule_id"] == old_room_id else None


def _about_room_by_condition(rule: Json, old_room_id: str, new_room_id: str) -> Json | None:
    """The same for a rule that has a condition for the room, as clients mute rooms."""
    conditions = rule.get("conditions", [])
    old = {"kind": "event_match", "key": "room_id", "pattern": old_room_id}
    if old not in conditions:
        return None
    moved = [{**one, "pattern": new_room_id} if one == old else one for one in conditions]
    rule_id = new_room_id if rule["rule_id"] == old_room_id else f"{rule['rule_id']}.{new_room_id}"
    return {**rule, "rule_id": rule_id, "conditions": moved}


def _merged(kind: str, own: list[Json], predefined: list[Json]) -> list[Json]:
    if kind == "override":
        return [predefined[0], *own, *predefined[1:]]
    return [*own, *predefined]


def _insert(own: list[Json], new: NewRule) -> list[Json]:
    """The list with the rule at its place; a rule of the same id is replaced and keeps its `enabled`."""
    old = next((rule for rule in own if rule["rule_id"] == new.rule_id), None)
    rule = {"rule_id": new.rule_id, "default": False, "enabled": True if old is None else old["enabled"], **new.rule}
    left = [one for one in own if one["rule_id"] != new.rule_id]
    neighbour = new.before or new.after
    if neighbour is None:
        if old is not None:
            return [rule if one["rule_id"] == new.rule_id else one for one in own]
        return [rule, *left]
    index = next((at for at, one in enumerate(left) if one["rule_id"] == neighbour), None)
    if index is None or neighbour.startswith("."):
        raise not_found(f"There is no rule {neighbour!r} of yours to go beside.")
    at = index + (0 if new.before else 1)
    return [*left[:at], rule, *left[at:]]
