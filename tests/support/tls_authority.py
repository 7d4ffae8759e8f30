"""A certificate authority made for one test run."""

from __future__ import annotations

import datetime
import ssl
import tempfile
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class TlsAuthority:
    """Signs server certificates for the names a test wants; `ca_file` is what a client has to trust."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self._certificate = self._signed(self._name, self._key.public_key(), [], is_authority=True)
        self.ca_file = self._write("ca.pem", self._certificate.public_bytes(serialization.Encoding.PEM))

    def server_context(self, *names: str, is_expired: bool = False) -> ssl.SSLContext:
        """A context for a server whose certificate carries these host names and IP addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test server")])
        certificate = self._signed(subject, key.public_key(), list(names), is_expired=is_expired)
        pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._write(f"server-{certificate.serial_number}.pem", pem))
        return context

    def close(self) -> None:
        """Remove the files."""
        self._directory.cleanup()

    def _write(self, name: str, content: bytes) -> Path:
        path = Path(self._directory.name) / name
        path.write_bytes(content)
        return path

    def _signed(
        self,
        subject: x509.Name,
        public_key: ec.EllipticCurvePublicKey,
        names: list[str],
        *,
        is_authority: bool = False,
        is_expired: bool = False,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 3 * day)
            .not_valid_after(now - day if is_expired else now + day)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
            )
        return builder.sign(self._key, hashes.SHA256())


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
