"""What this server is called, and what stands at its root."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from homeserver.config.kinds import BOOLEAN, FREE, PATH, SERVER_NAME, SIZE_BYTES, TEXT, WEB_ADDRESS
from homeserver.config.section import Section

_DEFAULT_CACHE_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """The server as a whole. `public_baseurl` ends with a slash."""

    server_name: str
    public_baseurl: str
    pid_file: Path | None = None
    log_config: Path | None = None
    report_stats: bool = False
    admin_contact: str | None = None
    cache_bytes: int = _DEFAULT_CACHE_BYTES
    enable_metrics: bool = False


@dataclass(frozen=True, slots=True)
class WebClientConfig:
    """The web client at `/`, or the address that `/` redirects to (`web_client_location`). `path`: its built files."""

    is_served: bool = True
    path: Path | None = None
    location: str | None = None
    serve_well_known: bool = False
    extra_well_known: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


def server_from(top: Section) -> ServerConfig:
    """The server's names and files."""
    name = top.require("server_name", SERVER_NAME, "localhost")
    url = top.read("public_baseurl", WEB_ADDRESS, f"https://{name}/")
    factor = _cache_factor(top)
    return ServerConfig(
        server_name=name,
        public_baseurl=url if url.endswith("/") else f"{url}/",
        pid_file=top.find("pid_file", PATH),
        log_config=top.find("log_config", PATH),
        report_stats=top.read("report_stats", BOOLEAN, False),
        admin_contact=top.find("admin_contact", TEXT),
        cache_bytes=int(top.read("cache", SIZE_BYTES, _DEFAULT_CACHE_BYTES) * factor),
        enable_metrics=top.read("enable_metrics", BOOLEAN, False),
    )


def _cache_factor(top: Section) -> float:
    """HOMESERVER_CACHE_FACTOR multiplies the cache's size, to try another size without touching the file."""
    text = os.environ.get("HOMESERVER_CACHE_FACTOR", "1")
    try:
        factor = float(text)
        if 0 < factor <= 1000:
            return factor
    except ValueError:
        pass
    top.findings.note_wrong("HOMESERVER_CACHE_FACTOR (environment)", repr(text), "a number above 0, at most 1000")
    return 1.0


def web_client_from(top: Section) -> WebClientConfig:
    """What stands at the root, and in `/.well-known`."""
    extra = top.section("extra_well_known_client_content")
    content = {key: extra.read(key, FREE, None) for key in extra.names()}
    return WebClientConfig(
        is_served=top.read("serve_web_client", BOOLEAN, True),
        path=_web_client_path(top),
        location=top.find("web_client_location", WEB_ADDRESS),
        serve_well_known=top.read("serve_server_wellknown", BOOLEAN, False),
        extra_well_known=MappingProxyType(content),
    )


def _web_client_path(top: Section) -> Path | None:
    """The folder with the web client's `index.html`: the one given, else beside the server or where packages put it."""
    given = top.find("web_client_path", PATH)
    if given is not None:
        if not (given / "index.html").is_file():
            top.findings.note_wrong("web_client_path", f"{str(given)!r}", "a folder with the web client's index.html")
        return given
    top_folder = Path(__file__).resolve().parents[2]
    places = (top_folder / "webclient" / "dist", Path(sys.prefix) / "share" / "hearth" / "webclient")
    return next((each for each in places if (each / "index.html").is_file()), None)
