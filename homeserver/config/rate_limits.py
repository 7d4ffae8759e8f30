"""How often is too often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from homeserver.config.kinds import DURATION_MS, NUMBER, integer
from homeserver.config.section import Section

#: `rc_message` and `rc_delayed_event_mgmt` are what Element Call needs: it sends keys in bursts, and puts off the event
#: that ends a call every few seconds.
#: https://github.com/element-hq/element-call/blob/livekit/docs/self-hosting.md
#: Limits and their defaults: per second, burst. A dot leads to a section below; the first name of such a group also
#: stands for the group (`rc_joins` is `rc_joins.local`).
DEFAULTS: Mapping[str, tuple[float, int]] = {
    "rc_message": (0.5, 30),
    "rc_registration": (0.17, 3),
    "rc_registration_token_validity": (0.1, 5),
    "rc_login.address": (0.003, 5),
    "rc_login.account": (0.003, 5),
    "rc_login.failed_attempts": (0.17, 3),
    "rc_joins.local": (0.1, 10),
    "rc_joins.remote": (0.01, 10),
    "rc_joins_per_room": (1, 10),
    "rc_3pid_validation": (0.003, 5),
    "rc_invites.per_issuer": (0.3, 10),
    "rc_invites.per_room": (0.3, 10),
    "rc_invites.per_user": (0.003, 5),
    "rc_third_party_invite": (0.2, 10),
    "rc_room_creation": (0.016, 10),
    "rc_media_create": (10, 50),
    "rc_url_preview": (5, 100),
    "rc_presence.per_user": (0.1, 1),
    "rc_key_requests": (20, 100),
    "rc_user_directory": (0.016, 200),
    "rc_reports": (1, 5),
    "rc_delayed_event_mgmt": (1, 20),
    "rc_admin_redaction": (0.2, 10),
}


@dataclass(frozen=True, slots=True)
class RateLimitConfig:
    """`burst_count` at once, refilled at `per_second`."""

    per_second: float
    burst_count: int


@dataclass(frozen=True, slots=True)
class FederationRateConfig:
    """Requests of one remote server: beyond `sleep_limit` in `window_ms` each waits `sleep_ms`, at most `concurrent`
    run at a time, and beyond `reject_limit` waiting ones the rest is refused."""

    window_ms: int = 1000
    sleep_limit: int = 10
    sleep_ms: int = 500
    reject_limit: int = 50
    concurrent: int = 3


@dataclass(frozen=True, slots=True)
class RateLimitsConfig:
    """`by_name`: each limit by its path in the file, `rc_message` or `rc_login.address`."""

    by_name: Mapping[str, RateLimitConfig]
    federation: FederationRateConfig


def rate_limits_from(top: Section) -> RateLimitsConfig:
    """All limits."""
    by_name: dict[str, RateLimitConfig] = {}
    groups: dict[str, Section] = {}
    for name, (per_second, burst_count) in DEFAULTS.items():
        group, _, part = name.partition(".")
        if group not in groups:
            groups[group] = top.section(group)
        limit = _limit(groups[group].section(part) if part else groups[group], per_second, burst_count)
        by_name[name] = limit
        by_name.setdefault(group, limit)
    for section in groups.values():
        section.finish()
    return RateLimitsConfig(MappingProxyType(by_name), _federation(top.section("rc_federation")))


def _limit(section: Section, per_second: float, burst_count: int) -> RateLimitConfig:
    limit = RateLimitConfig(
        section.read("per_second", NUMBER, per_second), section.read("burst_count", integer(1), burst_count)
    )
    section.finish()
    return limit


def _federation(section: Section) -> FederationRateConfig:
    default = FederationRateConfig()
    limit = FederationRateConfig(
        window_ms=section.read("window_size", DURATION_MS, default.window_ms),
        sleep_limit=section.read("sleep_limit", integer(), default.sleep_limit),
        sleep_ms=section.read("sleep_delay", DURATION_MS, default.sleep_ms),
        reject_limit=section.read("reject_limit", integer(), default.reject_limit),
        concurrent=section.read("concurrent", integer(1), default.concurrent),
    )
    section.finish()
    return limit
