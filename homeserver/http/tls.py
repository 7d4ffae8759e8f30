"""TLS for listeners: protocol versions, certificate files, and their renewal without a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLContextFactory
from twisted.internet.protocol import Factory
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer  # type: ignore[import-untyped]

log = logging.getLogger(__name__)

#: How often the files are looked at, in seconds.
_CHECK_INTERVAL_S = 30.0
#: For TLS 1.2 (those of TLS 1.3 are all good): forward secrecy and authenticated encryption.
_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20"


class UnusableCertificate(Exception):
    """The files hold no certificate with its key; says which, and why."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files: the certificate followed by its chain, and the private key."""

    certificate: Path
    private_key: Path


@implementer(IOpenSSLContextFactory)
class RenewedContext:
    """Gives each new connection the certificate that the files hold now (Twisted calls this a context factory)."""

    def __init__(self, files: CertificateFiles, reactor: Any) -> None:
        self._files = files
        self._reactor = reactor
        self._checked_at: float = reactor.seconds()
        self._stamp = self._find_stamp()
        self._context = server_context(files)

    def getContext(self) -> SSL.Context:  # noqa: N802
        """The current context; new files that cannot be read leave the old certificate in use."""
        now = self._reactor.seconds()
        if now - self._checked_at >= _CHECK_INTERVAL_S:
            self._checked_at = now
            stamp = self._find_stamp()
            if stamp is not None and stamp != self._stamp:
                try:
                    self._context = server_context(self._files)
                    self._stamp = stamp
                    log.info("The TLS certificate was renewed")
                except UnusableCertificate:
                    log.exception("The renewed TLS certificate cannot be used; the old one stays")
        return self._context

    def _find_stamp(self) -> tuple[int, int] | None:
        try:
            return self._files.certificate.stat().st_mtime_ns, self._files.private_key.stat().st_mtime_ns
        except OSError:
            return None


def server_context(files: CertificateFiles) -> SSL.Context:
    """A context for TLS 1.2 and later with the files' certificate and chain; raises UnusableCertificate."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_CIPHER_SERVER_PREFERENCE | SSL.OP_NO_RENEGOTIATION)
    context.set_cipher_list(_CIPHERS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_alpn_select_callback(_select_protocol)
    _use(context.use_certificate_chain_file, files.certificate, "tls_certificate_path", "certificate")
    _use(context.use_privatekey_file, files.private_key, "tls_private_key_path", "private key")
    context.check_privatekey()
    return context


def _use(take: Callable[[str], object], path: Path, key: str, wanted: str) -> None:
    try:
        path.read_bytes()
        take(str(path))
    except OSError as error:
        raise UnusableCertificate(f"{key}: {str(path)!r} cannot be read: {error.strerror}") from None
    except SSL.Error as error:
        if "mismatch" in str(error):
            raise UnusableCertificate(f"{key}: {str(path)!r} is not the key of the certificate") from None
        raise UnusableCertificate(f"{key}: found no {wanted} in PEM in {str(path)!r}") from None


def tls_factory(files: CertificateFiles, factory: Factory, reactor: Any) -> TLSMemoryBIOFactory:
    """The factory wrapped in TLS."""
    context: Any = RenewedContext(files, reactor)
    wrapped: Any = factory
    return TLSMemoryBIOFactory(context, False, wrapped, reactor)


def _select_protocol(_: SSL.Connection, offered: list[bytes]) -> Any:
    """HTTP/1.1 is all there is; a client that does not offer it may still speak it."""
    return b"http/1.1" if b"http/1.1" in offered else SSL.NO_OVERLAPPING_PROTOCOLS
