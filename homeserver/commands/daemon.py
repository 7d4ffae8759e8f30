"""Leaves the terminal, and tells whoever started the daemon whether it came up."""

from __future__ import annotations

import os
import sys


class Starter:
    """The end of the pipe that the command which started the daemon reads until it knows."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def tell(self, problem: str = "") -> None:
        """Say once that the server serves, or what went wrong."""
        if self._descriptor >= 0:
            os.write(self._descriptor, problem.encode("utf-8", "replace")[:4000] or b"\0")
            os.close(self._descriptor)
            self._descriptor = -1


def detach() -> Starter:
    """Go on in the background, in a session of its own, without terminal or standard files.

    Returns in the daemon only. The process that called ends: with status 0 once the daemon told that it serves, else
    with status 1 and what it told. Call it before there are threads or a reactor.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    first = os.fork()
    if first:
        os.close(writing)
        os.waitpid(first, 0)
        _end(_wait(reading))
    os.setsid()
    if os.fork():
        # Only the grandchild goes on: it leads no session, so it can never get a terminal again.
        os._exit(0)
    os.close(reading)
    os.umask(0o027)
    _leave_standard_files()
    return Starter(writing)


def _wait(reading: int) -> str | None:
    """What the daemon told; None for nothing but that it serves."""
    told = b""
    while part := os.read(reading, 4096):
        told += part
    if told == b"\0":
        return None
    return told.decode("utf-8", "replace") or "the server ended before it was up"


def _end(problem: str | None) -> None:
    if problem is not None:
        print(f"homeserver: {problem}", file=sys.stderr, flush=True)
    os._exit(0 if problem is None else 1)


def _leave_standard_files() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    if nothing > 2:
        os.close(nothing)
