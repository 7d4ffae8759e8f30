"""What the configuration says about other servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class ServerRules:
    """Which servers this one talks to, in both directions, keys and media included.

    `whitelist`: only these (`federation_domain_whitelist`), None for all; `denied` are refused in any case.
    """

    whitelist: frozenset[str] | None = None
    denied: frozenset[str] = frozenset()

    def is_allowed(self, server_name: str) -> bool:
        """Whether a server may be talked to."""
        return server_name not in self.denied and (self.whitelist is None or server_name in self.whitelist)


@dataclass(frozen=True, slots=True)
class TrustedKeyServer:
    """A notary (`trusted_key_servers`). `verify_keys`: its public keys in unpadded base64 by key id; where there are
    none, those it publishes itself are believed."""

    server_name: str
    verify_keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class OldVerifyKey:
    """A key this server no longer signs with (`old_signing_keys`): unpadded base64, and when it ended in ms."""

    key: str
    expired_ts: int


@dataclass(frozen=True, slots=True)
class FederationSettings:
    """`key_refresh_interval_ms`: how long other servers may use this server's keys before they ask again.
    `well_known_server`: what `/.well-known/matrix/server` says, None for nothing. `software` and `version` are for
    `/_matrix/federation/v1/version`. `request_timeout_ms` is for ordinary requests, `join_timeout_ms` for answers that
    hold a room's state, up to `state_bytes`."""

    rules: ServerRules = field(default_factory=ServerRules)
    key_refresh_interval_ms: int = _DAY_MS
    trusted_key_servers: tuple[TrustedKeyServer, ...] = ()
    old_verify_keys: Mapping[str, OldVerifyKey] = field(default_factory=lambda: MappingProxyType({}))
    well_known_server: str | None = None
    software: str = "Hearth"
    version: str = "0"
    request_timeout_ms: int = 60_000
    join_timeout_ms: int = 600_000
    state_bytes: int = 256 * 1024 * 1024
