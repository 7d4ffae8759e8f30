"""Writes a first configuration: a short YAML file, a signing key, a self-signed certificate and a log configuration."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homeserver.config import ConfigError
from homeserver.config.new_files import write_new
from homeserver.config.signing_keys import create_signing_key
from homeserver.protocol.ids import is_valid_server_name

_CONFIG = """\
# Configuration of the Matrix homeserver {name}.
# Every key is described in docs/operations.md. After a change: hearthctl restart -c THIS_FILE

# The name behind the colon of user IDs and room aliases. It can never be changed.
server_name: {server_name}

# Where clients reach this server. Unless it is told otherwise, other servers look for {host} at port 8448.
public_baseurl: {public_baseurl}

pid_file: {pid_file}
log_config: {log_config}

listeners:
  # For clients and the web client, on this machine: put a reverse proxy with a real certificate in front of it.
  - port: 8008
    bind_addresses: ["127.0.0.1"]
    x_forwarded: true
    resources:
      - names: [client, federation]
  # For other servers.
  - port: 8448
    bind_addresses: ["0.0.0.0"]
    tls: true
    resources:
      - names: [client, federation]

# The certificate of listeners with tls: true. This one is self-signed, which other servers do not accept.
tls_certificate_path: {certificate_path}
tls_private_key_path: {key_path}

# Good for small servers. For PostgreSQL:
#   name: psycopg
#   args: {{dbname: hearth, user: hearth, password: SECRET, host: localhost}}
database:
  name: sqlite3
  args:
    database: {database_path}

media_store_path: {media_path}
max_upload_size: 50M

# The key that signs this server's events. Keep a copy: without it the server cannot prove that it is itself.
signing_key_path: {signing_key_path}

# Servers asked for the keys of servers that cannot be reached.
trusted_key_servers:
  - server_name: matrix.org

# Lets `register_new_matrix_user` add users while registration is closed.
registration_shared_secret: {shared_secret}

# To open registration to people with a token, or (careful) to everybody:
#   enable_registration: true
#   registration_requires_token: true
#   enable_registration_without_verification: true

report_stats: {report_stats}
"""

_LOG_CONFIG = """\
# Logging, as Python's logging.config.dictConfig takes it.
version: 1
formatters:
  line:
    format: "%(asctime)s %(levelname)s %(name)s %(request)s %(requester)s %(message)s"
handlers:
  file:
    class: logging.handlers.TimedRotatingFileHandler
    formatter: line
    filename: {log_path}
    when: midnight
    backupCount: 3
    encoding: utf-8
  console:
    class: logging.StreamHandler
    formatter: line
loggers:
  twisted: {{level: WARNING}}
root:
  level: INFO
  handlers: [file, console]
disable_existing_loggers: false
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the command line said."""

    server_name: str
    config_path: str
    report_stats: bool = False
    data_directory: str | None = None
    config_directory: str | None = None


def generate(answers: Answers) -> Iterator[str]:
    """Write what is not there yet; yields a line for each file. Raises ConfigError."""
    name = answers.server_name
    if not is_valid_server_name(name):
        raise ConfigError(
            [f"--server-name: found {name!r}; allowed is a DNS name or an IP address, with or without :port"]
        )
    config_path = Path(answers.config_path).absolute()
    directory = Path(answers.config_directory).absolute() if answers.config_directory else config_path.parent
    data = Path(answers.data_directory).absolute() if answers.data_directory else Path.cwd()
    try:
        for each in (config_path.parent, directory, data):
            each.mkdir(parents=True, exist_ok=True)
        yield from _write_all(answers, config_path, directory, data)
    except OSError as error:
        raise ConfigError([f"{error.filename}: cannot be written: {error.strerror}"]) from None


def _write_all(answers: Answers, config_path: Path, directory: Path, data: Path) -> Iterator[str]:
    name = answers.server_name
    certificate_path, key_path = directory / f"{name}.tls.crt", directory / f"{name}.tls.key"
    signing_key_path, log_config = directory / f"{name}.signing.key", directory / f"{name}.log.config"
    values = {
        "server_name": name,
        "public_baseurl": f"https://{name}/",
        "pid_file": str(data / "homeserver.pid"),
        "log_config": str(log_config),
        "certificate_path": str(certificate_path),
        "key_path": str(key_path),
        "database_path": str(data / "homeserver.db"),
        "media_path": str(data / "media"),
        "signing_key_path": str(signing_key_path),
        "shared_secret": secrets.token_urlsafe(32),
        "report_stats": answers.report_stats,
    }
    # JSON is YAML, so that no name or path can be read as anything but a text.
    quoted = {key: json.dumps(value) for key, value in values.items()}
    yield _create(config_path, _CONFIG.format(name=name, host=host_of(name), **quoted), 0o600)
    yield _told(signing_key_path, create_signing_key(signing_key_path))
    if certificate_path.exists() or key_path.exists():
        yield from (_told(path, False) for path in (certificate_path, key_path) if path.exists())
    else:
        from homeserver.commands.certificates import write_self_signed

        write_self_signed(host_of(name), certificate_path, key_path)
        yield from (_told(path, True) for path in (certificate_path, key_path))
    yield _create(log_config, _LOG_CONFIG.format(log_path=json.dumps(str(data / "homeserver.log"))), 0o644)


def host_of(server_name: str) -> str:
    """The server name without its port; an IPv6 address without brackets."""
    if server_name.startswith("["):
        return server_name[1 : server_name.index("]")]
    return server_name.partition(":")[0]


def _create(path: Path, text: str, mode: int) -> str:
    return _told(path, write_new(path, text.encode("utf-8"), mode))


def _told(path: Path, is_new: bool) -> str:
    return f"wrote {path}" if is_new else f"kept {path}, which was there"
