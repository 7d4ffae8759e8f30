"""Writes the configuration of a server to be measured: `python -m tests.bench.configure DIR [PORT]`.

SQLite, open registration, no rate limits, bcrypt at 4 rounds, log at WARNING; keys are made. docs/performance.md says
how the measuring is done.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from homeserver.config.rate_limits import DEFAULTS
from homeserver.config.signing_keys import create_signing_key

_NO_LIMIT = {"per_second": 1_000_000, "burst_count": 1_000_000}


def configuration(folder: Path, port: int) -> dict[str, Any]:
    """The settings."""
    limits: dict[str, Any] = {}
    for name in DEFAULTS:
        group, _, part = name.partition(".")
        limits[group] = {**limits.get(group, {}), part: _NO_LIMIT} if part else _NO_LIMIT
    return {
        "server_name": "bench.localhost",
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "signing_key_path": str(folder / "signing.key"),
        "log_config": str(folder / "log.yaml"),
        "media_store_path": str(folder / "media"),
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "listeners": [{"port": port, "bind_addresses": ["127.0.0.1"], "resources": [{"names": ["client"]}]}],
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "bcrypt_rounds": 4,
        "trusted_key_servers": [],
        "report_stats": False,
        **limits,
    }


def main() -> None:
    """Write the files."""
    folder = Path(sys.argv[1]).absolute()
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 18009
    folder.mkdir(parents=True, exist_ok=True)
    create_signing_key(folder / "signing.key")
    (folder / "homeserver.yaml").write_text(json.dumps(configuration(folder, port), indent=1), encoding="utf-8")
    log = {
        "version": 1,
        "formatters": {"plain": {"format": "%(asctime)s %(name)s %(levelname)s %(message)s"}},
        "handlers": {
            "file": {"class": "logging.FileHandler", "filename": str(folder / "hearth.log"), "formatter": "plain"}
        },
        "root": {"level": "WARNING", "handlers": ["file"]},
        "disable_existing_loggers": False,
    }
    (folder / "log.yaml").write_text(json.dumps(log, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
