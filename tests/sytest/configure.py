"""Writes the configuration of one homeserver for SyTest.

    python tests/sytest/configure.py SERVER_NAME WORK_DIR CLIENT_PORT FEDERATION_PORT AS_LIST

WORK_DIR holds what the suite's plugin made (settings.json, certificates, an empty `data`), AS_LIST the files of
application services, one a line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from homeserver.config.rate_limits import DEFAULTS
from homeserver.config.signing_keys import create_signing_key

_NO_LIMIT = {"per_second": 1_000_000, "burst_count": 1_000_000}


def main() -> None:
    """Write it."""
    server_name, work_dir, client_port, federation_port, as_list = sys.argv[1:]
    work = Path(work_dir)
    settings = json.loads((work / "settings.json").read_text(encoding="utf-8"))
    data = Path(settings["data_dir"])
    create_signing_key(data / "signing.key")
    bind = [settings["bind_host"]]
    resources = [{"names": ["client", "federation", "openid"]}]
    values: dict[str, Any] = {
        "server_name": server_name,
        "public_baseurl": settings["public_baseurl"],
        "listeners": [
            {"port": int(client_port), "bind_addresses": bind, "resources": resources},
            {"port": int(federation_port), "bind_addresses": bind, "tls": True, "resources": resources},
        ],
        "tls_certificate_path": settings["tls_cert"],
        "tls_private_key_path": settings["tls_key"],
        "federation_custom_ca_list": [settings["ca_file"]],
        "signing_key_path": str(data / "signing.key"),
        "database": {"name": "sqlite3", "args": {"database": str(data / "homeserver.db")}},
        "media_store_path": str(data / "media"),
        # The suite asks for files as was usual before v1.11, without an access token.
        "enable_authenticated_media": False,
        "registration_shared_secret": settings["registration_shared_secret"],
        "app_service_config_files": Path(as_list).read_text(encoding="utf-8").splitlines(),
    }
    values |= _what_the_suite_expects() | _other_services(settings) | _rate_limits()
    # JSON is YAML.
    (work / "homeserver.yaml").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _what_the_suite_expects() -> dict[str, Any]:
    """Settings that are not the default, and that tests rely on."""
    everywhere = ["0.0.0.0/0", "::/0"]
    return {
        "default_room_version": "10",
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "allow_guest_access": True,
        "bcrypt_rounds": 4,
        "ip_range_whitelist": everywhere,
        "url_preview_enabled": True,
        "url_preview_ip_range_whitelist": everywhere,
        "use_insecure_ssl_client_just_for_testing_do_not_use": True,
        "allow_public_rooms_over_federation": True,
        "allow_public_rooms_without_auth": True,
        "room_list_publication_rules": [{"action": "allow"}],
        "require_membership_for_aliases": False,
        "enable_ephemeral_messages": True,
        "trusted_key_servers": [],
        "report_stats": False,
    }


def _other_services(settings: dict[str, Any]) -> dict[str, Any]:
    """The mail, captcha and single sign-on servers that the suite plays."""
    values: dict[str, Any] = {}
    if mail := settings.get("smtp"):
        values["email"] = {"smtp_host": mail["host"], "smtp_port": mail["port"], "notif_from": "hearth@localhost"}
    if captcha := settings.get("recaptcha"):
        values |= {f"recaptcha_{key}": value for key, value in captcha.items()}
    if cas := settings.get("cas"):
        values["cas_config"] = {"enabled": True, "server_url": cas["server_url"]}
    return values


def _rate_limits() -> dict[str, Any]:
    """Limits that nobody reaches."""
    limits: dict[str, Any] = {}
    for name in DEFAULTS:
        group, _, part = name.partition(".")
        limits[group] = {**limits.get(group, {}), part: _NO_LIMIT} if part else _NO_LIMIT
    limits["rc_federation"] = {"sleep_limit": 1_000_000, "reject_limit": 1_000_000, "concurrent": 1000}
    return limits


if __name__ == "__main__":
    main()
