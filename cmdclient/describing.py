"""An event in words.

https://spec.matrix.org/v1.19/client-server-api/#room-events
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cmdclient.masking import masked

_MEMBERSHIP_VERBS = {
    "join": "joined",
    "leave": "left",
    "invite": "was invited",
    "ban": "was banned",
    "knock": "knocks",
}


def description(event: dict[str, Any]) -> str:
    """What happened, of an event in the client format, whatever its fields hold; `* ` begins what is no speech."""
    content = _object(event.get("content"))
    kind = event.get("type")
    if "redacted_because" in _object(event.get("unsigned")):
        return "* (redacted)"
    describe = _DESCRIPTIONS.get(kind) if isinstance(kind, str) else None
    if describe is not None:
        return describe(event, content)
    key = event.get("state_key")
    state = f" of {key!r}" if key else ""
    return f"* {kind}{state} {json.dumps(masked(content), ensure_ascii=False)}"


def _message(event: dict[str, Any], content: dict[str, Any]) -> str:
    relation = _object(content.get("m.relates_to"))
    if relation.get("rel_type") == "m.replace" and isinstance(content.get("m.new_content"), dict):
        return f"* edited: {_message(event, {**content['m.new_content'], 'm.relates_to': {}})}"
    body = content.get("body")
    text = body if isinstance(body, str) else json.dumps(content, ensure_ascii=False)
    if "m.in_reply_to" in relation and relation.get("is_falling_back") is not True:
        text = f"↪ {text}"
    if relation.get("rel_type") == "m.thread":
        text = f"(thread) {text}"
    match content.get("msgtype"):
        case "m.emote":
            return f"* {text}"
        case "m.image" | "m.file" | "m.audio" | "m.video" as msgtype:
            return f"({msgtype[2:]}) {text} {content.get('url', '')}".rstrip()
    return text


def _member(event: dict[str, Any], content: dict[str, Any]) -> str:
    target, membership = event.get("state_key"), content.get("membership")
    verb = _MEMBERSHIP_VERBS.get(str(membership), f"has membership {membership}")
    reason = f" ({content['reason']})" if isinstance(content.get("reason"), str) else ""
    before = _object(_object(event.get("unsigned")).get("prev_content"))
    match before.get("membership"), membership:
        case "join", "join":
            if content.get("displayname") != before.get("displayname"):
                return f"* is now called {content.get('displayname') or target}"
            return "* changed the profile"
        case "ban", "leave":
            return f"* {target} is no longer banned{reason}"
    if target == event.get("sender"):
        return f"* {verb}{reason}"
    return f"* {target} {'was removed' if membership == 'leave' else verb}{reason}"


def _reaction(event: dict[str, Any], content: dict[str, Any]) -> str:
    relation = _object(content.get("m.relates_to"))
    return f"* reacted with {relation.get('key')} to {relation.get('event_id')}"


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _setting(noun: str, key: str) -> Callable[[dict[str, Any], dict[str, Any]], str]:
    def describe(event: dict[str, Any], content: dict[str, Any]) -> str:
        value = content.get(key)
        return f"* set the {noun} to {value!r}" if value else f"* removed the {noun}"

    return describe


_DESCRIPTIONS: dict[str, Callable[[dict[str, Any], dict[str, Any]], str]] = {
    "m.room.message": _message,
    "m.room.member": _member,
    "m.room.name": _setting("room name", "name"),
    "m.room.topic": _setting("topic", "topic"),
    "m.room.canonical_alias": _setting("main alias", "alias"),
    "m.room.join_rules": _setting("join rule", "join_rule"),
    "m.room.history_visibility": _setting("history visibility", "history_visibility"),
    "m.room.guest_access": _setting("guest access", "guest_access"),
    "m.room.power_levels": lambda event, content: "* set the power levels",
    "m.room.encrypted": lambda event, content: "* (encrypted; the key is not here)",
    "m.room.encryption": lambda event, content: "* turned on encryption",
    "m.room.third_party_invite": lambda event, content: f"* invited {content.get('display_name')} by e-mail",
    "m.room.pinned_events": lambda event, content: "* changed what is pinned",
    "m.room.tombstone": lambda event, content: f"* moved the room to {content.get('replacement_room')}",
    "m.reaction": _reaction,
    "m.room.create": lambda event, content: f"* created the room, version {content.get('room_version', '1')}",
    "m.room.redaction": lambda event, content: f"* redacted {event.get('redacts', content.get('redacts'))}",
}
