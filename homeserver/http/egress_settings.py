"""What the configuration and callers say about outbound requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Which certificates are believed.

    `verify`: `federation_verify_certificates`. `unverified_domains`: names, with `*` for any characters, whose
    certificates are not checked (`federation_certificate_verification_whitelist`). `ca_files`: PEM files of the only
    authorities that are believed, in place of the system's (`federation_custom_ca_list`). `minimum_version`: `1`,
    `1.1`, `1.2` or `1.3` (`federation_client_minimum_tls_version`).
    """

    verify: bool = True
    unverified_domains: tuple[str, ...] = ()
    ca_files: tuple[Path, ...] = ()
    minimum_version: str = "1.2"


@dataclass(frozen=True, slots=True)
class EgressSettings:
    """One outbound client: the addresses it may connect to (`ip_range_blacklist`, `ip_range_whitelist`), whom it
    trusts, how it names itself, and how many connections it opens at a time.

    `denied_ranges` None: everything that is not the public internet.
    """

    denied_ranges: tuple[str, ...] | None = None
    allowed_ranges: tuple[str, ...] = ()
    tls: TlsSettings = field(default_factory=TlsSettings)
    user_agent: str = "Hearth"
    max_connections: int = 512
    keep_alive_ms: int = 60_000


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, apart from what the request says: a server found by discovery.

    `host`: a DNS name or an IP address (IPv6 without brackets). `tls_name`: the name or address the certificate must
    be for, and the SNI; None speaks plain HTTP. `host_header`: the `Host` field.
    """

    host: str
    port: int
    tls_name: str | None
    host_header: str


@dataclass(frozen=True, slots=True)
class EgressOptions:
    """Limits of one request, and where it goes.

    `total_ms`: from the call to the last byte of the body. `connect_ms`: name look-up, TCP and TLS together.
    `max_body_bytes`: a larger body ends the request. `redirects`: how many are followed (0: the redirection is the
    answer). `https_only`: refuse plain HTTP, also after a redirect. `to`: connect there and take the URL's path only.
    """

    total_ms: int = 60_000
    connect_ms: int = 10_000
    max_body_bytes: int = 10 * 1024 * 1024
    redirects: int = 0
    https_only: bool = False
    to: Target | None = None


DEFAULT_OPTIONS = EgressOptions()
