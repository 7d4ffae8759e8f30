"""`hearthctl`: starts, stops and looks after a server that runs in the background, and looks into its rooms."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from homeserver import __version__, config
from homeserver.commands.pid_file import find_running

#: What `status` answers when nothing runs, as init scripts do.
_NOT_RUNNING = 3


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="hearthctl", description="Controls a Hearth homeserver in the background.")
    made.add_argument("--version", action="version", version=f"Hearth {__version__}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, meaning in (
        ("start", "start the server; returns once it serves"),
        ("stop", "end the server after the requests under way"),
        ("restart", "stop, then start; nothing is stopped for a configuration that is wrong"),
        ("status", f"say whether the server runs (exit status 0 if so, else {_NOT_RUNNING})"),
        ("check-config", "say what is wrong with the configuration (exit status 2), or that nothing is"),
    ):
        command = commands.add_parser(name, help=meaning, description=meaning.capitalize() + ".")
        _add_config(command)
        if name in ("stop", "restart"):
            command.add_argument(
                "--timeout", type=float, default=60.0, metavar="S", help="seconds to wait for the end (default: 60)"
            )
    _add_room_commands(commands)
    _add_database_commands(commands)
    return made


def _add_config(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-c",
        "--config-path",
        action="append",
        metavar="FILE",
        help="configuration file or directory, may be given several times (default: homeserver.yaml, or what a package"
        " put into /etc/hearth)",
    )


def _add_room_commands(commands: Any) -> None:
    meaning = "say why a room is in the state that it is in"
    room = commands.add_parser("room", help=meaning, description=meaning.capitalize() + ".")
    actions = room.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, meaning in (
        ("explain", "how an event fared: its auth chain, the states it brought together, how they were resolved"),
        ("resets", "when the state went back with no event that says so"),
    ):
        action = actions.add_parser(name, help=meaning, description=meaning.capitalize() + ".")
        _add_config(action)
        action.add_argument("room_id", metavar="ROOM", help="the room's ID")
        if name == "explain":
            action.add_argument("event_id", metavar="EVENT", help="the event's ID")


def _add_database_commands(commands: Any) -> None:
    meaning = "move to another database"
    database = commands.add_parser("database", help=meaning, description=meaning.capitalize() + ".")
    actions = database.add_subparsers(dest="action", required=True, metavar="ACTION")
    meaning = "copy everything from SQLite into an empty database of PostgreSQL, while the server is stopped"
    action = actions.add_parser("copy", help=meaning, description=meaning.capitalize() + ". All of it, or nothing.")
    _add_config(action)
    action.add_argument(
        "--to",
        required=True,
        metavar="FILE",
        help="configuration file whose `database` is the PostgreSQL one; other keys may be missing",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status."""
    options = parser().parse_args(arguments)
    options.config_path = options.config_path or config.default_paths()
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "start": _start,
        "stop": _stop,
        "restart": _restart,
        "status": _status,
        "check-config": _check_config,
        "room": _room,
        "database": _database,
    }
    try:
        return actions[options.command](options)
    except config.ConfigError as error:
        for problem in error.problems:
            print(f"hearthctl: {problem}", file=sys.stderr)
        return 2


def _pid_path(options: argparse.Namespace) -> Path:
    path = config.load(options.config_path).server.pid_file
    if path is None:
        raise config.ConfigError(["pid_file: found nothing, but hearthctl needs it; allowed is a path"])
    return path


def _start(options: argparse.Namespace) -> int:
    running = find_running(_pid_path(options))
    if running is not None:
        print(f"already running as process {running}")
        return 0
    sources = [argument for path in options.config_path for argument in ("-c", path)]
    status = subprocess.run([sys.executable, "-m", "homeserver", "-D", *sources], check=False).returncode  # noqa: S603
    if status == 0:
        print(f"started as process {find_running(_pid_path(options))}")
    return status


def _stop(options: argparse.Namespace) -> int:
    path = _pid_path(options)
    running = find_running(path)
    if running is None:
        print("not running")
        return 0
    os.kill(running, signal.SIGTERM)
    deadline = time.monotonic() + options.timeout
    while find_running(path) == running:
        if time.monotonic() > deadline:
            print(f"hearthctl: process {running} has not ended after {options.timeout:g} s", file=sys.stderr)
            return 1
        time.sleep(0.05)
    print(f"stopped process {running}")
    return 0


def _restart(options: argparse.Namespace) -> int:
    return _stop(options) or _start(options)


def _status(options: argparse.Namespace) -> int:
    running = find_running(_pid_path(options))
    print("not running" if running is None else f"running as process {running}")
    return _NOT_RUNNING if running is None else 0


def _check_config(options: argparse.Namespace) -> int:
    loaded = config.load(options.config_path)
    for warning in loaded.warnings:
        print(f"warning: {warning}")
    print(f"the configuration of {loaded.server.server_name} is good")
    return 0


def _room(options: argparse.Namespace) -> int:
    from homeserver.commands.room import run_room_command

    return run_room_command(options, config.load(options.config_path))


def _database(options: argparse.Namespace) -> int:
    from homeserver.commands.database import run_database_command

    return run_database_command(options)


if __name__ == "__main__":
    sys.exit(main())
