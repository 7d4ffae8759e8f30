"""`python -m homeserver.commands.set_up`: what packages and images do at an installation, and may do again.

It writes the answers given there to `installation.yaml`, beside the `homeserver.yaml` that the package brings, and
makes what that names: the signing key, a self-signed certificate, the registration shared secret. What exists is kept.
"""

from __future__ import annotations

import argparse
import json
import re
import secrets
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from homeserver.commands.generate import host_of
from homeserver.config import ConfigError
from homeserver.config.files import read_files
from homeserver.config.new_files import replace, write_new
from homeserver.config.signing_keys import create_signing_key
from homeserver.protocol.ids import is_valid_server_name

ANSWERS = "installation.yaml"
_HEAD = """\
# The answers given at the installation. Settings of your own belong into local.yaml beside this file: its keys win.
"""
#: What each way to register means.
_REGISTRATION = {"closed": (False, False, False), "token": (True, True, False), "open": (True, False, True)}
_REGISTRATION_KEYS = ("enable_registration", "registration_requires_token", "enable_registration_without_verification")


@dataclass(frozen=True, slots=True)
class Installation:
    """Where, and the answers. `group`: who may read the files besides their owner."""

    directory: Path
    server_name: str
    registration: str
    report_stats: bool
    group: str | None = None


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m homeserver.commands.set_up",
        description="Writes the answers of an installation, and makes the keys it needs. What exists is kept.",
    )
    made.add_argument(
        "--directory", type=Path, required=True, help="the folder of homeserver.yaml, such as /etc/hearth"
    )
    made.add_argument("-H", "--server-name", required=True, help="the name that stands behind the colon of user IDs")
    made.add_argument("--registration", choices=tuple(_REGISTRATION), default="closed", help="who may register")
    made.add_argument("--report-stats", choices=("yes", "no"), default="no", help="whether statistics may be reported")
    made.add_argument("--group", help="a group that may read the files (the one the server runs as)")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status."""
    options = parser().parse_args(arguments)
    answers = Installation(
        directory=options.directory.absolute(),
        server_name=options.server_name,
        registration=options.registration,
        report_stats=options.report_stats == "yes",
        group=options.group,
    )
    try:
        for line in set_up(answers):
            print(line)
    except ConfigError as error:
        for problem in error.problems:
            print(f"hearth: {problem}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"hearth: {error.filename}: cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def set_up(answers: Installation) -> Iterator[str]:
    """Write what is missing or was answered differently; yields a line for each file. Raises ConfigError, OSError."""
    if not is_valid_server_name(answers.server_name):
        allowed = "a DNS name or an IP address, with or without :port"
        raise ConfigError([f"{answers.server_name!r} is not a server name; allowed is {allowed}, such as example.org"])
    yield from _write_answers(answers)
    directory = answers.directory
    made = [directory / "signing.key"] if create_signing_key(directory / "signing.key") else []
    secret = directory / "registration_shared_secret"
    made += [secret] if write_new(secret, f"{secrets.token_urlsafe(32)}\n".encode("ascii"), 0o600) else []
    made += _make_certificate(directory, host_of(answers.server_name))
    yield from (f"wrote {path}" for path in made)
    # Also those of a run that was interrupted before this.
    for name in (ANSWERS, "signing.key", secret.name, "tls.key"):
        if answers.group is not None and (directory / name).stat().st_gid == 0:
            _open_to_group(directory / name, answers.group)


def _write_answers(answers: Installation) -> Iterator[str]:
    path = answers.directory / ANSWERS
    before = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    known = read_files([str(path)])[0] if path.exists() else {}
    text = before
    for key, value in _wanted(answers).items():
        if key not in known or known[key] != value:
            text = _with_key(text, key, json.dumps(value))
    if text == before and path.exists():
        return
    replace(path, text.encode("utf-8"), 0o600)
    yield f"wrote {path}"


def _wanted(answers: Installation) -> dict[str, object]:
    registration = dict(zip(_REGISTRATION_KEYS, _REGISTRATION[answers.registration], strict=True))
    return {"server_name": answers.server_name, **registration, "report_stats": answers.report_stats}


def _with_key(text: str, key: str, value: str) -> str:
    """The text with this line in place of the key's, or at its end; what else the operator wrote stays."""
    line = f"{key}: {value}"
    changed, count = re.subn(rf"(?m)^{key}\s*:.*$", lambda _: line, text, count=1)
    return changed if count else f"{text.rstrip()}\n{line}\n"


def _make_certificate(directory: Path, host: str) -> list[Path]:
    certificate, key = directory / "tls.crt", directory / "tls.key"
    if certificate.exists():
        return []
    made = [certificate] if key.exists() else [certificate, key]
    from homeserver.commands.certificates import write_self_signed

    write_self_signed(host, certificate, key)
    return made


def _open_to_group(path: Path, group: str) -> None:
    try:
        shutil.chown(path, group=group)
    except LookupError:
        raise ConfigError([f"--group: there is no group {group!r}"]) from None
    path.chmod(0o640)


if __name__ == "__main__":
    sys.exit(main())
