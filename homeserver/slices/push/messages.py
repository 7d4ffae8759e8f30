"""What a push gateway is told of an event.

https://spec.matrix.org/v1.19/push-gateway-api/#post_matrixpushv1notify
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from homeserver.database import Transaction
from homeserver.protocol.events import Event
from homeserver.rooms import queries_members, queries_state
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import ReadPlace
from homeserver.slices.push import queries_events
from homeserver.slices.push.badges import HidesInvites
from homeserver.slices.push.records import Due, Json, Pusher

IsRead = Callable[[Transaction, str, int, str | None, ReadPlace], bool]
"""(transaction, user id, room number, root of the thread or None, place): whether it has been read."""

_DISABLE_BADGE = "org.matrix.msc4076.disable_badge_count"
_MOST_CONTENT_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of an event for somebody: the event, and what the room and its sender are called."""

    event: Event
    sender_name: str | None
    room_name: str | None
    room_alias: str | None


class Messages:
    """Composes them, within a read. `has_content`: whether gateways are told what events say."""

    def __init__(self, parts: RoomParts, is_read: IsRead, hides_invites: HidesInvites, *, has_content: bool) -> None:
        self._parts = parts
        self._is_read = is_read
        self._hides_invites = hides_invites
        self._has_content = has_content

    def find(self, tx: Transaction, due: Due) -> Told | None:
        """What there is to tell; None where it was read, redacted or answered meanwhile, or is not wanted."""
        nid = due.place.event_nid
        stored = self._parts.loader.stored_by_nid(tx, [nid]).get(nid)
        if stored is None:
            return None
        membership = queries_members.find_membership(tx, due.user_id, due.room_nid)
        if membership is None or membership.membership != ("invite" if due.is_invite else "join"):
            return None
        if due.is_invite:
            if membership.event_nid != nid or self._hides_invites(tx, due.user_id, [stored.event.sender]):
                return None
            return self._invite(tx, due, stored.event)
        if queries_events.is_redacted(tx, nid):
            return None
        if self._is_read(tx, due.user_id, due.room_nid, due.thread_id, due.place):
            return None
        names = [self._current(tx, due.room_nid, *one) for one in _NAMES]
        return Told(stored.event, self._member_name(tx, due.room_nid, stored.event.sender), *names)

    def compose(self, told: Told, due: Due, pusher: Pusher, badge: int) -> Json:
        """The body of the request for an event."""
        event = told.event
        notification: Json = {"event_id": event.event_id, "room_id": event.room_id, "prio": _priority(event, due)}
        if pusher.shape.data.get("format") != "event_id_only":
            notification |= self._about(told, due)
        return {"notification": {**notification, **_counts(pusher, badge), **_devices(pusher, due.tweaks)}}

    def _about(self, told: Told, due: Due) -> Json:
        event = told.event
        about: Json = {"id": event.event_id, "type": event.type, "sender": event.sender}
        optional = {
            "sender_display_name": told.sender_name,
            "room_name": told.room_name or told.room_alias,
            "room_alias": told.room_alias,
        }
        about |= {key: value for key, value in optional.items() if value is not None}
        if event.type == "m.room.member":
            about |= {"membership": event.membership, "user_is_target": event.state_key == due.user_id}
        if self._has_content and len(msgspec.json.encode(event.content)) <= _MOST_CONTENT_BYTES:
            about["content"] = event.content
        return about

    def _invite(self, tx: Transaction, due: Due, event: Event) -> Told:
        """Where this server is in the room, its state tells more than what came with the invite."""
        shown = _stripped(queries_members.find_stripped(tx, due.user_id, due.room_nid))
        names = [
            _text(shown.get((kind, "")), key) or self._current(tx, due.room_nid, kind, key) for kind, key in _NAMES
        ]
        sender = _text(shown.get(("m.room.member", event.sender)), "displayname")
        return Told(event, sender or self._member_name(tx, due.room_nid, event.sender), *names)

    def _member_name(self, tx: Transaction, room_nid: int, user_id: str) -> str | None:
        return self._current(tx, room_nid, "m.room.member", "displayname", user_id)

    def _current(self, tx: Transaction, room_nid: int, kind: str, key: str, state_key: str = "") -> str | None:
        nid = queries_state.find_current(tx, room_nid, (kind, state_key))
        return None if nid is None else _text(self._parts.loader.get(tx, nid).content, key)


_NAMES = (("m.room.name", "name"), ("m.room.canonical_alias", "alias"))


def badge_body(pusher: Pusher, badge: int) -> Json:
    """The body of the request that only says how much is unread."""
    return {"notification": {"prio": "low", **_counts(pusher, badge), **_devices(pusher, {})}}


def wants_badge(pusher: Pusher) -> bool:
    """Whether it is told how much is unread.

    https://github.com/matrix-org/matrix-spec-proposals/pull/4076
    """
    return pusher.shape.data.get(_DISABLE_BADGE) is not True


def _counts(pusher: Pusher, badge: int) -> Json:
    """Zero is told too: it takes the number away from the icon."""
    return {"counts": {"unread": badge}} if wants_badge(pusher) else {}


def _devices(pusher: Pusher, tweaks: Mapping[str, Any]) -> Json:
    shape = pusher.shape
    device: Json = {
        "app_id": shape.key.app_id,
        "pushkey": shape.key.pushkey,
        "pushkey_ts": pusher.pushkey_ts // 1000,
        "data": {key: value for key, value in shape.data.items() if key != "url"},
    }
    if shape.data.get("format") != "event_id_only":
        device["tweaks"] = dict(tweaks)
    return {"devices": [device]}


def _priority(event: Event, due: Due) -> str:
    """What nobody sees at once may wait. Of what is encrypted only the device can tell."""
    is_urgent = bool(due.tweaks.get("highlight") or due.tweaks.get("sound"))
    return "high" if is_urgent or event.type == "m.room.encrypted" else "low"


def _stripped(encoded: bytes | None) -> dict[tuple[Any, Any], Any]:
    events = msgspec.json.decode(encoded) if encoded else []
    return {
        (one.get("type"), one.get("state_key")): one.get("content")
        for one in events
        if isinstance(one, dict) and isinstance(one.get("type"), str) and isinstance(one.get("state_key"), str)
    }


def _text(content: Any, key: str) -> str | None:
    value = content.get(key) if isinstance(content, Mapping) else None
    return value if isinstance(value, str) and value else None
