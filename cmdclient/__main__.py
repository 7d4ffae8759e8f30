"""`hearth-cli`: one command, the commands of standard input, or the console."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from cmdclient.client import homeserver_url, tls_context
from cmdclient.commands import Quit, get_command, run_line
from cmdclient.credentials import DEFAULT_HOMESERVER, CredentialFile, default_path
from cmdclient.errors import CommandError
from cmdclient.rendering import ansi_text, has_colours
from cmdclient.session import Output, Session
from cmdclient.shell_completion import SHELLS, completion_script

_INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="hearth-cli",
        usage="%(prog)s [OPTION...] [COMMAND [WORD...]]",
        description="A console client of the Matrix client-server API.",
        epilog="Without COMMAND: a console, or if standard input is no terminal, the commands there, one a line. "
        "All commands: hearth-cli help. Exit status: 0; 1 for an error of the server, or none there; "
        "2 for one of usage; 130 after Ctrl-C.",
    )
    last_used = f"the one used last, at first {DEFAULT_HOMESERVER}"
    made.add_argument("--homeserver", metavar="URL", help=f"the homeserver (default: {last_used})")
    made.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help="the file of logins (default: what HEARTH_CLI_CONFIG names, or ~/.config/hearth/cli.json)",
    )
    made.add_argument("--ca-file", metavar="FILE", help="trust the certificates signed by these (PEM)")
    made.add_argument("--json", action="store_true", help="print answers as JSON, one a line")
    made.add_argument(
        "--completion", metavar="SHELL", choices=SHELLS, help="print what makes a shell complete words, and end"
    )
    made.add_argument("--keep-going", action="store_true", help="do not stop at the first command that fails")
    made.add_argument("command", metavar="COMMAND", nargs=argparse.REMAINDER, help="a command and its words")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status."""
    options = parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What others wrote must not end the program because the terminal knows fewer characters.
            stream.reconfigure(errors="backslashreplace")
    if options.completion:
        sys.stdout.write(completion_script(options.completion))
        return 0
    try:
        session = _new_session(options)
        if options.command:
            return _run_one(session, options.command)
        if not sys.stdin.isatty():
            return _run_lines(session, sys.stdin, options.keep_going)
        from cmdclient.console.console import Console

        return Console(session).run()
    except Quit:
        return 0
    except CommandError as error:
        return _told(error)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone; the interpreter must not complain when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _new_session(options: argparse.Namespace) -> Session:
    credentials = CredentialFile(options.config or default_path(os.environ))
    homeserver = homeserver_url(options.homeserver or credentials.homeserver)
    output = Output(options.json)
    if sys.stdout.isatty() and has_colours():
        output.render = ansi_text
    return Session(credentials, tls_context(options.ca_file), homeserver, output)


def _run_one(session: Session, words: Sequence[str]) -> int:
    session.output.answer(get_command(words[0]).run(session, words[1:]))
    return 0


def _run_lines(session: Session, lines: Iterable[str], is_persistent: bool) -> int:
    status = 0
    for line in lines:
        try:
            answer = run_line(session, line)
        except CommandError as error:
            status = max(status, _told(error))
            if not is_persistent:
                break
            continue
        except Quit:
            break
        session.output.answer(answer)
    return status


def _told(error: CommandError) -> int:
    sys.stderr.write(f"hearth-cli: {error}\n")
    return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
