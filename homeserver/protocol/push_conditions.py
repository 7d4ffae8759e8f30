"""The conditions of push rules, as predicates over an event and the user whose rule it is.

https://spec.matrix.org/v1.19/client-server-api/#conditions-1
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from homeserver.protocol.globs import literal_word_matcher, whole_matcher, word_matcher
from homeserver.protocol.property_paths import split_path

OWN_USER = "\0own user"
"""In rules made for nobody in particular: the id of the user whose rules they are."""

#: Patterns are any user's, bodies anybody's, and matching takes time in proportion to both: a longer pattern matches
#: nothing, of a longer body only the beginning is looked at.
MOST_PATTERN = 256
MOST_BODY = 16_384
_MOST_INTEGER = 2**53 - 1
_MEMBER_COUNT = re.compile(r"(==|<=|>=|<|>)?([0-9]{1,15})")
_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "==": lambda count, number: count == number,
    "<": lambda count, number: count < number,
    ">": lambda count, number: count > number,
    "<=": lambda count, number: count <= number,
    ">=": lambda count, number: count >= number,
}
_ABSENT = object()


class Occasion(Protocol):
    """An event that rules are evaluated for. What costs something is a method, asked for where a rule needs it."""

    @property
    def event(self) -> Mapping[str, Any]:
        """The event in the client format."""

    def member_count(self) -> int:
        """How many users are joined to the room."""

    def may_notify(self, key: str) -> bool:
        """Whether the sender has the power to trigger a kind of notification, such as `room`."""

    def display_name(self, user_id: str) -> str | None:
        """The display name of a user in the room."""


Condition = Callable[[Occasion, str | None], bool]
"""(event and room; the user whose rule it is, None for anybody whom the event does not name) to whether it holds."""


@lru_cache(maxsize=4096)
def condition_of(text: str) -> Condition:
    """The predicate for a condition given as JSON. One that is not recognised, or lacks something, never holds."""
    condition = msgspec.json.decode(text)
    kind = condition.get("kind") if isinstance(condition, dict) else None
    make = _KINDS.get(kind) if isinstance(kind, str) else None
    return _never if make is None else make(condition)


def _finder(condition: Mapping[str, Any]) -> Callable[[Occasion], Any] | None:
    """What finds the property that `key` names, `_ABSENT` where the event has none."""
    key = condition.get("key")
    if not isinstance(key, str):
        return None
    first, *others = split_path(key)

    def find(occasion: Occasion) -> Any:
        value = occasion.event.get(first, _ABSENT)
        for name in others:
            if not isinstance(value, dict):
                return _ABSENT
            value = value.get(name, _ABSENT)
        return value

    return find


def _event_match(condition: Mapping[str, Any]) -> Condition:
    pattern, find = condition.get("pattern"), _finder(condition)
    if not isinstance(pattern, str) or len(pattern) > MOST_PATTERN or find is None:
        return _never
    if pattern == OWN_USER:
        return lambda occasion, user_id: user_id is not None and _is_text(find(occasion), user_id)
    if condition["key"] == "content.body":
        return _words(find, word_matcher(pattern))
    fits = whole_matcher(pattern)

    def holds(occasion: Occasion, user_id: str | None) -> bool:
        value = find(occasion)
        return isinstance(value, str) and fits(value)

    return holds


def _words(find: Callable[[Occasion], Any], fits: Callable[[str], bool]) -> Condition:
    def holds(occasion: Occasion, user_id: str | None) -> bool:
        body = find(occasion)
        return isinstance(body, str) and fits(body[:MOST_BODY])

    return holds


def _event_property_is(condition: Mapping[str, Any]) -> Condition:
    value, find = condition.get("value", _ABSENT), _finder(condition)
    if not _is_simple(value) or find is None:
        return _never
    return lambda occasion, user_id: _is_same(find(occasion), value)


def _event_property_contains(condition: Mapping[str, Any]) -> Condition:
    value, find = condition.get("value", _ABSENT), _finder(condition)
    if not _is_simple(value) or find is None:
        return _never

    def holds(occasion: Occasion, user_id: str | None) -> bool:
        wanted = user_id if value == OWN_USER else value
        if value == OWN_USER and user_id is None:
            return False
        array = find(occasion)
        return isinstance(array, list) and any(_is_same(one, wanted) for one in array)

    return holds


def _contains_display_name(condition: Mapping[str, Any]) -> Condition:
    find = _finder({"key": "content.body"})

    def holds(occasion: Occasion, user_id: str | None) -> bool:
        body = _ABSENT if find is None or user_id is None else find(occasion)
        name = occasion.display_name(user_id) if isinstance(body, str) and user_id is not None else None
        return bool(name) and literal_word_matcher(str(name)[:MOST_PATTERN])(str(body)[:MOST_BODY])

    return holds


def _room_member_count(condition: Mapping[str, Any]) -> Condition:
    text = condition.get("is")
    match = _MEMBER_COUNT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return _never
    compare, number = _COMPARISONS[match[1] or "=="], int(match[2])
    return lambda occasion, user_id: compare(occasion.member_count(), number)


def _sender_notification_permission(condition: Mapping[str, Any]) -> Condition:
    key = condition.get("key")
    if not isinstance(key, str):
        return _never
    return lambda occasion, user_id: occasion.may_notify(key)


def _never(occasion: Occasion, user_id: str | None) -> bool:
    return False


def _is_text(value: Any, wanted: str) -> bool:
    return isinstance(value, str) and value.lower() == wanted.lower()


def _is_simple(value: Any) -> bool:
    """Whether it is a string, boolean, null, or an integer that canonical JSON can hold."""
    if type(value) is int:
        return -_MOST_INTEGER <= value <= _MOST_INTEGER
    return value is None or isinstance(value, (str, bool))


def _is_same(value: Any, wanted: Any) -> bool:
    """Types are not cast: 1 is not true."""
    return type(value) is type(wanted) and bool(value == wanted)


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Condition]] = {
    "event_match": _event_match,
    "event_property_is": _event_property_is,
    "event_property_contains": _event_property_contains,
    "contains_display_name": _contains_display_name,
    "room_member_count": _room_member_count,
    "sender_notification_permission": _sender_notification_permission,
}
