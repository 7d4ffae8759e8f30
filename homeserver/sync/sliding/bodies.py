"""The two shapes in which clients write their requests, and what they mean.

The unstable one is what clients send today, with `pos` and `timeout` in the query; the stable one is the proposal's.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#request-body
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from homeserver.protocol.errors import invalid_param
from homeserver.sync.sliding.asking import (
    MOST_TIMELINE,
    Extensions,
    ListConfig,
    ListFilters,
    ProfilesAsk,
    RoomConfig,
    RoomScope,
    SlidingRequest,
    ThreadsAsk,
    ToDeviceAsk,
)
from homeserver.sync.sliding.device_extensions import parse_to_device_token
from homeserver.sync.sliding.required_state import MEMBER, Element, RequiredState

MOST_LISTS = 100
MOST_SUBSCRIPTIONS = 100
#: The unstable shape names no limit, and clients subscribe to what people scroll over.
_MOST_UNSTABLE_SUBSCRIPTIONS = 1_000
_MOST_ELEMENTS = 200
_MOST_TO_DEVICE = 100
_USUAL_THREADS = 100
_MOST_THREADS = 500
_GREATEST_ID_BYTES = 255
_OPAQUE_ID = re.compile(r"[0-9A-Za-z._~-]{1,255}\Z")
_PRESENCES = ("online", "offline", "unavailable", "org.matrix.msc3026.busy")
_ANY = "*"
_UNSTABLE_PROFILES = "org.matrix.msc4262.profiles"
_UNSTABLE_THREADS = "io.element.msc4308.thread_subscriptions"


class ExtensionBody(msgspec.Struct):
    """What any extension may be asked with."""

    enabled: bool | None = None
    lists: list[str] | None = None
    rooms: list[str] | None = None
    since: str | None = None
    limit: int | None = None
    fields: list[str] | None = None


class ExtensionsBody(msgspec.Struct):
    """`extensions`. Those that are not known are passed over."""

    to_device: ExtensionBody | None = None
    e2ee: ExtensionBody | None = None
    account_data: ExtensionBody | None = None
    receipts: ExtensionBody | None = None
    typing: ExtensionBody | None = None
    profiles: ExtensionBody | None = None
    unstable_profiles: ExtensionBody | None = msgspec.field(name=_UNSTABLE_PROFILES, default=None)
    thread_subscriptions: ExtensionBody | None = None
    unstable_threads: ExtensionBody | None = msgspec.field(name=_UNSTABLE_THREADS, default=None)


class FiltersBody(msgspec.Struct):
    """`filters`; the unstable shape says `is_invite`."""

    is_dm: bool | None = None
    is_encrypted: bool | None = None
    is_invite: bool | None = None
    is_invited: bool | None = None
    room_types: list[str | None] | None = None
    not_room_types: list[str | None] | None = None
    spaces: list[str] | None = None
    tags: list[str] | None = None
    not_tags: list[str] | None = None


class UnstableRoom(msgspec.Struct):
    """A subscription; `required_state`: pairs of type and state key."""

    timeline_limit: int
    required_state: list[tuple[str, str]] | None = None


class UnstableList(msgspec.Struct):
    """A list."""

    timeline_limit: int
    required_state: list[tuple[str, str]] | None = None
    ranges: list[tuple[int, int]] | None = None
    filters: FiltersBody | None = None


class UnstableBody(msgspec.Struct):
    """The body of the unstable shape."""

    conn_id: str | None = None
    txn_id: str | None = None
    lists: dict[str, UnstableList] | None = None
    room_subscriptions: dict[str, UnstableRoom] | None = None
    extensions: ExtensionsBody | None = None


class ElementBody(msgspec.Struct):
    """A pattern of state."""

    type: str | None = None
    state_key: str | None = None


class RequiredStateBody(msgspec.Struct):
    """`required_state`."""

    include: list[ElementBody] | None = None
    exclude: list[ElementBody] | None = None
    lazy_members: bool | None = None


class StableRoom(msgspec.Struct):
    """A subscription."""

    timeline_limit: int
    required_state: RequiredStateBody


class StableList(msgspec.Struct):
    """A list."""

    timeline_limit: int
    required_state: RequiredStateBody
    range: tuple[int, int] | None = None
    filters: FiltersBody | None = None


class StableBody(msgspec.Struct):
    """The body of `/v4/sync`."""

    conn_id: str | None = None
    pos: str | None = None
    timeout: int | None = None
    set_presence: str | None = None
    lists: dict[str, StableList] | None = None
    room_subscriptions: dict[str, StableRoom] | None = None
    extensions: ExtensionsBody | None = None


def unstable_request(
    body: UnstableBody, user_id: str, pos: str | None, timeout_ms: int, set_presence: str | None
) -> SlidingRequest:
    """What a request of the unstable shape means; 400 `M_INVALID_PARAM` for values out of range."""
    lists, rooms = body.lists or {}, body.room_subscriptions or {}
    _check_sizes(lists, rooms, _MOST_UNSTABLE_SUBSCRIPTIONS)
    return SlidingRequest(
        is_stable=False,
        conn_id=_checked_id(body.conn_id),
        pos=pos,
        timeout_ms=timeout_ms,
        set_presence=_presence(set_presence),
        lists={
            name: ListConfig(
                RoomConfig(_limit(one.timeline_limit), _pairs(one.required_state or (), user_id)),
                None if one.ranges is None else _ranges(name, one.ranges),
                _filters(one.filters),
            )
            for name, one in lists.items()
        },
        subscriptions={
            room_id: RoomConfig(_limit(one.timeline_limit), _pairs(one.required_state or (), user_id))
            for room_id, one in rooms.items()
        },
        extensions=_extensions(body.extensions or ExtensionsBody()),
        txn_id=body.txn_id,
    )


def stable_request(body: StableBody) -> SlidingRequest:
    """What a request of the stable shape means; 400 `M_INVALID_PARAM` for values out of range."""
    lists, rooms = body.lists or {}, body.room_subscriptions or {}
    _check_sizes(lists, rooms, MOST_SUBSCRIPTIONS)
    for name in lists:
        if not _OPAQUE_ID.match(name):
            raise invalid_param(f"lists: {name[:255]!r} is no opaque identifier.")
    if body.timeout is not None and body.timeout < 0:
        raise invalid_param("timeout: must not be negative.")
    return SlidingRequest(
        is_stable=True,
        conn_id=_checked_id(body.conn_id),
        pos=body.pos,
        timeout_ms=body.timeout or 0,
        set_presence=_presence(body.set_presence),
        lists={
            name: ListConfig(
                RoomConfig(_limit(one.timeline_limit), _required(one.required_state)),
                None if one.range is None else _ranges(name, [one.range]),
                _filters(one.filters),
            )
            for name, one in lists.items()
        },
        subscriptions={
            room_id: RoomConfig(_limit(one.timeline_limit), _required(one.required_state))
            for room_id, one in rooms.items()
        },
        extensions=_extensions(body.extensions or ExtensionsBody()),
    )


def _check_sizes(lists: Mapping[str, object], rooms: Mapping[str, object], most_rooms: int) -> None:
    if len(lists) > MOST_LISTS:
        raise invalid_param(f"lists: there may be at most {MOST_LISTS}.")
    if len(rooms) > most_rooms:
        raise invalid_param(f"room_subscriptions: there may be at most {most_rooms}.")


def _checked_id(conn_id: str | None) -> str:
    text = conn_id or ""
    if len(text.encode()) > _GREATEST_ID_BYTES or "\0" in text:
        raise invalid_param(f"conn_id: must have at most {_GREATEST_ID_BYTES} bytes, and no null.")
    return text


def _presence(value: str | None) -> str:
    if value is not None and value not in _PRESENCES:
        raise invalid_param("set_presence: must be 'online', 'offline' or 'unavailable'.")
    return value or "online"


def _limit(value: int) -> int:
    if value < 0:
        raise invalid_param("timeline_limit: must not be negative.")
    return min(value, MOST_TIMELINE)


def _ranges(name: str, ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found = tuple(ranges)
    if any(not 0 <= first <= last for first, last in found) or len(found) > MOST_LISTS:
        raise invalid_param(f"lists.{name}: a range has a first and a last index, neither negative nor reversed.")
    return found


def _filters(body: FiltersBody | None) -> ListFilters:
    if body is None:
        return ListFilters()
    return ListFilters(
        is_dm=body.is_dm,
        is_encrypted=body.is_encrypted,
        is_invited=body.is_invite if body.is_invited is None else body.is_invited,
        room_types=tuple(body.room_types or ()),
        not_room_types=tuple(body.not_room_types or ()),
        spaces=tuple(body.spaces or ()),
        tags=tuple(body.tags or ()),
        not_tags=tuple(body.not_tags or ()),
    )


def _pairs(pairs: Iterable[tuple[str, str]], user_id: str) -> RequiredState:
    """Of the unstable shape: `*` is any, `$ME` the user's own id, `$LAZY` members as they are needed."""
    include: set[Element] = set()
    is_lazy = False
    for event_type, state_key in pairs:
        if state_key == "$LAZY":
            is_lazy = is_lazy or event_type in (MEMBER, _ANY)
            continue
        key = user_id if state_key == "$ME" else state_key
        include.add(Element(None if event_type == _ANY else event_type, None if key == _ANY else key))
    return RequiredState(_sorted(include), (), is_lazy)


def _required(body: RequiredStateBody) -> RequiredState:
    include, exclude = (
        _sorted({Element(one.type, one.state_key) for one in elements or ()})
        for elements in (body.include, body.exclude)
    )
    return RequiredState(include, exclude, bool(body.lazy_members))


def _sorted(elements: set[Element]) -> tuple[Element, ...]:
    """In one order, so that equal wishes are equal."""
    if len(elements) > _MOST_ELEMENTS:
        raise invalid_param(f"required_state: there may be at most {_MOST_ELEMENTS} elements.")
    return tuple(sorted(elements, key=lambda one: (one.type or "", one.state_key or "", repr(one))))


def _extensions(body: ExtensionsBody) -> Extensions:
    to_device = None
    if body.to_device is not None and body.to_device.enabled:
        since, limit = body.to_device.since, body.to_device.limit
        if limit is not None and limit < 1:
            raise invalid_param("extensions.to_device.limit: must be at least 1.")
        to_device = ToDeviceAsk(
            None if since is None else parse_to_device_token(since), min(limit or _MOST_TO_DEVICE, _MOST_TO_DEVICE)
        )
    return Extensions(
        to_device=to_device,
        has_e2ee=body.e2ee is not None and bool(body.e2ee.enabled),
        account_data=_scope(body.account_data),
        receipts=_scope(body.receipts),
        typing=_scope(body.typing),
        profiles=_profiles("profiles", body.profiles) or _profiles(_UNSTABLE_PROFILES, body.unstable_profiles),
        threads=_threads("thread_subscriptions", body.thread_subscriptions)
        or _threads(_UNSTABLE_THREADS, body.unstable_threads),
    )


def _profiles(name: str, body: ExtensionBody | None) -> ProfilesAsk | None:
    scope = _scope(body)
    if body is None or scope is None:
        return None
    return ProfilesAsk(name, scope, None if body.fields is None else frozenset(body.fields))


def _threads(name: str, body: ExtensionBody | None) -> ThreadsAsk | None:
    if body is None or not body.enabled:
        return None
    limit = _USUAL_THREADS if body.limit is None else body.limit
    if limit < 1:
        raise invalid_param(f"extensions.{name}.limit: must be at least 1.")
    return ThreadsAsk(name, min(limit, _MOST_THREADS))


def _scope(body: ExtensionBody | None) -> RoomScope | None:
    if body is None or not body.enabled:
        return None
    return RoomScope(
        None if body.lists is None else frozenset(body.lists), None if body.rooms is None else frozenset(body.rooms)
    )
