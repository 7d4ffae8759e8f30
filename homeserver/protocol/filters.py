"""Filters of `/sync`, `/messages` and `/context`, as predicates over events.

https://spec.matrix.org/v1.19/client-server-api/#filtering
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from homeserver.protocol.errors import bad_json, invalid_param
from homeserver.protocol.ids import is_valid_room_id, is_valid_user_id

Json = dict[str, Any]
Matcher = Callable[[Mapping[str, Any]], bool]

_LISTS = ("types", "not_types", "senders", "not_senders", "rooms", "not_rooms", "event_fields")
_IDS: dict[str, tuple[Callable[[str], bool], str]] = {
    "rooms": (is_valid_room_id, "room IDs"),
    "not_rooms": (is_valid_room_id, "room IDs"),
    "senders": (is_valid_user_id, "user IDs"),
    "not_senders": (is_valid_user_id, "user IDs"),
}
_BOOLEANS = (
    "contains_url",
    "include_leave",
    "lazy_load_members",
    "include_redundant_members",
    "unread_thread_notifications",
)
_SECTIONS = ("room", "presence", "account_data", "timeline", "state", "ephemeral", "private_user_data")
DEFAULT_TIMELINE_LIMIT = 10
MOST_TIMELINE_LIMIT = 1_000


def decode_filter(text: str) -> Json:
    """A filter given as JSON in a query argument; raises `MatrixError` 400."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise invalid_param("filter: is not JSON.") from error
    return check_filter(value)


def check_filter(value: Any) -> Json:
    """The filter, if all its parts have the right types; raises `MatrixError` 400 `M_BAD_JSON`."""
    return _check_part(value, levels=2)


def _check_part(value: Any, levels: int) -> Json:
    """`levels`: how deep sections may be within each other, as `timeline` is in `room`."""
    if not isinstance(value, dict):
        raise bad_json("filter: must be an object.")
    for key, part in value.items():
        if key in _SECTIONS and levels:
            _check_part(part, levels - 1)
        elif key in _LISTS:
            _check_list(key, part)
        elif key in _BOOLEANS and not isinstance(part, bool):
            raise bad_json(f"filter: {key} must be true or false.")
        elif key == "limit" and (not isinstance(part, int) or isinstance(part, bool) or part < 0):
            raise bad_json("filter: limit must be a number of events.")
        elif key == "event_format" and part not in ("client", "federation"):
            raise bad_json("filter: event_format must be 'client' or 'federation'.")
    return value


def event_matcher(part: Mapping[str, Any]) -> Matcher | None:
    """A predicate for one section of a filter; None where it lets everything pass."""
    tests: list[Matcher] = []
    _add_list_test(tests, part, "types", "type", _type_test)
    _add_list_test(tests, part, "senders", "sender", _equal_test)
    _add_list_test(tests, part, "rooms", "room_id", _equal_test)
    contains_url = part.get("contains_url")
    if isinstance(contains_url, bool):
        tests.append(lambda event: ("url" in _content(event)) == contains_url)
    if not tests:
        return None
    return lambda event: all(test(event) for test in tests)


@dataclass(frozen=True, slots=True)
class SyncFilter:
    """A `/sync` filter, taken apart once. A matcher of None lets everything pass."""

    timeline_limit: int = DEFAULT_TIMELINE_LIMIT
    timeline: Matcher | None = None
    state: Matcher | None = None
    ephemeral: Matcher | None = None
    room_account_data: Matcher | None = None
    account_data: Matcher | None = None
    presence: Matcher | None = None
    rooms: Matcher | None = None
    include_leave: bool = False
    lazy_load_members: bool = False
    include_redundant_members: bool = False
    unread_thread_notifications: bool = False
    event_fields: tuple[str, ...] = ()
    wants_pdus: bool = False

    def lets_room(self, room_id: str) -> bool:
        """Whether the filter asks for a room at all."""
        return self.rooms is None or self.rooms({"room_id": room_id})


def sync_filter(value: Mapping[str, Any]) -> SyncFilter:
    """Take a checked filter apart."""
    room = value.get("room", {})
    timeline, state = room.get("timeline", {}), room.get("state", {})
    return SyncFilter(
        timeline_limit=min(timeline.get("limit", DEFAULT_TIMELINE_LIMIT), MOST_TIMELINE_LIMIT),
        timeline=event_matcher(timeline),
        state=event_matcher(state),
        ephemeral=event_matcher(room.get("ephemeral", {})),
        room_account_data=event_matcher(room.get("account_data", {})),
        account_data=event_matcher(value.get("account_data", {})),
        presence=event_matcher(value.get("presence", {})),
        rooms=event_matcher({key: room[key] for key in ("rooms", "not_rooms") if key in room}),
        include_leave=room.get("include_leave") is True,
        lazy_load_members=state.get("lazy_load_members") is True or timeline.get("lazy_load_members") is True,
        include_redundant_members=state.get("include_redundant_members") is True,
        unread_thread_notifications=any(part.get("unread_thread_notifications") is True for part in (timeline, state)),
        event_fields=tuple(value.get("event_fields", ())),
        wants_pdus=value.get("event_format") == "federation",
    )


def _check_list(key: str, part: Any) -> None:
    if not isinstance(part, list) or not all(isinstance(item, str) for item in part):
        raise bad_json(f"filter: {key} must be a list of strings.")
    if key in _IDS:
        is_valid, what = _IDS[key]
        if not all(is_valid(item) for item in part):
            raise bad_json(f"filter: {key} must be a list of {what}.")


def _add_list_test(
    tests: list[Matcher],
    part: Mapping[str, Any],
    name: str,
    field: str,
    make: Callable[[str, list[str]], Matcher],
) -> None:
    unwanted = part.get(f"not_{name}")
    if unwanted:
        refused = make(field, unwanted)
        tests.append(lambda event: not refused(event))
    wanted = part.get(name)
    if wanted is not None:
        tests.append(make(field, wanted))


def _equal_test(field: str, values: list[str]) -> Matcher:
    allowed = frozenset(values)
    return lambda event: event.get(field) in allowed


def _type_test(field: str, values: list[str]) -> Matcher:
    """Types may hold `*`, which stands for any run of characters."""
    exact = frozenset(value for value in values if "*" not in value)
    globs = [value.split("*") for value in values if "*" in value]

    def test(event: Mapping[str, Any]) -> bool:
        value = event.get(field)
        return isinstance(value, str) and (value in exact or any(_glob_fits(parts, value) for parts in globs))

    return test


def _glob_fits(parts: list[str], text: str) -> bool:
    """Linear: each literal part is looked for once, from where the one before ended."""
    first, *middle, last = parts
    if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def _content(event: Mapping[str, Any]) -> Mapping[str, Any]:
    content = event.get("content")
    return content if isinstance(content, dict) else {}
