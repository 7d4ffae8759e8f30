"""The body of a search, checked.

https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3search
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeserver.protocol.errors import bad_json, invalid_param, missing_param
from homeserver.protocol.filters import Matcher, check_filter, event_matcher

Json = dict[str, Any]

KEYS = ("content.body", "content.name", "content.topic")
GROUP_KEYS = ("room_id", "sender")
_DEFAULT_LIMIT = 10
_MOST_RESULTS = 100
_MOST_CONTEXT = 50


@dataclass(frozen=True, slots=True)
class Context:
    """How many events around each result, and whether with the senders' profiles."""

    before: int = 5
    after: int = 5
    has_profiles: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for. `sources`: indexes in KEYS. `matcher`: what else the events have to be."""

    term: str
    sources: tuple[int, ...] = (0, 1, 2)
    matcher: Matcher | None = None
    rooms: Matcher | None = None
    limit: int = _DEFAULT_LIMIT
    is_by_rank: bool = True
    context: Context | None = None
    has_state: bool = False
    group_by: tuple[str, ...] = ()


def find_search(body: Mapping[str, Any]) -> Search | None:
    """The search in room events, if that category is asked for; 400 for what is misshapen."""
    categories = body.get("search_categories")
    if categories is None:
        raise missing_param("search_categories: is missing.")
    wanted = _object(categories, "search_categories").get("room_events")
    return None if wanted is None else _search(_object(wanted, "room_events"))


def _search(wanted: Json) -> Search:
    term = wanted.get("search_term")
    if term is None:
        raise missing_param("search_term: is missing.")
    if not isinstance(term, str):
        raise bad_json("search_term: must be a string.")
    order = wanted.get("order_by", "rank")
    if order not in ("rank", "recent"):
        raise invalid_param("order_by: must be 'rank' or 'recent'.")
    event_filter = check_filter(wanted.get("filter", {}))
    limit = event_filter.get("limit", _DEFAULT_LIMIT)
    context = wanted.get("event_context")
    rooms: Json = {key: event_filter[key] for key in ("rooms", "not_rooms") if key in event_filter}
    return Search(
        term=term,
        sources=_sources(wanted.get("keys")),
        matcher=event_matcher({key: value for key, value in event_filter.items() if key not in rooms}),
        rooms=event_matcher(rooms),
        limit=max(1, min(limit, _MOST_RESULTS)) if isinstance(limit, int) else _DEFAULT_LIMIT,
        is_by_rank=order == "rank",
        context=None if context is None else _context(_object(context, "event_context")),
        has_state=wanted.get("include_state") is True,
        group_by=_group_keys(wanted.get("groupings")),
    )


def _sources(keys: Any) -> tuple[int, ...]:
    if keys is None:
        return (0, 1, 2)
    if not isinstance(keys, list) or not keys or not all(key in KEYS for key in keys):
        raise invalid_param(f"keys: must be a list out of {', '.join(KEYS)}.")
    return tuple(index for index, key in enumerate(KEYS) if key in keys)


def _context(wanted: Json) -> Context:
    limits = []
    for key in ("before_limit", "after_limit"):
        limit = wanted.get(key, 5)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
            raise bad_json(f"{key}: must be a number, 0 or more.")
        limits.append(min(limit, _MOST_CONTEXT))
    return Context(limits[0], limits[1], wanted.get("include_profile") is True)


def _group_keys(groupings: Any) -> tuple[str, ...]:
    if groupings is None:
        return ()
    entries = _object(groupings, "groupings").get("group_by", [])
    if not isinstance(entries, list):
        raise bad_json("group_by: must be a list.")
    keys = tuple(dict.fromkeys(_object(entry, "group_by").get("key") for entry in entries))
    if not all(key in GROUP_KEYS for key in keys):
        raise invalid_param(f"group_by: each key must be one of {', '.join(GROUP_KEYS)}.")
    return tuple(str(key) for key in keys)


def _object(value: Any, name: str) -> Json:
    if not isinstance(value, dict):
        raise bad_json(f"{name}: must be an object.")
    return value
