"""TLS of outbound connections: whom to trust, SNI, and the check that the certificate is for the expected name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from pathlib import Path
from typing import Any

from OpenSSL import SSL
from service_identity import CertificateError, VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    TLSVersion,
    platformTrust,
    trustRootFromCertificates,
)
from zope.interface import implementer  # type: ignore[import-untyped]

from homeserver.http.egress_errors import TlsFailed
from homeserver.http.egress_settings import TlsSettings
from homeserver.http.egress_url import is_ip_address

_VERSIONS = {
    "1": TLSVersion.TLSv1_0,
    "1.0": TLSVersion.TLSv1_0,
    "1.1": TLSVersion.TLSv1_1,
    "1.2": TLSVersion.TLSv1_2,
    "1.3": TLSVersion.TLSv1_3,
}
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class TlsClient:
    """Makes the TLS side of connections. One OpenSSL context (and one reading of the authorities) for all of them.

    Raises ValueError for an unknown TLS version or a CA file without certificates, OSError where it cannot be read.
    """

    def __init__(self, settings: TlsSettings) -> None:
        if settings.minimum_version not in _VERSIONS:
            raise ValueError(f"unknown TLS version {settings.minimum_version!r}")
        self._verifies = settings.verify
        self._unverified = [re.compile(translate(each.lower())) for each in settings.unverified_domains]
        version = _VERSIONS[settings.minimum_version]
        self._trusting = CertificateOptions(verify=False, insecurelyLowerMinimumTo=version).getContext()
        self._checking = self._trusting
        if settings.verify:
            trust_root = _authorities(settings.ca_files) if settings.ca_files else _system_authorities()
            self._checking = CertificateOptions(trustRoot=trust_root, insecurelyLowerMinimumTo=version).getContext()

    def peer(self, name: str) -> TlsPeer:
        """The peer a connection is for; `name` is the host name or IP address its certificate must carry."""
        is_checked = self._verifies and not any(each.match(name.lower()) for each in self._unverified)
        return TlsPeer(name, self._checking if is_checked else self._trusting, is_checked)


@implementer(IOpenSSLClientConnectionCreator)
class TlsPeer:
    """The far end of one connection that is to be made."""

    def __init__(self, name: str, context: SSL.Context, is_checked: bool) -> None:
        self._name = name
        self._context = context
        self._is_checked = is_checked

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:  # noqa: N802, N803 (Twisted's interface)
        """An OpenSSL connection that sends the name as SNI, where it is a host name."""
        connection = SSL.Connection(self._context, None)
        if not is_ip_address(self._name):
            connection.set_tlsext_host_name(self._name.encode("ascii"))
        return connection

    def check_identity(self, connection: SSL.Connection) -> None:
        """Once the handshake is done and before anything is sent; raises `TlsFailed`."""
        if not self._is_checked:
            return
        try:
            if is_ip_address(self._name):
                verify_ip_address(connection, self._name)
            else:
                verify_hostname(connection, self._name)
        except (VerificationError, CertificateError, ValueError):
            raise TlsFailed(f"the certificate is not for {self._name}") from None


def tls_failure(error: SSL.Error) -> TlsFailed:
    """What OpenSSL says about a handshake that failed, in its words."""
    reasons = [entry[-1] for entry in error.args[0]] if error.args and isinstance(error.args[0], list) else []
    return TlsFailed("TLS failed: " + (", ".join(str(reason) for reason in reasons if reason) or "no reason given"))


def _system_authorities() -> Any:
    return platformTrust()  # type: ignore[no-untyped-call]


def _authorities(paths: Sequence[Path]) -> Any:
    pems = [pem for path in paths for pem in _CERTIFICATE.findall(path.read_bytes())]
    if not pems:
        raise ValueError("the files of certificate authorities have no PEM certificates")
    return trustRootFromCertificates([Certificate.loadPEM(pem) for pem in pems])  # type: ignore[no-untyped-call]
