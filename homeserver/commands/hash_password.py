"""`hash_password`: the hash of a password as the database has it, to put one there by hand."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from homeserver import config
from homeserver.commands.asking import NoAnswer, ask_password


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="hash_password", description="Prints the bcrypt hash of a password, as the database has it."
    )
    made.add_argument("-p", "--password", metavar="WORD", help="the password (else asked for, which nobody can see)")
    made.add_argument(
        "-c",
        "--config",
        action="append",
        metavar="FILE",
        help="configuration, to read bcrypt_rounds and the pepper from",
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status."""
    options = parser().parse_args(arguments)
    try:
        settings = _settings(options.config)
        password = options.password or ask_password()
    except config.ConfigError as error:
        print("\n".join(f"hash_password: {problem}" for problem in error.problems), file=sys.stderr)
        return 2
    except NoAnswer as error:
        print(f"hash_password: {error}", file=sys.stderr)
        return 1
    from homeserver.accounts.passwords import hash_password

    print(hash_password(password, settings.pepper, settings.bcrypt_rounds))
    return 0


def _settings(paths: list[str] | None) -> config.PasswordConfig:
    return config.load(paths).accounts.passwords if paths else config.PasswordConfig()


if __name__ == "__main__":
    sys.exit(main())
