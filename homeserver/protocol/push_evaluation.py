"""Which push rule an event matches, and what the rule asks for.

https://spec.matrix.org/v1.19/client-server-api/#push-rules
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from homeserver.protocol.globs import literal_word_matcher, whole_matcher, word_matcher
from homeserver.protocol.power_levels import PowerLevels
from homeserver.protocol.property_paths import find_property, split_path
from homeserver.protocol.push_rules import KINDS

Json = dict[str, Any]

_COUNT = re.compile(r"(==|<=|>=|<|>)?([0-9]{1,18})")
_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "==": lambda count, number: count == number,
    "<": lambda count, number: count < number,
    ">": lambda count, number: count > number,
    "<=": lambda count, number: count <= number,
    ">=": lambda count, number: count >= number,
}
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What conditions ask besides the event. `display_name`: that of the rules' owner in the room."""

    member_count: int
    levels: PowerLevels
    display_name: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule's actions ask for. `tweaks`: name to value, such as `sound` to `default`."""

    notify: bool
    tweaks: Mapping[str, Any]

    @property
    def highlight(self) -> bool:
        """Whether the event is to stand out, and counts as a highlight."""
        return self.notify and self.tweaks.get("highlight") is True


def find_matching_rule(rules: Mapping[str, list[Json]], event: Json, around: Circumstances) -> Json | None:
    """The first rule that matches an event of another user, in the order of kinds and within each; None for no rule.

    `rules`: kind to rules. `event`: as clients get it.
    """
    for kind in KINDS:
        for rule in rules.get(kind, ()):
            if rule.get("enabled", True) and _is_rule_matching(kind, rule, event, around):
                return rule
    return None


def outcome_of(rule: Json | None) -> Outcome:
    """What the actions say; nobody is notified where no rule matches. Historical and unknown actions mean nothing."""
    actions = [] if rule is None else rule.get("actions", [])
    tweaks: Json = {}
    for action in actions:
        if isinstance(action, dict) and isinstance(action.get("set_tweak"), str):
            name = action["set_tweak"]
            value = action.get("value", True if name == "highlight" else _ABSENT)
            if value is not _ABSENT:
                tweaks[name] = value
    return Outcome("notify" in actions, tweaks)


def is_condition_met(condition: Json, event: Json, around: Circumstances) -> bool:
    """Whether a condition holds; False for one that is not known or not well formed."""
    test = _CONDITIONS.get(str(condition.get("kind")))
    return test is not None and test(condition, event, around)


def _is_rule_matching(kind: str, rule: Json, event: Json, around: Circumstances) -> bool:
    if kind == "room":
        return bool(rule["rule_id"] == event.get("room_id"))
    if kind == "sender":
        return bool(rule["rule_id"] == event.get("sender"))
    if kind == "content":
        condition = {"kind": "event_match", "key": "content.body", "pattern": rule.get("pattern")}
        return is_condition_met(condition, event, around)
    return all(is_condition_met(condition, event, around) for condition in rule.get("conditions", ()))


def _is_event_match(condition: Json, event: Json, around: Circumstances) -> bool:
    key, pattern = condition.get("key"), condition.get("pattern")
    if not isinstance(key, str) or not isinstance(pattern, str):
        return False
    value = find_property(event, split_path(key))
    matcher = word_matcher if key == "content.body" else whole_matcher
    return isinstance(value, str) and matcher(pattern)(value)


def _is_property(condition: Json, event: Json, around: Circumstances) -> bool:
    key = condition.get("key")
    if not isinstance(key, str) or "value" not in condition:
        return False
    return _is_same(find_property(event, split_path(key), _ABSENT), condition["value"])


def _is_contained(condition: Json, event: Json, around: Circumstances) -> bool:
    key = condition.get("key")
    if not isinstance(key, str) or "value" not in condition:
        return False
    values = find_property(event, split_path(key))
    return isinstance(values, list) and any(_is_same(one, condition["value"]) for one in values)


def _is_same(value: Any, wanted: Any) -> bool:
    """Exactly, and without casts: true is not 1. Objects, lists and floats are nothing to compare with."""
    return type(value) is type(wanted) and isinstance(value, (str, int, type(None))) and bool(value == wanted)


def _has_display_name(condition: Json, event: Json, around: Circumstances) -> bool:
    body = find_property(event, ("content", "body"))
    if not around.display_name or not isinstance(body, str):
        return False
    return literal_word_matcher(around.display_name)(body)


def _is_member_count(condition: Json, event: Json, around: Circumstances) -> bool:
    wanted = condition.get("is")
    match = _COUNT.fullmatch(wanted) if isinstance(wanted, str) else None
    return match is not None and _COMPARISONS[match[1] or "=="](around.member_count, int(match[2]))


def _may_sender_notify(condition: Json, event: Json, around: Circumstances) -> bool:
    key, sender = condition.get("key"), event.get("sender")
    if not isinstance(key, str) or not isinstance(sender, str):
        return False
    return around.levels.of_user(sender) >= around.levels.notification(key)


_CONDITIONS: Mapping[str, Callable[[Json, Json, Circumstances], bool]] = {
    "event_match": _is_event_match,
    "event_property_is": _is_property,
    "event_property_contains": _is_contained,
    "contains_display_name": _has_display_name,
    "room_member_count": _is_member_count,
    "sender_notification_permission": _may_sender_notify,
}
