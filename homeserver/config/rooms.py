"""Rooms: versions, limits, the public list, aliases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from homeserver.config.kinds import BOOLEAN, DURATION_MS, FREE, ROOM_VERSION, TEXT, choice
from homeserver.config.section import Section
from homeserver.protocol.room_versions import DEFAULT_ROOM_VERSION

_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a list of rules: the first whose globs all match decides."""

    user_id: str = "*"
    alias: str = "*"
    room_id: str = "*"
    is_allowed: bool = True


@dataclass(frozen=True, slots=True)
class RoomsConfig:
    """Everything about rooms. Without any rule publication and aliases are allowed."""

    default_version: str = DEFAULT_ROOM_VERSION
    encryption_by_default: str = "off"
    block_non_admin_invites: bool = False
    require_membership_for_aliases: bool = True
    alias_creation_rules: tuple[Rule, ...] = (Rule(),)
    publication_rules: tuple[Rule, ...] = (Rule(),)
    public_list_over_federation: bool = False
    public_list_without_auth: bool = False
    enable_room_list_search: bool = True
    #: None: redacted content is kept for ever.
    redaction_retention_ms: int | None = 7 * _DAY_MS
    forgotten_retention_ms: int | None = 28 * _DAY_MS
    enable_ephemeral_messages: bool = False
    enable_search: bool = True
    max_event_delay_ms: int = _DAY_MS
    power_level_content: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class UserDirectoryConfig:
    """User directory: whether it answers, and whom it knows besides those one can meet in rooms, or does not."""

    is_enabled: bool = True
    search_all_users: bool = False
    prefer_local_users: bool = False
    show_locked_users: bool = False
    exclude_remote_users: bool = False


@dataclass(frozen=True, slots=True)
class PresenceConfig:
    """Presence."""

    is_enabled: bool = True


def rooms_from(top: Section) -> RoomsConfig:
    """All of it."""
    default = RoomsConfig()
    levels = top.section("default_power_level_content_override")
    return RoomsConfig(
        default_version=top.read("default_room_version", ROOM_VERSION, DEFAULT_ROOM_VERSION),
        encryption_by_default=top.read(
            "encryption_enabled_by_default_for_room_type", choice("all", "invite", "off"), "off"
        ),
        block_non_admin_invites=top.read("block_non_admin_invites", BOOLEAN, False),
        require_membership_for_aliases=top.read("require_membership_for_aliases", BOOLEAN, True),
        alias_creation_rules=_rules(top, "alias_creation_rules"),
        publication_rules=_rules(top, "room_list_publication_rules"),
        public_list_over_federation=top.read("allow_public_rooms_over_federation", BOOLEAN, False),
        public_list_without_auth=top.read("allow_public_rooms_without_auth", BOOLEAN, False),
        enable_room_list_search=top.read("enable_room_list_search", BOOLEAN, True),
        redaction_retention_ms=top.read("redaction_retention_period", DURATION_MS, 7 * _DAY_MS),
        forgotten_retention_ms=top.read("forgotten_room_retention_period", DURATION_MS, 28 * _DAY_MS),
        enable_ephemeral_messages=top.read("enable_ephemeral_messages", BOOLEAN, default.enable_ephemeral_messages),
        enable_search=top.read("enable_search", BOOLEAN, True),
        max_event_delay_ms=top.read("max_event_delay_duration", DURATION_MS, default.max_event_delay_ms),
        power_level_content=MappingProxyType({key: levels.read(key, FREE, None) for key in levels.names()}),
    )


def _rules(top: Section, key: str) -> tuple[Rule, ...]:
    if not top.has(key):
        return (Rule(),)
    found = []
    for section in top.sections(key):
        action = section.read("action", choice("allow", "deny"), "allow")
        found.append(
            Rule(
                user_id=section.read("user_id", TEXT, "*"),
                alias=section.read("alias", TEXT, "*"),
                room_id=section.read("room_id", TEXT, "*"),
                is_allowed=action == "allow",
            )
        )
        section.finish()
    return tuple(found)


def user_directory_from(top: Section) -> UserDirectoryConfig:
    """The user directory."""
    section = top.section("user_directory")
    config = UserDirectoryConfig(
        is_enabled=section.read("enabled", BOOLEAN, True),
        search_all_users=section.read("search_all_users", BOOLEAN, False),
        prefer_local_users=section.read("prefer_local_users", BOOLEAN, False),
        show_locked_users=section.read("show_locked_users", BOOLEAN, False),
        exclude_remote_users=section.read("exclude_remote_users", BOOLEAN, False),
    )
    section.finish()
    return config


def presence_from(top: Section) -> PresenceConfig:
    """Presence; `use_presence` is its older name."""
    section = top.section("presence")
    is_used = top.read("use_presence", BOOLEAN, True)
    config = PresenceConfig(section.read("enabled", BOOLEAN, is_used))
    section.ignore("include_offline_users_on_sync", "presence_router")
    section.finish()
    return config
