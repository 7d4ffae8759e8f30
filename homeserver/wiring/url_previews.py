"""Previews of web pages, where they are wanted, with a way out of their own."""

from __future__ import annotations

from dataclasses import dataclass

from homeserver import __version__
from homeserver.http.egress import Egress
from homeserver.http.egress_settings import EgressSettings, TlsSettings
from homeserver.processes import WorkerProcesses
from homeserver.slices.url_previews.endpoints import UrlPreviewEndpoints
from homeserver.slices.url_previews.fetching import Fetching
from homeserver.slices.url_previews.oembed import Providers
from homeserver.slices.url_previews.records import KeepImage
from homeserver.slices.url_previews.robots import Robots
from homeserver.slices.url_previews.service import UrlPreviews
from homeserver.slices.url_previews.url_rules import UrlRules
from homeserver.wiring.ground import Ground


@dataclass(frozen=True, slots=True)
class PreviewParts:
    """What is stopped and reaped, and the endpoints."""

    previews: UrlPreviews
    egress: Egress
    endpoints: list[object]


def wire_url_previews(ground: Ground, keep_image: KeepImage, processes: WorkerProcesses) -> PreviewParts | None:
    """Make it all; None where there are to be no previews."""
    config, outbound = ground.config.media.url_preview, ground.config.outbound
    if not config.is_enabled:
        return None
    settings = EgressSettings(
        denied_ranges=config.denied_ranges,
        allowed_ranges=config.allowed_ranges,
        tls=TlsSettings(verify=not outbound.is_insecure),
        user_agent=f"Hearth/{__version__}{outbound.user_agent_suffix} (bot; previews of links)",
        max_connections=32,
    )
    egress = Egress(settings, ground.reactor)
    rules = UrlRules(config.url_blacklist, config.url_whitelist)
    fetching = Fetching(egress, rules, config.accept_language, config.max_spider_bytes)
    robots = Robots(fetching) if config.respects_robots else None
    providers = Providers(config.oembed_files, has_default=config.has_default_providers)
    previews = UrlPreviews(ground.database, fetching, providers, robots, keep_image, processes)
    return PreviewParts(previews, egress, [UrlPreviewEndpoints(previews)])
