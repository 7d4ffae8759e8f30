"""Makes TLS certificates: self-signed ones for a first start, and a small authority for tests and demonstrations."""

from __future__ import annotations

import datetime
import errno
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from homeserver.config import ConfigError
from homeserver.config.new_files import write_new

_LIFETIME_DAYS = 3650
#: Clients refuse longer-lived certificates of servers.
_SERVER_LIFETIME_DAYS = 820


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate that signs others."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def write_self_signed(host: str, certificate_path: Path, key_path: Path) -> None:
    """A certificate for a host name or IP address that vouches for itself, for the key in that file or a new one.

    Raises FileExistsError where there is a certificate.
    """
    # A key alone is what an interrupted run leaves.
    key = _read_key(key_path) if key_path.exists() else ec.generate_private_key(ec.SECP256R1())
    names = [host, "localhost"] if host != "localhost" else [host]
    builder = _builder(host, _LIFETIME_DAYS).public_key(key.public_key()).issuer_name(_subject(host))
    certificate = _for_servers(builder, names).sign(key, hashes.SHA256())
    if not key_path.exists():
        _write(key_path, _key_pem(key), 0o600)
    _write(certificate_path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def write_authority(name: str, certificate_path: Path) -> Authority:
    """A new authority; only its certificate is written, so that it ends with the process."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(name, _LIFETIME_DAYS)
        .public_key(key.public_key())
        .issuer_name(_subject(name))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(certificate_path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return Authority(certificate, key)


def write_issued(authority: Authority, names: Sequence[str], certificate_path: Path, key_path: Path) -> None:
    """A server's certificate for these DNS names and IP addresses, signed by the authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(names[0], _SERVER_LIFETIME_DAYS).public_key(key.public_key())
    builder = builder.issuer_name(authority.certificate.subject).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
    )
    certificate = _for_servers(builder, names).sign(authority.key, hashes.SHA256())
    _write(key_path, _key_pem(key), 0o600)
    _write(certificate_path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _subject(name: str) -> x509.Name:
    # A common name has at most 64 characters; the names that count stand in the alternative names.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _builder(name: str, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _for_servers(builder: x509.CertificateBuilder, names: Sequence[str]) -> x509.CertificateBuilder:
    return (
        builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return x509.DNSName(name)


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigError([f"{path}: is there, but is no key that a certificate can be made for; give one beside it"])
    return key


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    if not write_new(path, content, mode):
        raise FileExistsError(errno.EEXIST, "is there already", str(path))
