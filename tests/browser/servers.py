"""Homeservers as processes of their own that serve the web client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.running_servers import ROOT, RunningServer, running_servers


@contextmanager
def web_servers(count: int) -> Iterator[list[RunningServer]]:
    """So many servers that federate, with the web client built."""
    if not (ROOT / "webclient" / "dist" / "index.html").exists():
        raise RuntimeError("The web client is not built: run ./check or demo/start.sh, which do that.")
    with running_servers(count) as servers:
        yield servers
