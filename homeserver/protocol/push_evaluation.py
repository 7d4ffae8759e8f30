"""Which push rule an event meets, and what follows from it.

A user's rules are compiled once (`compile_rules`), then evaluated for any number of events. For counting what is unread
only two things matter of an outcome, notify and highlight; `UserRules.for_room` reduces rules to that, so that users
whose rules come to the same in a room can share one evaluation.

https://spec.matrix.org/v1.19/client-server-api/#push-rules
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from homeserver.protocol.globs import whole_matcher
from homeserver.protocol.push_conditions import OWN_USER, Condition, Occasion, condition_of
from homeserver.protocol.push_rules import KINDS, default_rules

Json = dict[str, Any]
RuleSet = Mapping[str, Sequence[Json]]
"""Kind to rules, in the order in which they are tried."""


class Figure(NamedTuple):
    """How an event counts for somebody: whether it notifies, and whether it is highlighted too."""

    notify: bool
    highlight: bool


NOTHING = Figure(False, False)
_ROOM_KINDS = ("event_match", "event_property_is")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rule that an event meets asks for. `actions` without those that are to be ignored."""

    rule_id: str
    actions: tuple[Any, ...]
    tweaks: Mapping[str, Any]
    figure: Figure

    @property
    def sound(self) -> str | None:
        """The sound to be played."""
        sound = self.tweaks.get("sound")
        return sound if isinstance(sound, str) else None


@dataclass(frozen=True, slots=True)
class UnknownRoom:
    """An event in a room of which nothing is known: one in which nothing has happened yet, or of another server's."""

    event: Mapping[str, Any]

    def member_count(self) -> int:
        """None that count."""
        return 0

    def may_notify(self, key: str) -> bool:
        """Nobody."""
        return False

    def display_name(self, user_id: str) -> str | None:
        """None."""
        return None


class _Rule(NamedTuple):
    """`conditions`: each as JSON, which makes them comparable and what they compile to shared."""

    conditions: tuple[str, ...]
    outcome: Outcome


class CountingRule(NamedTuple):
    """A rule as far as it matters for counting."""

    conditions: tuple[str, ...]
    figure: Figure


class UserRules:
    """The enabled rules of a user, all kinds in order."""

    def __init__(self, rules: Sequence[_Rule]) -> None:
        self._rules = rules
        self._tries = [(tuple(condition_of(text) for text in rule.conditions), rule.outcome) for rule in rules]
        self.needs_names = any('"contains_display_name"' in text for rule in rules for text in rule.conditions)
        """Whether what they say depends on the display name of the user whose rules they are."""
        self._room_conditions = {text for rule in rules for text in rule.conditions if _is_for_rooms(text)}
        self._elsewhere: CountingRules | None = None

    def outcome(self, occasion: Occasion, user_id: str | None) -> Outcome | None:
        """What the first rule that the event meets asks for; None where it meets none. `user_id` None: for anybody
        whom the event does not name (see `named_in`) and whose rules these are.

        Not to be asked for a user's own events: those never notify.
        """
        for conditions, outcome in self._tries:
            if all(condition(occasion, user_id) for condition in conditions):
                return outcome
        return None

    def for_room(self, room_id: str) -> CountingRules:
        """The rules as they count in one room."""
        here = UnknownRoom({"room_id": room_id})
        met = {text for text in self._room_conditions if condition_of(text)(here, None)}
        if met:
            return self._counting(met)
        if self._elsewhere is None:
            self._elsewhere = self._counting(met)
        return self._elsewhere

    def _counting(self, met: Set[str]) -> CountingRules:
        """`met`: those of the conditions for rooms that hold."""
        unmet = self._room_conditions - met
        kept = [
            CountingRule(tuple(text for text in rule.conditions if text not in met), rule.outcome.figure)
            for rule in self._rules
            if unmet.isdisjoint(rule.conditions)
        ]
        return counting_rules(tuple(_without_idle(kept)))


class CountingRules:
    """Rules as they count in one room."""

    def __init__(self, rules: tuple[CountingRule, ...]) -> None:
        self.rules = rules
        self._hash = hash(rules)
        self.needs_names = any('"contains_display_name"' in text for rule in rules for text in rule.conditions)
        """Whether what they say depends on the display name of the user whose rules they are."""
        self._by_type: dict[str, list[tuple[tuple[Condition, ...], Figure]]] = {}

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, CountingRules) and self.rules == other.rules)

    def __hash__(self) -> int:
        return self._hash

    def figure(self, occasion: Occasion, user_id: str | None = None) -> Figure:
        """How the event counts for a user, or for anybody whom it does not name (in `m.mentions`, as a state key)."""
        event_type = occasion.event["type"]
        tries = self._by_type.get(event_type)
        if tries is None:
            tries = self._compile(event_type)
        for conditions, figure in tries:
            for condition in conditions:
                if not condition(occasion, user_id):
                    break
            else:
                return figure
        return NOTHING

    def _compile(self, event_type: str) -> list[tuple[tuple[Condition, ...], Figure]]:
        """The rules that an event of a type can meet, without the conditions for the type."""
        tries = []
        for rule in self.rules:
            patterns = [(text, _type_pattern(text)) for text in rule.conditions]
            if all(pattern is None or whole_matcher(pattern)(event_type) for _, pattern in patterns):
                left = tuple(condition_of(text) for text, pattern in patterns if pattern is None)
                tries.append((left, rule.figure))
        if len(self._by_type) >= 100:
            self._by_type.clear()
        self._by_type[event_type] = tries
        return tries


def named_in(event: Mapping[str, Any]) -> Iterator[str]:
    """The users whom an event mentions, or whom it is about."""
    state_key, content = event.get("state_key"), event.get("content")
    if isinstance(state_key, str) and state_key:
        yield state_key
    mentions = content.get("m.mentions") if isinstance(content, Mapping) else None
    user_ids = mentions.get("user_ids") if isinstance(mentions, Mapping) else None
    if isinstance(user_ids, list):
        yield from (user_id for user_id in user_ids if isinstance(user_id, str))


@lru_cache(maxsize=2048)
def counting_rules(rules: tuple[CountingRule, ...]) -> CountingRules:
    """One object for all users whose rules are these."""
    return CountingRules(rules)


def compile_rules(rules: RuleSet) -> UserRules:
    """Compile a rule set. What is misshapen in it never matches."""
    return UserRules([rule for kind in KINDS for one in rules.get(kind, ()) for rule in _compiled(kind, one)])


def read_actions(rule_id: str, actions: Any) -> Outcome:
    """What a rule's actions ask for. `dont_notify`, `coalesce` and what is misshapen are ignored."""
    kept = [one for one in actions if one == "notify" or _is_tweak(one)] if isinstance(actions, list) else []
    tweaks: dict[str, Any] = {}
    for action in kept:
        if isinstance(action, dict) and ("value" in action or action["set_tweak"] == "highlight"):
            tweaks[action["set_tweak"]] = action.get("value", True)
    notify = "notify" in kept
    return Outcome(rule_id, tuple(kept), tweaks, Figure(notify, notify and tweaks.get("highlight") is True))


def _is_tweak(action: Any) -> bool:
    return isinstance(action, dict) and isinstance(action.get("set_tweak"), str)


def _compiled(kind: str, rule: Json) -> Iterator[_Rule]:
    """The rule, where it is enabled and can match."""
    rule_id = rule.get("rule_id")
    if rule.get("enabled") is False or not isinstance(rule_id, str):
        return
    conditions = _conditions(kind, rule_id, rule)
    if conditions is not None:
        texts = tuple(msgspec.json.encode(one, order="sorted").decode() for one in conditions)
        yield _Rule(texts, read_actions(rule_id, rule.get("actions")))


def _conditions(kind: str, rule_id: str, rule: Json) -> list[Any] | None:
    """The conditions of a rule, be they predefined by its kind; None where there is no telling."""
    if kind == "room":
        return [{"kind": "event_property_is", "key": "room_id", "value": rule_id}]
    if kind == "sender":
        return [{"kind": "event_property_is", "key": "sender", "value": rule_id}]
    if kind == "content":
        return [{"kind": "event_match", "key": "content.body", "pattern": rule.get("pattern")}]
    conditions = rule.get("conditions", [])
    return conditions if isinstance(conditions, list) else None


@lru_cache(maxsize=4096)
def _decoded(text: str) -> Json:
    condition = msgspec.json.decode(text)
    return condition if isinstance(condition, dict) else {}


def _is_for_rooms(text: str) -> bool:
    """Whether the condition with this JSON looks at nothing but the id of the room."""
    return _decoded(text).get("key") == "room_id" and _decoded(text).get("kind") in _ROOM_KINDS


def _type_pattern(text: str) -> str | None:
    """The pattern for the event's type, where the condition with this JSON is one for the type alone."""
    condition = _decoded(text)
    pattern = condition.get("pattern")
    is_one = condition.get("kind") == "event_match" and condition.get("key") == "type" and pattern != OWN_USER
    return pattern if is_one and isinstance(pattern, str) else None


def _without_idle(rules: list[CountingRule]) -> Iterator[CountingRule]:
    """Leave out the rules without which all counts alike: what meets one meets a later one with the same figure too.

    Such are the rules for rooms of two, which differ from those that follow in nothing but the sound.
    """
    for index, rule in enumerate(rules):
        for later in rules[index + 1 :]:
            if later.figure != rule.figure:
                yield rule
                break
            if set(later.conditions) <= set(rule.conditions):
                break
        else:
            if rule.figure != NOTHING:
                yield rule


PREDEFINED = compile_rules(default_rules(OWN_USER))
"""The rules of a user who changed nothing."""

PREDEFINED_COUNTING = PREDEFINED.for_room("")
"""The same as they count, which is alike in all rooms."""
