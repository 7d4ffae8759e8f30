"""`python -m homeserver`: runs the server, or makes its first configuration."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from homeserver import __version__, config


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m homeserver",
        description="Hearth, a Matrix homeserver.",
        epilog="First time: python -m homeserver --server-name example.org -c homeserver.yaml --generate-config"
        " --report-stats=no; then: python -m homeserver -c homeserver.yaml",
    )
    made.add_argument(
        "-c",
        "--config-path",
        action="append",
        metavar="FILE",
        help="configuration file, or a directory of *.yaml files; may be given several times, a later file's keys win",
    )
    made.add_argument("-v", "--verbose", action="count", default=0, help="log debug messages; twice: of libraries too")
    made.add_argument("-D", "--daemonize", action="store_true", help="run in the background (needs pid_file)")
    made.add_argument("--version", action="version", version=f"Hearth {__version__}")
    made.add_argument(
        "--after-restore",
        action="store_true",
        help="make a database that was restored from a backup safe to go on with, then exit; the server must not run",
    )
    first = made.add_argument_group("making a first configuration (files that exist are never overwritten)")
    first.add_argument("--generate-config", action="store_true", help="write the configuration and its keys, then exit")
    first.add_argument("--generate-keys", action="store_true", help="write the signing key if it is missing, then exit")
    first.add_argument("-H", "--server-name", metavar="NAME", help="the name that stands behind the colon of user IDs")
    first.add_argument(
        "--report-stats", choices=("yes", "no"), help="whether anonymous usage statistics may be reported"
    )
    first.add_argument("--data-directory", metavar="DIR", help="where the database, media and logs go (default: here)")
    first.add_argument(
        "--config-directory", metavar="DIR", help="where keys and certificates go (default: FILE's place)"
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status."""
    made = parser()
    options = made.parse_args(arguments)
    if not options.config_path:
        made.error("say which configuration: -c homeserver.yaml (it is made by --generate-config)")
    try:
        if options.generate_config:
            return _generate(made, options)
        loaded = config.load(options.config_path)
        if options.generate_keys:
            return _generate_keys(loaded)
        if options.after_restore:
            return _after_restore(loaded)
        from homeserver.commands.serve import serve

        return serve(loaded, is_daemon=options.daemonize, verbosity=options.verbose)
    except config.ConfigError as error:
        for problem in error.problems:
            print(f"homeserver: {problem}", file=sys.stderr)
        return 2


def _generate(made: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    from homeserver.commands.generate import Answers, generate

    if not options.server_name:
        made.error("--generate-config needs --server-name")
    if options.report_stats is None:
        made.error("--generate-config needs --report-stats=yes or --report-stats=no")
    answers = Answers(
        server_name=options.server_name,
        config_path=options.config_path[0],
        report_stats=options.report_stats == "yes",
        data_directory=options.data_directory,
        config_directory=options.config_directory,
    )
    for line in generate(answers):
        print(line)
    return 0


def _after_restore(loaded: config.Config) -> int:
    from twisted.internet import reactor

    from homeserver.commands.after_restore import after_restore

    print(f"withdrew {after_restore(loaded, reactor)} one-time keys; lists of devices will be asked for anew")
    return 0


def _generate_keys(loaded: config.Config) -> int:
    from homeserver.config.signing_keys import create_signing_key

    path = loaded.keys.signing_key_path
    print(f"wrote {path}" if create_signing_key(path) else f"kept {path}, which was there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
