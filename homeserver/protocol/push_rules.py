"""The push rules every user starts with.

https://spec.matrix.org/v1.19/client-server-api/#predefined-rules
"""

from __future__ import annotations

from typing import Any

KINDS = ("override", "content", "room", "sender", "underride")

Json = dict[str, Any]

_NOTIFY: list[Any] = ["notify"]
_SOUND: list[Any] = ["notify", {"set_tweak": "sound", "value": "default"}]
_RING: list[Any] = ["notify", {"set_tweak": "sound", "value": "ring"}]
_HIGHLIGHT: list[Any] = ["notify", {"set_tweak": "highlight"}]
_MENTION: list[Any] = ["notify", {"set_tweak": "sound", "value": "default"}, {"set_tweak": "highlight"}]


def default_rules(user_id: str) -> dict[str, list[Json]]:
    """Kind to rules, in the order in which they are tried."""
    return {
        "override": _override(user_id),
        "content": [],
        "room": [],
        "sender": [],
        "underride": _underride(),
    }


def _override(user_id: str) -> list[Json]:
    return [
        _rule(".m.rule.master", [], [], enabled=False),
        _rule(".m.rule.suppress_notices", [], [_match("content.msgtype", "m.notice")]),
        _rule(
            ".m.rule.invite_for_me",
            _SOUND,
            [
                _match("type", "m.room.member"),
                _match("content.membership", "invite"),
                _match("state_key", user_id),
            ],
        ),
        _rule(".m.rule.member_event", [], [_match("type", "m.room.member")]),
        _rule(
            ".m.rule.is_user_mention",
            _MENTION,
            [{"kind": "event_property_contains", "key": "content.m\\.mentions.user_ids", "value": user_id}],
        ),
        _rule(
            ".m.rule.is_room_mention",
            _HIGHLIGHT,
            [
                {"kind": "event_property_is", "key": "content.m\\.mentions.room", "value": True},
                {"kind": "sender_notification_permission", "key": "room"},
            ],
        ),
        _rule(".m.rule.tombstone", _HIGHLIGHT, [_match("type", "m.room.tombstone"), _match("state_key", "")]),
        _rule(".m.rule.reaction", [], [_match("type", "m.reaction")]),
        _rule(".m.rule.room.server_acl", [], [_match("type", "m.room.server_acl"), _match("state_key", "")]),
        _rule(
            ".m.rule.suppress_edits",
            [],
            [{"kind": "event_property_is", "key": "content.m\\.relates_to.rel_type", "value": "m.replace"}],
        ),
    ]


def _underride() -> list[Json]:
    direct = {"kind": "room_member_count", "is": "2"}
    return [
        _rule(".m.rule.call", _RING, [_match("type", "m.call.invite")]),
        _rule(".m.rule.encrypted_room_one_to_one", _SOUND, [direct, _match("type", "m.room.encrypted")]),
        _rule(".m.rule.room_one_to_one", _SOUND, [direct, _match("type", "m.room.message")]),
        _rule(".m.rule.message", _NOTIFY, [_match("type", "m.room.message")]),
        _rule(".m.rule.encrypted", _NOTIFY, [_match("type", "m.room.encrypted")]),
    ]


def _rule(rule_id: str, actions: list[Any], conditions: list[Json], *, enabled: bool = True) -> Json:
    return {
        "rule_id": rule_id,
        "default": True,
        "enabled": enabled,
        "conditions": conditions,
        "actions": list(actions),
    }


def _match(key: str, pattern: str) -> Json:
    return {"kind": "event_match", "key": key, "pattern": pattern}
