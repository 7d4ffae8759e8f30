"""The whole configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from homeserver.config.accounts import AccountsConfig, accounts_from
from homeserver.config.database import DatabaseConfig, database_from
from homeserver.config.federation import (
    FederationConfig,
    KeysConfig,
    OutboundConfig,
    federation_from,
    keys_from,
    outbound_from,
)
from homeserver.config.findings import Findings
from homeserver.config.listeners import ListenerConfig, TlsConfig, listeners_from, tls_from
from homeserver.config.media import MediaConfig, media_from
from homeserver.config.rate_limits import RateLimitsConfig, rate_limits_from
from homeserver.config.rooms import (
    PresenceConfig,
    RoomsConfig,
    UserDirectoryConfig,
    presence_from,
    rooms_from,
    user_directory_from,
)
from homeserver.config.section import Section
from homeserver.config.server import ServerConfig, WebClientConfig, server_from, web_client_from
from homeserver.config.server_notices import ServerNoticesConfig, server_notices_from
from homeserver.config.services import (
    AppServicesConfig,
    EmailConfig,
    PushConfig,
    VoipConfig,
    app_services_from,
    email_from,
    push_from,
    voip_from,
)
from homeserver.config.synapse_keys import IGNORED_KEYS


@dataclass(frozen=True, slots=True)
class Config:
    """All settings. Secrets are left out of its repr. `warnings` are sentences for the log."""

    server: ServerConfig
    listeners: tuple[ListenerConfig, ...]
    tls: TlsConfig | None
    database: DatabaseConfig
    keys: KeysConfig
    accounts: AccountsConfig
    rate_limits: RateLimitsConfig
    rooms: RoomsConfig
    user_directory: UserDirectoryConfig
    presence: PresenceConfig
    outbound: OutboundConfig
    federation: FederationConfig
    media: MediaConfig
    voip: VoipConfig
    email: EmailConfig | None
    app_services: AppServicesConfig
    push: PushConfig
    web_client: WebClientConfig
    server_notices: ServerNoticesConfig | None = None
    warnings: tuple[str, ...] = ()


def config_from(values: Mapping[str, object], directory: Path) -> Config:
    """The configuration of these top-level keys; `directory` is where the files stand.

    Raises ConfigError naming everything that is wrong.
    """
    findings = Findings()
    top = Section(values, findings)
    config = _read(top, directory)
    top.ignore(*sorted(IGNORED_KEYS))
    top.finish()
    findings.raise_if_wrong()
    return replace(config, warnings=tuple(findings.warnings))


def known_keys() -> frozenset[str]:
    """Every top-level key that has a meaning."""
    top = Section({}, Findings())
    _read(top, Path())
    return top.known


def _read(top: Section, directory: Path) -> Config:
    server = server_from(top)
    listeners = listeners_from(top)
    outbound = outbound_from(top)
    return Config(
        server=server,
        listeners=listeners,
        tls=tls_from(top, listeners),
        database=database_from(top),
        keys=keys_from(top, server.server_name, directory),
        accounts=accounts_from(top),
        rate_limits=rate_limits_from(top),
        rooms=rooms_from(top),
        user_directory=user_directory_from(top),
        presence=presence_from(top),
        outbound=outbound,
        federation=federation_from(top, outbound),
        media=media_from(top, outbound),
        voip=voip_from(top),
        email=email_from(top),
        app_services=app_services_from(top),
        push=push_from(top),
        web_client=web_client_from(top),
        server_notices=server_notices_from(top),
    )
