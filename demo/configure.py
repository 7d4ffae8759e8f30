"""Writes what the demonstration's homeservers need: an authority, and for each server a folder with its files.

    python demo/configure.py DIR --first 8480 --client-ports 8080 --count 3 [--no-rate-limit]

Server N (its name is localhost:N) has its files in DIR/N. Keys and certificates that exist are kept.
"""

from __future__ import annotations

import argparse
import json
import secrets
from pathlib import Path
from typing import Any

from homeserver.commands.certificates import write_authority, write_issued
from homeserver.config.rate_limits import DEFAULTS
from homeserver.config.signing_keys import create_signing_key

_LOOPBACK = ["127.0.0.0/8", "::1/128"]
#: More than the defaults allow, since here everybody comes from one address.
_DEMO_LIMITS = {
    "rc_message": (5, 50),
    "rc_registration": (1, 20),
    "rc_room_creation": (1, 20),
    "rc_media_create": (10, 50),
}
_DEMO_GROUP_LIMIT = (1, 20)
_NO_LIMIT = (1_000_000, 1_000_000)


def main() -> None:
    """Write everything."""
    parser = argparse.ArgumentParser(description="Writes the demonstration's configuration files.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--first", type=int, default=8480, help="the first server's port for other servers (TLS)")
    parser.add_argument("--client-ports", type=int, default=8080, help="the first server's port for clients (HTTP)")
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--bind", default="127.0.0.1", help="the address to listen at")
    parser.add_argument("--no-rate-limit", action="store_true")
    options = parser.parse_args()
    directory: Path = options.directory.absolute()
    directory.mkdir(parents=True, exist_ok=True)
    ports = range(options.first, options.first + options.count)
    for port in ports:
        (directory / str(port)).mkdir(exist_ok=True)
        create_signing_key(directory / str(port) / "signing.key")
    write_certificates(directory, ports)
    secret = directory / "registration_shared_secret"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(24) + "\n", encoding="ascii")
    for position, port in enumerate(ports):
        values = configuration(directory, port, options.client_ports + position, options.bind)
        values |= rate_limits(options.no_rate_limit)
        # JSON is YAML.
        path = directory / str(port) / "homeserver.yaml"
        path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def write_certificates(directory: Path, ports: range) -> None:
    """One authority for all servers, and a certificate for each; all anew if any is missing."""
    paths = [(directory / str(port) / "tls.crt", directory / str(port) / "tls.key") for port in ports]
    ca_path = directory / "ca.crt"
    if ca_path.exists() and all(path.exists() for pair in paths for path in pair):
        return
    for path in (ca_path, *(path for pair in paths for path in pair)):
        path.unlink(missing_ok=True)
    authority = write_authority("Hearth demonstration", ca_path)
    for certificate_path, key_path in paths:
        write_issued(authority, ["localhost", "127.0.0.1", "::1"], certificate_path, key_path)


def configuration(directory: Path, port: int, client_port: int, bind: str) -> dict[str, Any]:
    """One server's settings."""
    own = directory / str(port)
    resources = [{"names": ["client", "federation"]}]
    return {
        "server_name": f"localhost:{port}",
        "public_baseurl": f"http://localhost:{client_port}/",
        "pid_file": str(own / "homeserver.pid"),
        "listeners": [
            {"port": client_port, "bind_addresses": [bind], "resources": resources},
            {"port": port, "bind_addresses": [bind], "tls": True, "resources": resources},
        ],
        "tls_certificate_path": str(own / "tls.crt"),
        "tls_private_key_path": str(own / "tls.key"),
        "signing_key_path": str(own / "signing.key"),
        "database": {"name": "sqlite3", "args": {"database": str(own / "homeserver.db")}},
        "media_store_path": str(own / "media"),
        "federation_custom_ca_list": [str(directory / "ca.crt")],
        "ip_range_whitelist": _LOOPBACK,
        "trusted_key_servers": [],
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "login_via_existing_session": {"enabled": True},
        "registration_shared_secret_path": str(directory / "registration_shared_secret"),
        "allow_public_rooms_over_federation": True,
        "report_stats": False,
    }


def rate_limits(is_off: bool) -> dict[str, Any]:
    """The limits of the demonstration, or ones that nobody reaches."""
    limits: dict[str, Any] = {}
    for name in DEFAULTS:
        group, _, part = name.partition(".")
        chosen = _DEMO_GROUP_LIMIT if part else _DEMO_LIMITS.get(name)
        if is_off:
            chosen = _NO_LIMIT
        if chosen is not None:
            values = {"per_second": chosen[0], "burst_count": chosen[1]}
            limits |= {group: {**limits.get(group, {}), part: values} if part else values}
    if is_off:
        limits["rc_federation"] = {"sleep_limit": 1_000_000, "reject_limit": 1_000_000, "concurrent": 1000}
    return limits


if __name__ == "__main__":
    main()
