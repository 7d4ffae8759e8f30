"""Opens ports: plain TCP, TLS and UNIX sockets; and closes them without dropping what is under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from homeserver.http.head_checks import Limits
from homeserver.http.routing import Router
from homeserver.http.server import HttpSite
from homeserver.http.static_files import StaticFiles
from homeserver.http.tls import CertificateFiles, tls_factory

#: Connections the kernel may hold for us until they are accepted.
_BACKLOG = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerOptions:
    """One listener. With `unix_path` address and port mean nothing; port 0 is one that is free.

    `resources`: which endpoints it serves; the name `static` stands for the web client's files. `x_forwarded`: it
    stands behind a reverse proxy whose `X-Forwarded-For` and `X-Forwarded-Proto` are to be believed.
    """

    resources: Sequence[str]
    bind_address: str = "127.0.0.1"
    port: int = 0
    tls: CertificateFiles | None = None
    unix_path: Path | None = None
    unix_mode: int = 0o660
    x_forwarded: bool = False


@dataclass(frozen=True, slots=True)
class _Open:
    site: HttpSite
    port: Any


class Listeners:
    """The open listeners of this process."""

    def __init__(
        self, router: Router, reactor: Any, static: StaticFiles | None = None, limits: Limits | None = None
    ) -> None:
        self._router = router
        self._reactor = reactor
        self._static = static
        self._limits = limits
        self._open: list[_Open] = []

    def open(self, options: ListenerOptions) -> int:
        """Listen; returns the port number (0 for a UNIX socket).

        Raises twisted's `CannotListenError`, and `UnusableCertificate`.
        """
        static = self._static if "static" in options.resources else None
        site = HttpSite(
            self._router, options.resources, self._reactor, static, x_forwarded=options.x_forwarded, limits=self._limits
        )
        port: Any
        if options.unix_path is not None:
            port = self._reactor.listenUNIX(
                str(options.unix_path), site, backlog=_BACKLOG, mode=options.unix_mode, wantPID=True
            )
        else:
            factory: Any = site
            if options.tls is not None:
                site.is_secure = True
                factory = tls_factory(options.tls, site, self._reactor)
            port = self._reactor.listenTCP(options.port, factory, backlog=_BACKLOG, interface=options.bind_address)
        self._open.append(_Open(site, port))
        return 0 if options.unix_path is not None else int(port.getHost().port)

    @property
    def sites(self) -> list[HttpSite]:
        """The servers of the open listeners (for metrics)."""
        return [each.site for each in self._open]

    async def close(self, grace_s: float) -> None:
        """Stop accepting, let requests finish for at most so many seconds, and close every connection.

        Long polls are answered 503 after a second; what still runs at the end is cancelled.
        """
        closing, self._open = self._open, []
        for each in closing:
            # Not waited for: a port counts as closed only together with what it accepted.
            each.port.stopListening()
        drains = [Deferred.fromCoroutine(each.site.drain(grace_s)) for each in closing]
        await gatherResults(drains)
