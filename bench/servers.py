"""The servers that are measured: their configuration for measuring, and how they are started.

All alike: open registration, no rate limits, bcrypt at 4 rounds, presence on, log at WARNING, one process on one core.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench.connection import Address
from homeserver.commands.certificates import Authority, write_issued
from homeserver.config.rate_limits import DEFAULTS
from homeserver.config.signing_keys import create_signing_key

_NO_LIMIT = {"per_second": 1_000_000, "burst_count": 1_000_000}
_SYNAPSE_LIMITS = {
    **dict.fromkeys(("rc_message", "rc_registration", "rc_registration_token_validity"), _NO_LIMIT),
    **dict.fromkeys(("rc_joins_per_room", "rc_media_create", "rc_room_creation", "rc_key_requests"), _NO_LIMIT),
    **dict.fromkeys(("rc_user_directory", "rc_admin_redaction", "rc_delayed_event_mgmt", "rc_reports"), _NO_LIMIT),
    "rc_login": {"address": _NO_LIMIT, "account": _NO_LIMIT, "failed_attempts": _NO_LIMIT},
    "rc_joins": {"local": _NO_LIMIT, "remote": _NO_LIMIT},
    "rc_invites": {"per_room": _NO_LIMIT, "per_user": _NO_LIMIT, "per_issuer": _NO_LIMIT},
    "rc_presence": {"per_user": _NO_LIMIT},
    "rc_federation": {"sleep_limit": 1_000_000, "reject_limit": 1_000_000, "concurrent": 1000},
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server has its files and listens; `postgres_port` for one that does not use SQLite."""

    folder: Path
    port: int
    postgres_port: int | None = None
    database: str = ""

    @property
    def url(self) -> str:
        """Of its client-server API."""
        return f"http://127.0.0.1:{self.port}"


def write_hearth(place: Place, changes: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
    """Configuration, with changes, and key of Hearth; returns the command that starts it."""
    place.folder.mkdir(parents=True, exist_ok=True)
    if not (place.folder / "signing.key").exists():
        create_signing_key(place.folder / "signing.key")
    _write(place, {**hearth_settings(place), **changes})
    return [sys.executable, "-m", "homeserver", "-c", str(place.folder / "homeserver.yaml")]


def hearth_settings(place: Place) -> dict[str, Any]:
    """What `write_hearth` writes."""
    limits: dict[str, Any] = {}
    for name in DEFAULTS:
        group, _, part = name.partition(".")
        limits[group] = {**limits.get(group, {}), part: _NO_LIMIT} if part else _NO_LIMIT
    return {**_common(place), **limits}


def write_synapse(place: Place, python: Path, changes: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
    """The same for the Synapse that is installed with that interpreter."""
    place.folder.mkdir(parents=True, exist_ok=True)
    own = {
        "pid_file": str(place.folder / "homeserver.pid"),
        "macaroon_secret_key": "bench",
        "form_secret": "bench",
        "suppress_key_server_warning": True,
        "media_upload_limits": [],
    }
    _write(place, {**_common(place), **own, **_SYNAPSE_LIMITS, **changes})
    command = [str(python), "-m", "synapse.app.homeserver", "-c", str(place.folder / "homeserver.yaml")]
    subprocess.run([*command, "--generate-keys"], check=True, capture_output=True, cwd=place.folder)
    return command


def federating(place: Place, port: int, authority: Authority) -> dict[str, Any]:
    """Changes with which a server federates with others of this machine whose certificates are of that authority."""
    write_issued(authority, ["localhost"], place.folder / "tls.crt", place.folder / "tls.key")
    plain = {"type": "http", "bind_addresses": ["127.0.0.1"]}
    client = {**plain, "port": place.port, "tls": False, "resources": [{"names": ["client"]}]}
    federation = {**plain, "port": port, "tls": True, "resources": [{"names": ["federation"]}]}
    return {
        "server_name": f"localhost:{port}",
        "listeners": [client, federation],
        "tls_certificate_path": str(place.folder / "tls.crt"),
        "tls_private_key_path": str(place.folder / "tls.key"),
        "federation_custom_ca_list": [str(place.folder.parent / "ca.crt")],
        "ip_range_blacklist": [],
        "ip_range_whitelist": ["127.0.0.0/8"],
    }


async def version_of(address: Address) -> str:
    """What it says at the endpoint that other servers ask; empty where that is not served."""
    connection = await address.connect()
    status, body = await connection.send(address.request("GET", "/_matrix/federation/v1/version"))
    connection.close()
    return str(json.loads(body)["server"]["version"]) if status == 200 else ""


def _common(place: Place) -> dict[str, Any]:
    resources = [{"names": ["client", "federation"], "compress": False}]
    listener = {"port": place.port, "type": "http", "tls": False, "bind_addresses": ["127.0.0.1"]}
    return {
        "server_name": "bench.localhost",
        "public_baseurl": f"{place.url}/",
        "signing_key_path": str(place.folder / "signing.key"),
        "log_config": str(place.folder / "log.yaml"),
        "media_store_path": str(place.folder / "media"),
        "database": _database(place),
        "listeners": [{**listener, "resources": resources}],
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "bcrypt_rounds": 4,
        "trusted_key_servers": [],
        "report_stats": False,
    }


def _database(place: Place) -> dict[str, Any]:
    if place.postgres_port is None:
        return {"name": "sqlite3", "args": {"database": str(place.folder / "homeserver.db")}}
    address = {"host": "127.0.0.1", "port": place.postgres_port, "user": "hearth", "dbname": place.database}
    return {"name": "psycopg2", "args": address}


def _write(place: Place, settings: dict[str, Any]) -> None:
    (place.folder / "homeserver.yaml").write_text(json.dumps(settings, indent=1), encoding="utf-8")
    file = {"class": "logging.FileHandler", "filename": str(place.folder / "server.log"), "formatter": "plain"}
    log = {
        "version": 1,
        "formatters": {"plain": {"format": "%(asctime)s %(name)s %(levelname)s %(message)s"}},
        "handlers": {"file": file},
        "root": {"level": "WARNING", "handlers": ["file"]},
        "disable_existing_loggers": False,
    }
    (place.folder / "log.yaml").write_text(json.dumps(log, indent=1), encoding="utf-8")
