"""The room versions as data: one frozen record of named rules each, written as the difference from the one before.

https://spec.matrix.org/v1.19/rooms/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Literal


class EventIds(Enum):
    """Where an event's id comes from."""

    OPAQUE = "opaque"
    """`$opaque:domain`, a field of the PDU; `prev_events` and `auth_events` are lists of `[id, hashes]`."""
    HASH = "hash"
    """`$` and the reference hash in unpadded base64; not in the PDU."""
    URL_SAFE_HASH = "url_safe_hash"
    """`$` and the reference hash in URL-safe unpadded base64; not in the PDU."""


@dataclass(frozen=True, slots=True, eq=False)
class RedactionRules:
    """What a redaction leaves of an event.

    `content` names, for each event type, the keys that stay in `content`; `whole_content` the types whose content
    stays entirely; `third_party_signed`: whether `third_party_invite.signed` of `m.room.member` stays.
    """

    top_level: frozenset[str]
    content: Mapping[str, frozenset[str]]
    whole_content: frozenset[str] = frozenset()
    third_party_signed: bool = False

    def with_content(self, changes: Mapping[str, frozenset[str] | None]) -> RedactionRules:
        """The rules with other keys for some event types; None where nothing stays any longer."""
        merged = {**self.content, **changes}
        kept = {event_type: keys for event_type, keys in merged.items() if keys is not None}
        return replace(self, content=MappingProxyType(kept))


@dataclass(frozen=True, slots=True, eq=False)
class RoomVersion:
    """The rules of one room version, by name. The fields are in the order in which the versions changed them."""

    version: str
    """The identifier, as in `content.room_version` of `m.room.create`."""
    event_ids: EventIds
    state_resolution: Literal["v1", "v2", "v2.1"]
    redaction: RedactionRules
    redaction_auth_rule: bool = True
    """Authorisation looks at the redact level (v1, v2); later versions decide when the redaction is applied."""
    enforces_key_validity: bool = False
    """A signature counts only when the key was valid at the event's `origin_server_ts`."""
    strict_canonical_json: bool = False
    """Integers within +-(2^53 - 1) and no floats; before v6 such events have to be lived with."""
    aliases_auth_rule: bool = True
    """`m.room.aliases` needs no membership, and its state key must be the sender's server."""
    notification_power_limits: bool = False
    """Changes of `notifications` in `m.room.power_levels` are limited like those of `events`."""
    knocking: bool = False
    """Join rule and membership `knock`."""
    restricted_joins: bool = False
    """Join rule `restricted`, and `join_authorised_via_users_server`."""
    knock_restricted_joins: bool = False
    """Join rule `knock_restricted`."""
    integer_power_levels: bool = False
    """Power levels must be integers; before, strings that read as integers (and floats, before v6) pass."""
    creator_in_content: bool = True
    """`m.room.create` names the creator in `content.creator`; later it is the sender."""
    redacts_in_content: bool = False
    """`redacts` is in `content`; before, it is a field of the event."""
    privileged_creators: bool = False
    """Room creators have infinite power and are not in `m.room.power_levels`; `additional_creators` exist."""
    room_id_is_create_hash: bool = False
    """The room id is the create event's id with `!`; that event has no `room_id` and no event cites it."""

    @property
    def references_are_pairs(self) -> bool:
        """Whether `prev_events` and `auth_events` are lists of `[event id, hashes]` pairs."""
        return self.event_ids is EventIds.OPAQUE


_V1_REDACTION = RedactionRules(
    top_level=frozenset(
        {
            "event_id",
            "type",
            "room_id",
            "sender",
            "state_key",
            "content",
            "hashes",
            "signatures",
            "depth",
            "prev_events",
            "prev_state",
            "auth_events",
            "origin",
            "origin_server_ts",
            "membership",
        }
    ),
    content=MappingProxyType(
        {
            "m.room.member": frozenset({"membership"}),
            "m.room.create": frozenset({"creator"}),
            "m.room.join_rules": frozenset({"join_rule"}),
            "m.room.power_levels": frozenset(
                {"ban", "events", "events_default", "kick", "redact", "state_default", "users", "users_default"}
            ),
            "m.room.aliases": frozenset({"aliases"}),
            "m.room.history_visibility": frozenset({"history_visibility"}),
        }
    ),
)
_V6_REDACTION = _V1_REDACTION.with_content({"m.room.aliases": None})
_V8_REDACTION = _V6_REDACTION.with_content({"m.room.join_rules": frozenset({"join_rule", "allow"})})
_V9_REDACTION = _V8_REDACTION.with_content(
    {"m.room.member": frozenset({"membership", "join_authorised_via_users_server"})}
)
_V11_REDACTION = replace(
    _V9_REDACTION.with_content(
        {
            "m.room.create": None,
            "m.room.power_levels": _V9_REDACTION.content["m.room.power_levels"] | {"invite"},
            "m.room.redaction": frozenset({"redacts"}),
        }
    ),
    top_level=_V9_REDACTION.top_level - {"prev_state", "origin", "membership"},
    whole_content=frozenset({"m.room.create"}),
    third_party_signed=True,
)

_V1 = RoomVersion("1", EventIds.OPAQUE, "v1", _V1_REDACTION)
_V2 = replace(_V1, version="2", state_resolution="v2")
_V3 = replace(_V2, version="3", event_ids=EventIds.HASH, redaction_auth_rule=False)
_V4 = replace(_V3, version="4", event_ids=EventIds.URL_SAFE_HASH)
_V5 = replace(_V4, version="5", enforces_key_validity=True)
_V6 = replace(
    _V5,
    version="6",
    strict_canonical_json=True,
    aliases_auth_rule=False,
    notification_power_limits=True,
    redaction=_V6_REDACTION,
)
_V7 = replace(_V6, version="7", knocking=True)
_V8 = replace(_V7, version="8", restricted_joins=True, redaction=_V8_REDACTION)
_V9 = replace(_V8, version="9", redaction=_V9_REDACTION)
_V10 = replace(_V9, version="10", knock_restricted_joins=True, integer_power_levels=True)
_V11 = replace(_V10, version="11", creator_in_content=False, redacts_in_content=True, redaction=_V11_REDACTION)
_V12 = replace(_V11, version="12", state_resolution="v2.1", privileged_creators=True, room_id_is_create_hash=True)

ROOM_VERSIONS: Mapping[str, RoomVersion] = MappingProxyType(
    {rules.version: rules for rules in (_V1, _V2, _V3, _V4, _V5, _V6, _V7, _V8, _V9, _V10, _V11, _V12)}
)
"""Every room version this server takes part in, by identifier. All are stable."""

DEFAULT_ROOM_VERSION = "12"
"""The version of a new room when nobody asks for another."""
