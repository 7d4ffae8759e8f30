"""Other servers: whom this one talks to, whose certificates and keys it believes, and its own keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from homeserver.config.kinds import (
    ADDRESS_RANGES,
    BOOLEAN,
    DURATION_MS,
    PATH,
    SERVER_NAME,
    TEXT,
    TEXTS,
    choice,
    integer,
    list_of,
)
from homeserver.config.section import Section

_DAY_MS = 24 * 3600 * 1000
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class OutboundConfig:
    """Where outbound requests may go. None for `denied_ranges` is the built-in list of private ranges."""

    denied_ranges: tuple[str, ...] | None = None
    allowed_ranges: tuple[str, ...] = ()
    #: No certificate of application services, push gateways and the like is checked: for tests alone.
    is_insecure: bool = False
    user_agent_suffix: str = ""


@dataclass(frozen=True, slots=True)
class FederationConfig:
    """Federation. `domain_whitelist` None: every server. `custom_ca_files` replace the system's authorities."""

    domain_whitelist: frozenset[str] | None = None
    verify_certificates: bool = True
    unverified_domains: tuple[str, ...] = ()
    custom_ca_files: tuple[Path, ...] = ()
    minimum_tls_version: str = "1.2"
    denied_ranges: tuple[str, ...] | None = None
    allow_profile_lookup: bool = True
    allow_device_name_lookup: bool = False
    request_timeout_ms: int = _MINUTE_MS
    retry_minimum_ms: int = 1000
    retry_multiplier: int = 2
    retry_maximum_ms: int = 4 * _MINUTE_MS


@dataclass(frozen=True, slots=True)
class OldKey:
    """A signing key this server no longer signs with: its public half in unpadded Base64."""

    key: str
    expired_ts: int


@dataclass(frozen=True, slots=True)
class TrustedKeyServer:
    """A notary. `verify_keys`: its public keys by key ID; where there are none it answers for itself over TLS."""

    server_name: str
    verify_keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class KeysConfig:
    """Signing keys: this server's file, its earlier ones, and the notaries it asks for those of others."""

    signing_key_path: Path
    old_signing_keys: Mapping[str, OldKey]
    key_refresh_interval_ms: int
    trusted_key_servers: tuple[TrustedKeyServer, ...]


def outbound_from(top: Section) -> OutboundConfig:
    """Limits of every outbound request."""
    return OutboundConfig(
        denied_ranges=top.find("ip_range_blacklist", ADDRESS_RANGES),
        allowed_ranges=top.read("ip_range_whitelist", ADDRESS_RANGES, ()),
        is_insecure=top.read("use_insecure_ssl_client_just_for_testing_do_not_use", BOOLEAN, False),
        user_agent_suffix=top.read("user_agent_suffix", TEXT, ""),
    )


def federation_from(top: Section, outbound: OutboundConfig) -> FederationConfig:
    """Everything about other servers but keys."""
    whitelist = top.find("federation_domain_whitelist", list_of(SERVER_NAME))
    section = top.section("federation")
    denied = top.find("federation_ip_range_blacklist", ADDRESS_RANGES)
    section.ignore("max_short_retry_delay", "max_long_retry_delay", "max_short_retries", "max_long_retries")
    config = FederationConfig(
        domain_whitelist=None if whitelist is None else frozenset(whitelist),
        verify_certificates=top.read("federation_verify_certificates", BOOLEAN, True),
        unverified_domains=top.read("federation_certificate_verification_whitelist", TEXTS, ()),
        custom_ca_files=top.paths("federation_custom_ca_list"),
        minimum_tls_version=top.read("federation_client_minimum_tls_version", choice("1", "1.1", "1.2", "1.3"), "1.2"),
        denied_ranges=outbound.denied_ranges if denied is None else denied,
        allow_profile_lookup=top.read("allow_profile_lookup_over_federation", BOOLEAN, True),
        allow_device_name_lookup=top.read("allow_device_name_lookup_over_federation", BOOLEAN, False),
        request_timeout_ms=section.read("client_timeout", DURATION_MS, _MINUTE_MS),
        retry_minimum_ms=section.read("destination_min_retry_interval", DURATION_MS, 1000),
        retry_multiplier=section.read("destination_retry_multiplier", integer(1, 100), 2),
        retry_maximum_ms=section.read("destination_max_retry_interval", DURATION_MS, 4 * _MINUTE_MS),
    )
    section.finish()
    return config


def keys_from(top: Section, server_name: str, directory: Path) -> KeysConfig:
    """Keys; the file of the signing key stands beside the configuration unless it says otherwise."""
    return KeysConfig(
        signing_key_path=top.read("signing_key_path", PATH, directory / f"{server_name}.signing.key"),
        old_signing_keys=_old_keys(top.section("old_signing_keys")),
        key_refresh_interval_ms=top.read("key_refresh_interval", DURATION_MS, _DAY_MS),
        trusted_key_servers=tuple(_trusted(section) for section in top.sections("trusted_key_servers")),
    )


def _old_keys(section: Section) -> Mapping[str, OldKey]:
    found: dict[str, OldKey] = {}
    for key_id in section.names():
        one = section.section(key_id)
        found[key_id] = OldKey(one.require("key", TEXT, ""), one.require("expired_ts", integer(), 0))
        one.finish()
    return MappingProxyType(found)


def _trusted(section: Section) -> TrustedKeyServer:
    name = section.require("server_name", SERVER_NAME, "")
    keys = section.section("verify_keys")
    verify_keys = {key_id: keys.require(key_id, TEXT, "") for key_id in keys.names()}
    section.ignore("accept_keys_insecurely")
    section.finish()
    return TrustedKeyServer(name, MappingProxyType(verify_keys))
