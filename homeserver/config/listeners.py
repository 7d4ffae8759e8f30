"""Where the server listens, and what for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from homeserver.config.kinds import BOOLEAN, PATH, PORT, TEXT, choice, integer, one_or_list_of
from homeserver.config.private_files import is_open_to_all
from homeserver.config.section import Section

#: Parts of the API that a listener may serve.
RESOURCES = ("client", "federation", "keys", "media", "metrics", "health", "static", "openid")
#: What a resource brings along, as in Synapse.
_IMPLIED = {"client": ("media", "static", "health"), "federation": ("media", "keys", "health")}
_PRIVATE_KEY = "tls_private_key_path"
_NAMES = one_or_list_of(choice(*RESOURCES))


@dataclass(frozen=True, slots=True)
class ListenerConfig:
    """One port (on several addresses) or one UNIX socket. `resources` holds the implied ones too."""

    port: int
    bind_addresses: tuple[str, ...]
    resources: frozenset[str]
    tls: bool = False
    x_forwarded: bool = False
    unix_path: Path | None = None
    unix_mode: int = 0o660


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """PEM files of the TLS listeners."""

    certificate_path: Path
    private_key_path: Path


def listeners_from(top: Section) -> tuple[ListenerConfig, ...]:
    """The listeners; without any, port 8008 on this machine alone serves clients and federation."""
    if not top.has("listeners"):
        return (ListenerConfig(8008, ("127.0.0.1",), with_implied({"client", "federation"})),)
    found = top.sections("listeners")
    return tuple(_listener(section) for section in found)


def _listener(section: Section) -> ListenerConfig:
    kind = section.read("type", choice("http", "metrics"), "http")
    unix_path = section.find("path", PATH)
    port = section.find("port", PORT) if unix_path is not None else section.require("port", PORT, 0)
    names: set[str] = {"metrics"} if kind == "metrics" else set()
    for resource in section.sections("resources"):
        named = resource.require("names", _NAMES, ())
        names.update(named)
        if resource.read("compress", BOOLEAN, False):
            resource.findings.note_ignored(resource.path("compress"))
        resource.finish()
    address = section.find("bind_address", TEXT)
    listener = ListenerConfig(
        port=port or 0,
        bind_addresses=section.read(
            "bind_addresses", one_or_list_of(TEXT), (address,) if address is not None else ("127.0.0.1",)
        ),
        resources=with_implied(names),
        tls=section.read("tls", BOOLEAN, False),
        x_forwarded=section.read("x_forwarded", BOOLEAN, False),
        unix_path=unix_path,
        unix_mode=section.read("mode", integer(0, 0o777), 0o660),
    )
    section.ignore("tag", "request_id_header", "additional_resources")
    section.finish()
    return listener


def with_implied(names: set[str]) -> frozenset[str]:
    """The resources together with those they bring along."""
    return frozenset(names | {implied for name in names for implied in _IMPLIED.get(name, ("health",))})


def tls_from(top: Section, listeners: tuple[ListenerConfig, ...]) -> TlsConfig | None:
    """The certificate; needed where a listener has `tls: true`."""
    is_needed = any(listener.tls for listener in listeners)
    found = []
    for key in ("tls_certificate_path", _PRIVATE_KEY):
        path = top.find(key, PATH)
        if path is None and is_needed and not top.has(key):
            top.findings.note_missing(key, "the path of a PEM file, since a listener has tls: true")
        elif path is not None and is_needed and not path.is_file():
            top.findings.note_wrong(key, f"{str(path)!r}, which is not there", "the path of a PEM file")
        elif path is not None and is_needed and key == _PRIVATE_KEY and is_open_to_all(path):
            found_it = f"{str(path)!r}, which everybody on this machine can read"
            top.findings.note_wrong(key, found_it, f"a file for its owner and group alone (chmod o= {path})")
        found.append(path)
    certificate, private_key = found
    return None if certificate is None or private_key is None else TlsConfig(certificate, private_key)
