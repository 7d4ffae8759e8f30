"""A Synapse and a Hearth that trust each other's certificates."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
import unittest
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from homeserver.commands.certificates import Authority, write_authority, write_issued
from homeserver.config.signing_keys import create_signing_key
from tests.support.api_client import Client, User
from tests.support.homeserver import PASSWORD, Homeserver, free_port
from tests.support.server_process import ServerProcess, process_of

PYTHON = os.environ.get("HEARTH_TEST_SYNAPSE")
_KEEP = os.environ.get("HEARTH_TEST_KEEP")
#: Identity servers of tests have certificates of their own.
_ANY_SERVICE = {"use_insecure_ssl_client_just_for_testing_do_not_use": True}
_NO_LIMIT = {"per_second": 1_000_000, "burst_count": 1_000_000}
#: Both try again soon, where the other was down.
_RETRY = {"destination_min_retry_interval": "1s", "destination_max_retry_interval": "2s"}
_LIMITS = ("message", "registration", "joins_per_room", "third_party_invite", "key_requests", "presence")
_LIMITED = {
    "login": ("address", "account", "failed_attempts"),
    "joins": ("local", "remote"),
    "invites": ("per_room", "per_user", "per_issuer"),
}


def need_synapse() -> None:
    """Skip the module where there is no Synapse."""
    if not PYTHON:
        raise unittest.SkipTest("HEARTH_TEST_SYNAPSE names no Python with Synapse: see tests/synapse/README.md")


class Peer:
    """A server of the two: its `name`, the `url` for clients, and the `process` it is."""

    _numbers = count(1)

    def __init__(self, name: str, url: str, process: ServerProcess) -> None:
        self.name = name
        self.url = url
        self.process = process

    def new_user(self, localpart: str = "user") -> User:
        """Register a user whose name begins so, and is new."""
        body = {"username": f"{localpart}-{next(self._numbers)}", "password": PASSWORD}
        return User(self.url, Client(self.url).post("/register", {**body, "auth": {"type": "m.login.dummy"}}), PASSWORD)


@contextmanager
def synapse_and_hearth() -> Iterator[tuple[Peer, Peer]]:
    """Both, started; ended at the end, whatever they do."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hearth-synapse-")))
        if _KEEP:
            stack.callback(shutil.copytree, folder, Path(_KEEP), dirs_exist_ok=True)
        authority = write_authority("Test authority", folder / "ca.crt")
        peers = _synapse(folder / "synapse", authority), _hearth(folder / "hearth", authority)
        for peer in peers:
            stack.callback(peer.process.kill)
            peer.process.start()
        yield peers


def _hearth(folder: Path, authority: Authority) -> Peer:
    folder.mkdir()
    database = {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}}
    server = Homeserver(folder, database, authority, federation=_RETRY, **_ANY_SERVICE)
    return Peer(server.name, server.url, process_of(server))


def _synapse(folder: Path, authority: Authority) -> Peer:
    folder.mkdir()
    client_port, port = free_port(), free_port()
    create_signing_key(folder / "signing.key")
    write_issued(authority, ["localhost"], folder / "tls.crt", folder / "tls.key")
    name, url = f"localhost:{port}", f"http://127.0.0.1:{client_port}"
    path = folder / "homeserver.yaml"
    # JSON is YAML.
    path.write_text(json.dumps(_settings(folder, name, client_port, port)), encoding="utf-8")
    command = [str(PYTHON), "-m", "synapse.app.homeserver", "-c", str(path)]
    return Peer(name, url, ServerProcess(command, folder, url))


def _settings(folder: Path, name: str, client_port: int, port: int) -> dict[str, Any]:
    plain = {"type": "http", "bind_addresses": ["127.0.0.1"]}
    return {
        "server_name": name,
        "listeners": [
            {**plain, "port": client_port, "resources": [{"names": ["client", "federation"]}]},
            {**plain, "port": port, "tls": True, "resources": [{"names": ["federation"]}]},
        ],
        "tls_certificate_path": str(folder / "tls.crt"),
        "tls_private_key_path": str(folder / "tls.key"),
        "federation_custom_ca_list": [str(folder.parent / "ca.crt")],
        "signing_key_path": str(folder / "signing.key"),
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"),
        "ip_range_blacklist": [],
        "trusted_key_servers": [],
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "macaroon_secret_key": secrets.token_hex(),
        "form_secret": secrets.token_hex(),
        "bcrypt_rounds": 4,
        "report_stats": False,
        **_ANY_SERVICE,
        # It also tries each transaction several times before it counts as failed.
        "federation": {**_RETRY, "max_long_retries": 1, "max_long_retry_delay": "1s"},
        "allow_public_rooms_over_federation": True,
        "room_list_publication_rules": [{"action": "allow"}],
        "rc_federation": {"sleep_limit": 1_000_000, "reject_limit": 1_000_000, "concurrent": 1000},
        **{f"rc_{one}": _NO_LIMIT for one in _LIMITS},
        **{f"rc_{one}": dict.fromkeys(parts, _NO_LIMIT) for one, parts in _LIMITED.items()},
    }
